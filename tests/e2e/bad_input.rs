//! Bad input gets an OAuth error at every endpoint that reads input.

use harness::{
    Answer, Server, apps::SPA_STRICT, assert_oauth_error, assert_refused, assertions::assert_sane,
    scopes,
};
use serde_json::json;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const ENDPOINTS: [&str; 2] = ["/oauth/token", "/oauth/revoke"];

/// A body that both endpoints accept; the tests add the fault.
const GOOD: &str =
    "grant_type=refresh_token&client_id=spa-strict&refresh_token=rt1_none&token=rt1_none";

async fn post(path: &str, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
    Server::shared()
        .http()
        .post_bytes(path, content_type, body.into())
        .await
}

#[track_caller]
fn assert_invalid_request(answer: &Answer) {
    assert_refused(answer);
    let error = answer.json()["error"].clone();
    assert_eq!(
        (answer.status, error.as_str()),
        (400, Some("invalid_request")),
        "{answer}"
    );
}

#[harness::test]
async fn a_parameter_given_twice_is_refused() {
    for path in ENDPOINTS {
        for twice in [
            "client_id=spa-strict",
            "client_id=other",
            "token=x&refresh_token=x",
        ] {
            assert_invalid_request(&post(path, FORM, format!("{GOOD}&{twice}")).await);
        }
        let body = r#"{"client_id":"spa-strict","token":"x","refresh_token":"x",
                       "grant_type":"refresh_token","client_id":"spa-strict"}"#;
        assert_invalid_request(&post(path, JSON, body).await);
    }
}

#[harness::test]
async fn a_body_over_64_kilobytes_is_refused() {
    let padding = "x".repeat(65 * 1024);
    for path in ENDPOINTS {
        for (kind, body) in [
            (FORM, format!("{GOOD}&padding={padding}")),
            (
                JSON,
                json!({ "client_id": "spa-strict", "padding": padding }).to_string(),
            ),
        ] {
            let answer = post(path, kind, body).await;
            assert_refused(&answer);
            assert!(matches!(answer.status, 400 | 413), "{answer}");
            assert_eq!(answer.json()["error"], "invalid_request", "{answer}");
        }
    }
    let answer = post(
        "/authorize",
        FORM,
        format!("client_id=spa-strict&state={padding}"),
    )
    .await;
    assert!(matches!(answer.status, 400 | 403 | 413), "{answer}");
    assert_sane(&answer);
}

#[harness::test]
async fn a_body_of_60_kilobytes_is_read() {
    let padding = "x".repeat(60 * 1024);
    let answer = post("/oauth/token", FORM, format!("{GOOD}&padding={padding}")).await;
    harness::assert_unknown_refresh_token(&answer);
}

#[harness::test]
async fn text_that_is_not_utf_8_is_refused() {
    for path in ENDPOINTS {
        for tail in ["&scope=%ff%fe", "&%c3=x"] {
            assert_invalid_request(&post(path, FORM, format!("{GOOD}{tail}")).await);
        }
    }
}

#[harness::test]
async fn a_form_that_is_not_utf_8_is_refused() {
    let server = Server::shared_behind_front("sends a form that is not UTF-8");
    for path in ENDPOINTS {
        for tail in [b"&scope=\xff\xfe".as_slice(), b"&\xc3=x"] {
            let body = [GOOD.as_bytes(), tail].concat();
            assert_invalid_request(&server.http().post_bytes(path, FORM, body).await);
        }
    }
}

#[harness::test]
async fn json_that_is_not_utf_8_is_refused() {
    // A gateway hands JSON to a function as text, and has already rejected or repaired these bytes.
    let reason = "sends bytes that do not get through a gateway";
    let server = Server::shared_local(reason);
    let body = b"{\"client_id\":\"spa-strict\",\"token\":\"\xff\"}".as_slice();
    for path in ENDPOINTS {
        assert_invalid_request(&server.http().post_bytes(path, JSON, body).await);
    }
}

#[harness::test]
async fn a_query_that_is_not_utf_8_is_refused_at_authorize() {
    let server = Server::shared();
    for tail in ["&state=%ff", "&scope=%c3%28", "&%ff=x"] {
        let login = server.login(&SPA_STRICT).without("state").without("scope");
        let answer = server.http().get(&format!("{}{tail}", login.path())).await;
        assert_sane(&answer);
        let location = answer.header("location").unwrap_or_default();
        assert!(
            answer.status >= 400 || location.contains("error=invalid_request"),
            "{answer}"
        );
    }
}

#[harness::test]
async fn broken_json_is_refused() {
    for path in ENDPOINTS {
        for body in [
            "",
            "{",
            "{]",
            "null",
            "[]",
            "\"text\"",
            "7",
            "{\"a\":1}x",
            "\u{feff}{}",
            "{'a':1}",
        ] {
            assert_invalid_request(&post(path, JSON, body).await);
        }
        let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
        let nested = format!("{{\"client_id\":{deep}}}");
        assert_invalid_request(&post(path, JSON, nested).await);
    }
}

#[harness::test]
async fn json_of_the_wrong_type_is_refused() {
    let good = || {
        json!({
            "grant_type": "refresh_token", "client_id": SPA_STRICT.id,
            "refresh_token": "rt1_none", "token": "rt1_none",
        })
    };
    let wrong = [json!(7), json!(true), json!(["x"]), json!({ "x": "y" })];
    for value in &wrong {
        for (path, names) in [
            (
                "/oauth/token",
                ["grant_type", "client_id", "refresh_token"].as_slice(),
            ),
            ("/oauth/revoke", &["client_id", "token"]),
        ] {
            for name in names {
                let mut body = good();
                body[name] = value.clone();
                assert_invalid_request(&post(path, JSON, body.to_string()).await);
            }
        }
    }
}

#[harness::test]
async fn a_scope_is_a_text_or_a_list() {
    let server = Server::shared();
    let ask = |token: String, scope| {
        let body = json!({
            "grant_type": "refresh_token", "client_id": SPA_STRICT.id,
            "refresh_token": token, "scope": scope,
        });
        async move { server.http().post_json("/oauth/token", &body).await }
    };
    let token = server.login(&SPA_STRICT).refresh_token().await;
    for scope in [json!(7), json!({ "a": 1 }), json!(true)] {
        let answer = ask(token.clone(), scope).await;
        let description = "Scope must be an array or a string";
        assert_oauth_error(&answer, 400, "invalid_scope", description);
    }
    let tokens = harness::Tokens::expect(ask(token, json!(["openid", "read:orders"])).await);
    assert_eq!(tokens.scope(), scopes("openid read:orders"));
}

#[harness::test]
async fn other_media_types_are_refused() {
    for path in ENDPOINTS {
        for kind in [
            "text/plain",
            "application/xml",
            "multipart/form-data; boundary=x",
            "nonsense",
        ] {
            let answer = post(path, kind, GOOD).await;
            assert_refused(&answer);
            assert_eq!(answer.json()["error"], "invalid_request", "{answer}");
        }
    }
}

#[harness::test]
async fn a_charset_beside_the_media_type_is_fine() {
    for kind in [
        "application/x-www-form-urlencoded; charset=utf-8",
        "Application/X-WWW-Form-Urlencoded",
    ] {
        harness::assert_unknown_refresh_token(&post("/oauth/token", kind, GOOD).await);
    }
    let body = json!({
        "grant_type": "refresh_token", "client_id": "spa-strict", "refresh_token": "rt1_none",
    });
    let kind = "application/json; charset=utf-8";
    harness::assert_unknown_refresh_token(&post("/oauth/token", kind, body.to_string()).await);
}
