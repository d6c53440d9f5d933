//! `user` and `context` of the Rules ([Auth0's user object], [Auth0's context object]).
//!
//! [Auth0's user object]: https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure
//! [Auth0's context object]: https://auth0.com/docs/customize/rules/context-object

use ratchet_domain::{
    login_flow::ChangedProfile,
    time::Timestamp,
    user::{Profile, User},
};
use serde_json::{Map, Value, json};

use super::{Facts, Protocol};

/// Members of a user object beside the attributes at its root. A Rule that sets one changes the user only if
/// [`Profile`] has that member.
const FIXED: [&str; 25] = [
    "_id",
    "app_metadata",
    "blocked",
    "clientID",
    "created_at",
    "email",
    "email_verified",
    "family_name",
    "given_name",
    "global_client_id",
    "identities",
    "last_ip",
    "last_login",
    "last_password_reset",
    "logins_count",
    "middle_name",
    "multifactor",
    "name",
    "nickname",
    "permissions",
    "phone_number",
    "phone_verified",
    "picture",
    "persistent",
    "user_id",
];

/// Members of `context` that have an effect. Rules may change the others for later Rules.
pub const CONTEXT_WITH_EFFECT: [&str; 4] = ["accessToken", "idToken", "multifactor", "redirect"];

/// True if a member of `user` has an effect, because tokens may contain it.
pub fn user_has_effect(member: &str) -> bool {
    is_attribute(member) || PROFILE.contains(&member)
}

/// Members of `user` that [`Profile`] has.
const PROFILE: [&str; 11] = [
    "email",
    "email_verified",
    "family_name",
    "given_name",
    "middle_name",
    "name",
    "nickname",
    "phone_number",
    "phone_verified",
    "picture",
    "username",
];

/// `user` of the Rules, and `event.user`.
pub fn user(facts: &Facts<'_>) -> Value {
    let user = facts.user;
    let mut object: Map<String, Value> = user.attributes.clone();
    object.extend(present([
        ("user_id", json!(user.user_id)),
        ("name", json!(user.profile.name)),
        ("given_name", json!(user.profile.given_name)),
        ("middle_name", json!(user.profile.middle_name)),
        ("family_name", json!(user.profile.family_name)),
        ("nickname", json!(user.profile.nickname)),
        ("picture", json!(user.profile.picture)),
        ("username", json!(user.profile.username)),
        ("email", json!(user.profile.email)),
        ("phone_number", json!(user.profile.phone_number)),
        ("created_at", json!(user.created_at.to_rfc3339())),
        ("updated_at", json!(user.updated_at.to_rfc3339())),
        ("identities", json!(user.identities())),
        ("app_metadata", json!(user.app_metadata)),
        ("user_metadata", json!(user.user_metadata)),
        ("permissions", permissions(facts)),
        ("logins_count", json!(user.logins_count())),
        (
            "last_login",
            json!(user.stats.last_login.map(Timestamp::to_rfc3339)),
        ),
        ("last_ip", json!(user.stats.last_ip)),
    ]));
    if user.profile.email.is_some() {
        object.insert(
            "email_verified".to_owned(),
            user.profile.email_verified.into(),
        );
    }
    if user.profile.phone_number.is_some() {
        object.insert(
            "phone_verified".to_owned(),
            user.profile.phone_verified.into(),
        );
    }
    Value::Object(object)
}

/// `context` of the Rules.
pub fn context(facts: &Facts<'_>) -> Value {
    let Facts {
        client,
        session,
        user,
        ..
    } = facts;
    let connection = user.connection.as_str();
    let mut object = present([
        ("tenant", json!(facts.tenant)),
        ("clientID", json!(client.client_id)),
        ("clientName", json!(client.name)),
        ("clientMetadata", json!(client.client_metadata)),
        ("connection", json!(connection)),
        ("connectionID", json!(connection)),
        ("connectionStrategy", json!("auth0")),
        ("connectionOptions", json!({})),
        ("connectionMetadata", json!({})),
        ("protocol", json!(facts.protocol.in_rules())),
        (
            "original_protocol",
            json!(facts.original_protocol.map(Protocol::in_rules)),
        ),
        ("stats", json!({ "loginsCount": user.logins_count() })),
        ("sso", sso(facts)),
        ("authorization", json!({ "roles": user.roles })),
        ("accessToken", json!({})),
        ("idToken", json!({})),
        ("samlConfiguration", json!({})),
        (
            "sessionID",
            json!(session.map(|session| &session.session_id)),
        ),
        ("request", request(facts)),
    ]);
    if let Some(at) = facts.authenticated_at {
        let method = json!({ "name": "pwd", "timestamp": at.as_millis() });
        object.insert("authentication".to_owned(), json!({ "methods": [method] }));
    }
    Value::Object(object)
}

/// The user as the Rules left it; `None` if tokens are the same. A member of another type than before counts as
/// unchanged.
pub(crate) fn changed_profile(user: &User, left: &Value) -> Option<ChangedProfile> {
    let left = left.as_object()?;
    let text = |name: &str, was: &Option<String>| match left.get(name) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(_) => was.clone(),
    };
    let flag = |name: &str, was: bool| left.get(name).and_then(Value::as_bool).unwrap_or(was);
    let was = &user.profile;
    let profile = Profile {
        email: text("email", &was.email),
        email_verified: flag("email_verified", was.email_verified),
        username: text("username", &was.username),
        name: text("name", &was.name),
        given_name: text("given_name", &was.given_name),
        middle_name: text("middle_name", &was.middle_name),
        family_name: text("family_name", &was.family_name),
        nickname: text("nickname", &was.nickname),
        picture: text("picture", &was.picture),
        phone_number: text("phone_number", &was.phone_number),
        phone_verified: flag("phone_verified", was.phone_verified),
    };
    // An imported attribute may have the name of a member that Rules cannot change.
    let kept = user
        .attributes
        .iter()
        .filter(|(name, _)| !is_attribute(name));
    let attributes: Map<String, Value> = left
        .iter()
        .filter(|(name, value)| is_attribute(name) && !value.is_null())
        .chain(kept)
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let changed = profile != *was || attributes != user.attributes;
    changed.then_some(ChangedProfile {
        profile,
        attributes,
    })
}

fn is_attribute(name: &str) -> bool {
    !FIXED.contains(&name) && !matches!(name, "updated_at" | "user_metadata" | "username")
}

/// Permissions at the requested API, if it has any.
fn permissions(facts: &Facts<'_>) -> Value {
    match facts.audience {
        Some(api) => json!(facts.user.permissions_at(api).iter().collect::<Vec<_>>()),
        None => Value::Null,
    }
}

/// The existing session and its clients; `null` without a session.
fn sso(facts: &Facts<'_>) -> Value {
    let Some(session) = facts.session else {
        return Value::Null;
    };
    json!({
        "with_auth0": session.clients.iter().any(|client| *client != facts.client.client_id),
        "with_dbconn": true,
        "current_clients": session.clients,
    })
}

fn request(facts: &Facts<'_>) -> Value {
    let request = &facts.request;
    Value::Object(present([
        ("userAgent", json!(request.user_agent)),
        ("ip", json!(request.ip)),
        ("hostname", json!(request.hostname)),
        ("query", json!(request.query)),
        ("body", json!(request.body)),
        ("geoip", json!({})),
    ]))
}

/// An object without the `null` entries: JavaScript distinguishes `undefined` from `null`.
pub(super) fn present<const N: usize>(entries: [(&str, Value); N]) -> Map<String, Value> {
    entries
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
