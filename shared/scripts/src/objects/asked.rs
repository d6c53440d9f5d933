//! Parameters of a request at `/authorize`, as scripts read them in `context.request.query` and
//! `event.request.query`. The request is kept through the login pages, so scripts read the same with and without them.

use std::collections::BTreeMap;

use ratchet_domain::authorization::AuthorizationRequest;
use serde_json::{Map, Value, json};

use super::RequestFacts;
use crate::objects::user_and_context::present;

/// Parameters that [`AuthorizationRequest`] keeps unchanged in fields of its own.
const KEPT: [&str; 7] = [
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "login_hint",
    "nonce",
    "redirect_uri",
    "state",
];

/// The other parameters of a request, without secrets: [`AuthorizationRequest::sent`].
pub fn sent<'a>(
    parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> BTreeMap<String, Value> {
    let mut sent = BTreeMap::new();
    for (name, value) in parameters {
        if KEPT.contains(&name) || RequestFacts::is_secret(name) {
            continue;
        }
        match sent.get_mut(name) {
            None => {
                sent.insert(name.to_owned(), Value::from(value));
            }
            Some(Value::Array(values)) => values.push(value.into()),
            Some(before) => *before = json!([before.take(), value]),
        }
    }
    sent
}

/// All parameters of the request, merged again.
pub fn asked(request: &AuthorizationRequest) -> Map<String, Value> {
    let redirect_uri = request
        .redirect_uri_was_sent
        .then_some(&request.redirect_uri);
    let challenge = request.challenge.as_ref();
    let mut query = present([
        ("client_id", json!(request.client_id)),
        ("code_challenge", json!(challenge.map(|sent| &sent.value))),
        (
            "code_challenge_method",
            json!(challenge.map(|sent| sent.method)),
        ),
        ("login_hint", json!(request.login_hint)),
        ("nonce", json!(request.nonce)),
        ("redirect_uri", json!(redirect_uri)),
        ("state", json!(request.state)),
    ]);
    for (name, value) in &request.sent {
        query.insert(name.clone(), value.clone());
    }
    query
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_see_the_sent_parameters_without_secrets() {
        let parameters = [
            ("client_id", "app"),
            ("response_type", "code"),
            ("redirect_uri", "https://app.example/cb"),
            ("state", "s"),
            ("nonce", "n"),
            ("scope", "openid unknown"),
            ("code_challenge", "c"),
            ("code_challenge_method", "S256"),
            ("colour", "green"),
            ("login_ticket", "secret"),
            ("password", "secret"),
        ];
        let request = serde_json::from_value::<AuthorizationRequest>(json!({
            "client_id": "app",
            "redirect_uri": "https://app.example/cb",
            "redirect_uri_was_sent": true,
            "response_type": {"code": true, "token": false, "id_token": false},
            "response_mode": "query",
            "state": "s",
            "nonce": "n",
            "scope": "openid",
            "challenge": {"value": "c", "method": "S256"},
            "prompt": {"none": false, "login": false, "consent": false},
            "started_at": 1,
            "sent": sent(parameters),
        }));
        let visible = asked(&request.unwrap());
        let shown = parameters
            .iter()
            .filter(|(_, value)| *value != "secret")
            .map(|(name, value)| ((*name).to_owned(), json!(value)));
        assert_eq!(visible, shown.collect());
    }

    #[test]
    fn a_repeated_parameter_is_a_list() {
        let sent = sent([("a", "1"), ("b", "x"), ("a", "2"), ("a", "3")]);
        assert_eq!(json!(sent), json!({"a": ["1", "2", "3"], "b": "x"}));
    }
}
