//! The request as the tenant's scripts see it.

use http::header::{ACCEPT_LANGUAGE, USER_AGENT};
use ratchet_protocol::{Request, RequestContext, header, params::is_json};
use ratchet_scripts::objects::{Protocol, RequestFacts, asked};
use serde_json::{Map, Value};

use super::ScriptedLogin;

/// The request as scripts see it: at `/authorize` the original one, even after a redirect. Parameters of `/continue`,
/// tokens included, belong to the scripts and the page to which they redirected the browser. All other requests contain
/// secrets, which are removed.
pub(super) fn request_facts(login: &ScriptedLogin<'_>, host: &str) -> RequestFacts {
    let facts = sent(login.request, host);
    match (login.protocol, login.authorization) {
        (Protocol::RedirectCallback, _) => facts,
        (_, Some(request)) => RequestFacts {
            query: asked(request),
            body: Map::new(),
            ..facts
        },
        (_, None) => without_secrets(facts),
    }
}

fn without_secrets(facts: RequestFacts) -> RequestFacts {
    RequestFacts {
        query: RequestFacts::without_secrets(facts.query),
        body: RequestFacts::without_secrets(facts.body),
        ..facts
    }
}

/// The request as it was sent. Endpoints read only their own parameters, and strictly; scripts see all of them, a
/// repeated one as a list.
fn sent(request: &Request, host: &str) -> RequestFacts {
    let text = |name| header(request, name).map(str::to_owned);
    let context = request.extensions().get::<RequestContext>();
    let query = request.uri().query().unwrap_or_default();
    let body = if is_json(request) {
        serde_json::from_slice(request.body()).unwrap_or_default()
    } else {
        form(request.body())
    };
    RequestFacts {
        ip: context
            .and_then(|context| context.client_ip)
            .map(|ip| ip.to_string()),
        user_agent: text(&USER_AGENT),
        language: text(&ACCEPT_LANGUAGE),
        hostname: host.to_owned(),
        method: request.method().to_string(),
        query: form(query.as_bytes()),
        body,
    }
}

fn form(bytes: &[u8]) -> Map<String, Value> {
    let mut parameters = Map::new();
    for (name, value) in form_urlencoded::parse(bytes) {
        let value = Value::from(value);
        match parameters.get_mut(name.as_ref()) {
            None => {
                parameters.insert(name.into_owned(), value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(before) => *before = Value::Array(vec![before.take(), value]),
        }
    }
    parameters
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::header::CONTENT_TYPE;
    use serde_json::json;

    use super::*;

    #[test]
    fn scripts_see_the_request_without_its_secrets() {
        let request = http::Request::post("https://acme.example/oauth/token?a=1&a=2&a=3&b=%20x")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(USER_AGENT, "phone")
            .body(Bytes::from_static(b"scope=openid&refresh_token=rt1_x"))
            .unwrap();
        let facts = without_secrets(sent(&request, "acme.example"));
        assert_eq!(
            Value::from(facts.query),
            json!({"a": ["1", "2", "3"], "b": " x"})
        );
        assert_eq!(Value::from(facts.body), json!({"scope": "openid"}));
        assert_eq!(facts.user_agent.as_deref(), Some("phone"));
        assert_eq!(facts.method, "POST");
    }

    #[test]
    fn a_json_body_is_parsed_for_every_spelling_of_its_content_type() {
        for kind in [
            "application/json; charset=utf-8",
            "Application/JSON",
            " application/json ",
        ] {
            let request = http::Request::post("https://acme.example/oauth/token")
                .header(CONTENT_TYPE, kind)
                .body(Bytes::from_static(
                    br#"{"scope": null, "password": "x", "n": [1]}"#,
                ))
                .unwrap();
            let body = without_secrets(sent(&request, "acme.example")).body;
            assert_eq!(Value::from(body), json!({"scope": null, "n": [1]}));
        }
    }
}
