//! `event` of the post-login Actions ([Auth0's event object]).
//!
//! [Auth0's event object]: https://auth0.com/docs/customize/actions/explore-triggers/signup-and-login-triggers/login-trigger/post-login-event-object

use ratchet_domain::{family::Family, time::Timestamp};
use serde_json::{Value, json};

use super::{Facts, Protocol};
use crate::objects::user_and_context::{present, user};

/// `event`, without `secrets`, which each Action has for itself.
pub fn event(facts: &Facts<'_>) -> Value {
    let Facts { client, .. } = facts;
    let connection = facts.user.connection.as_str();
    let methods = facts
        .authenticated_at
        .map(|at| json!({ "methods": [{ "name": "pwd", "timestamp": at.to_rfc3339() }] }));
    Value::Object(present([
        ("user", user(facts)),
        (
            "client",
            json!({
                "client_id": client.client_id,
                "name": client.name,
                "metadata": client.client_metadata,
            }),
        ),
        (
            "connection",
            json!({ "id": connection, "name": connection, "strategy": "auth0", "metadata": {} }),
        ),
        ("request", request(facts)),
        ("transaction", transaction(facts)),
        ("authentication", json!(methods)),
        ("authorization", json!({ "roles": facts.user.roles })),
        ("session", session(facts)),
        (
            "refresh_token",
            facts
                .family
                .map_or(Value::Null, |family| refresh_token(facts, family)),
        ),
        (
            "resource_server",
            facts
                .audience
                .map_or(Value::Null, |api| json!({ "identifier": api })),
        ),
        (
            "stats",
            json!({ "logins_count": facts.user.logins_count() }),
        ),
        ("tenant", json!({ "id": facts.tenant })),
    ]))
}

fn request(facts: &Facts<'_>) -> Value {
    let request = &facts.request;
    Value::Object(present([
        ("ip", json!(request.ip)),
        ("hostname", json!(request.hostname)),
        ("method", json!(request.method)),
        ("query", json!(request.query)),
        ("body", json!(request.body)),
        ("geoip", json!({})),
        ("user_agent", json!(request.user_agent)),
        ("language", json!(request.language)),
    ]))
}

/// Parameters of the request at `/authorize`. A refresh does not have them any more and reports no requested scope.
fn transaction(facts: &Facts<'_>) -> Value {
    let protocol = match facts.protocol {
        Protocol::RedirectCallback => facts.original_protocol.unwrap_or(Protocol::Code),
        protocol => protocol,
    };
    let scopes: Vec<&str> = match facts.protocol {
        Protocol::RefreshToken => Vec::new(),
        _ => facts.scope.iter().collect(),
    };
    let mut transaction = present([
        ("protocol", json!(protocol.as_str())),
        ("requested_scopes", json!(scopes)),
        ("requested_authorization_details", json!([])),
        ("acr_values", json!([])),
        ("ui_locales", json!([])),
    ]);
    if let Some(asked) = facts.authorization {
        transaction.extend(present([
            ("redirect_uri", json!(asked.redirect_uri)),
            ("prompt", json!(prompts(facts))),
            ("state", json!(asked.state)),
            ("response_type", json!(response_types(facts))),
            ("response_mode", json!(asked.response_mode)),
            ("login_hint", json!(asked.login_hint)),
        ]));
    }
    Value::Object(transaction)
}

fn prompts(facts: &Facts<'_>) -> Vec<&'static str> {
    let prompt = facts
        .authorization
        .map(|asked| asked.prompt)
        .unwrap_or_default();
    [
        (prompt.none, "none"),
        (prompt.login, "login"),
        (prompt.consent, "consent"),
    ]
    .into_iter()
    .filter_map(|(asked, name)| asked.then_some(name))
    .collect()
}

fn response_types(facts: &Facts<'_>) -> Vec<&'static str> {
    let Some(asked) = facts.authorization else {
        return Vec::new();
    };
    [
        (asked.response_type.code, "code"),
        (asked.response_type.id_token, "id_token"),
        (asked.response_type.token, "token"),
    ]
    .into_iter()
    .filter_map(|(asked, name)| asked.then_some(name))
    .collect()
}

fn session(facts: &Facts<'_>) -> Value {
    let Some(session) = facts.session else {
        return Value::Null;
    };
    json!({
        "id": session.session_id,
        "user_id": session.user_id,
        "created_at": session.created_at.to_rfc3339(),
        "authenticated_at": session.authenticated_at.to_rfc3339(),
        "expires_at": session.expires_at.to_rfc3339(),
        "idle_expires_at": session.idle_expires_at.to_rfc3339(),
        "clients": session.clients,
    })
}

fn refresh_token(facts: &Facts<'_>, family: &Family) -> Value {
    let time = |at: Option<Timestamp>| at.map(Timestamp::to_rfc3339);
    let rotating = family.rotation == ratchet_domain::client::Rotation::Rotating;
    Value::Object(present([
        ("id", json!(family.id.to_string())),
        ("client_id", json!(family.client_id)),
        ("user_id", json!(family.user_id)),
        (
            "session_id",
            json!(family.session_id.as_ref().map(ToString::to_string)),
        ),
        ("created_at", json!(family.created_at.to_rfc3339())),
        ("expires_at", json!(time(family.expires_at))),
        ("idle_expires_at", json!(time(family.idle_expires_at))),
        (
            "last_exchanged_at",
            json!(time(family.rotated.map(|rotated| rotated.at))),
        ),
        ("rotating", json!(rotating)),
        ("device", device(facts)),
        (
            "resource_servers",
            json!([{ "audience": family.audience, "scopes": family.scope.to_string() }]),
        ),
        ("metadata", json!({})),
    ]))
}

/// The present sender of the token; earlier ones are not stored.
fn device(facts: &Facts<'_>) -> Value {
    Value::Object(present([
        ("last_ip", json!(facts.request.ip)),
        ("last_user_agent", json!(facts.request.user_agent)),
    ]))
}
