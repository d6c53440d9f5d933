//! CR, LF, NUL and other control characters in every place that accepts text: they inject nothing, leak nothing and
//! stop nothing.

use harness::{
    Launch, Server,
    apps::{SPA_STRICT, WEB_POST},
    assert_refused,
    assertions::assert_sane,
    http,
};
use reqwest::Method;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const ENDPOINTS: [&str; 2] = ["/oauth/token", "/oauth/revoke"];

#[harness::test]
async fn control_characters_in_a_form_break_nothing() {
    let server = Server::shared();
    let names = [
        "grant_type",
        "client_id",
        "client_secret",
        "refresh_token",
        "code",
        "scope",
        "audience",
        "redirect_uri",
        "code_verifier",
        "token",
        "token_type_hint",
    ];
    for path in ENDPOINTS {
        for evil in ["\0", "\r\nX-Injected: 1", "a\0b", "\u{7f}\u{1b}[2J"] {
            for name in names {
                let mut form = vec![
                    ("grant_type", "refresh_token"),
                    ("client_id", WEB_POST.id),
                    ("client_secret", WEB_POST.secret()),
                    ("refresh_token", "rt1_none"),
                    ("token", "rt1_none"),
                ];
                form.retain(|(key, _)| *key != name);
                form.push((name, evil));
                let answer = server.http().post_form(path, &form).await;
                assert_sane(&answer);
                assert!(answer.header("x-injected").is_none(), "{answer}");
                if !(path == "/oauth/revoke" && answer.status == 200) {
                    assert_refused(&answer);
                }
            }
        }
    }
}

#[harness::test]
async fn control_characters_in_a_query_break_nothing() {
    let server = Server::shared();
    let names = [
        "client_id",
        "redirect_uri",
        "response_type",
        "response_mode",
        "scope",
        "audience",
        "state",
        "nonce",
        "prompt",
        "max_age",
        "login_hint",
        "code_challenge",
        "code_challenge_method",
    ];
    for evil in [
        "\0",
        "x\r\nX-Injected: 1",
        "\r\n\r\n<script>alert(1)</script>",
        "a\0b",
    ] {
        for name in names {
            let answer = server.login(&SPA_STRICT).with(name, evil).ask().await;
            assert_sane(&answer);
            assert!(answer.header("x-injected").is_none(), "{answer}");
            assert!(!answer.text().contains("<script>alert"), "{name}: {answer}");
        }
    }
}

#[harness::test]
async fn control_characters_in_headers_and_login_forms_break_nothing() {
    let server = Server::shared();
    let browser = server.browser();
    for evil in ["\0", "x\r\nX-Injected: 1", "\u{202e}"] {
        let page = server
            .login(&SPA_STRICT)
            .browser(&browser)
            .open()
            .await
            .page_at("/u/login");
        let answer = browser.log_in(&page, evil, evil).await;
        assert_eq!(answer.status, 400, "{answer}");
        assert_sane(&answer);
    }
    for (name, value) in [
        ("cookie", "auth0=\u{1}; auth0=; =; ;;; x"),
        ("authorization", "Bearer \t"),
        ("auth0-client", "%%%"),
        ("x-forwarded-for", "not an address, 1.2.3.4.5"),
    ] {
        let request = server
            .http()
            .request(Method::GET, &server.login(&SPA_STRICT).path());
        let Ok(value) = reqwest::header::HeaderValue::from_bytes(value.as_bytes()) else {
            continue;
        };
        assert_sane(&http::send(request.header(name, value)).await);
    }
}

#[harness::test]
async fn an_invalid_max_age_is_reported_to_the_application_or_ignored() {
    let server = Server::shared();
    for max_age in ["-1", "1e9", "abc", "99999999999999999999999999", " "] {
        let login = server.login(&SPA_STRICT).with("max_age", max_age);
        assert_sane(&login.ask().await);
    }
}

#[harness::test]
async fn nothing_of_this_makes_the_server_panic() {
    let server = Launch::new().start("reads the server's log");
    let bodies: [(&str, &[u8]); 7] = [
        (FORM, b"%"),
        (FORM, b"%%%&&&===&a"),
        (
            FORM,
            b"grant_type=refresh_token&client_id=spa-strict&refresh_token=rt1_%00%ff",
        ),
        (
            FORM,
            b"grant_type=authorization_code&client_id=spa-strict&code=%F0%9F%98%80",
        ),
        (JSON, b"{\"grant_type\":{\"grant_type\":[]}}"),
        (JSON, b"{\"client_id\":\"\\ud800\"}"),
        ("", b"\0\0\0"),
    ];
    for path in [
        "/oauth/token",
        "/oauth/revoke",
        "/authorize",
        "/u/login",
        "/u/consent",
        "/userinfo",
    ] {
        for (kind, body) in bodies {
            let answer = server.http().post_bytes(path, kind, body.to_vec()).await;
            assert_sane(&answer);
        }
        assert_sane(
            &server
                .http()
                .get(&format!("{path}?%ff&%00=%0d%0a&a=b=c&state=%00"))
                .await,
        );
    }
    server.login(&SPA_STRICT).tokens().await;
    let log = server.stop();
    assert!(!log.contains("panicked"), "{log}");
}
