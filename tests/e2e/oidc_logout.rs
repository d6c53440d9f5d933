//! `/oidc/logout` (`OpenID` Connect RP-Initiated Logout 1.0): hints, allowed return addresses, and rejections.
//! `oidc_logout_question.rs` has the confirmation page.

use harness::{
    Answer, Browser, Server,
    apps::{
        API, App, OTHER_KEY, RFC9068_API, SPA_STRICT, WEB_ES256, WEB_HS256, WEB_NOTIFIED, WEB_POST,
        WEB_PS256,
    },
    assertions::assert_error_page,
    jwt,
};
use serde_json::json;

const BYE: &str = "https://notified.example.com/bye";
const TENANTS: &str = "https://www.example.com/goodbye";
const NOT_ALLOWED: &str = "is not defined as a valid URL in 'Allowed Logout URLs'";

/// Logs into an application; returns the browser and the ID token.
async fn logged_in(server: &Server, app: &App) -> (Browser, String) {
    let browser = server.browser();
    let login = server.login(app).browser(&browser);
    let id_token = login.scope("openid").tokens().await.id_token();
    (browser, id_token)
}

fn sid(id_token: &str) -> String {
    let (_, claims) = jwt::peek(id_token);
    claims["sid"].as_str().expect("`sid` is a text").to_owned()
}

async fn log_out(browser: &Browser, parameters: &[(&str, &str)]) -> Answer {
    browser.http().get_query("/oidc/logout", parameters).await
}

#[track_caller]
fn assert_sent_to(answer: &Answer, target: &str) {
    let location = answer.header("location");
    assert_eq!((answer.status, location), (302, Some(target)), "{answer}");
}

#[harness::test]
async fn an_id_token_of_the_session_logs_out_at_once() {
    let server = Server::shared();
    let (browser, hint) = logged_in(server, &WEB_NOTIFIED).await;
    let parameters = [
        ("id_token_hint", hint.as_str()),
        ("client_id", WEB_NOTIFIED.id),
        ("logout_hint", &sid(&hint)),
        ("post_logout_redirect_uri", BYE),
        ("state", "a b&c"),
        ("ui_locales", "de en"),
        ("federated", ""),
        ("unknown", "ignored"),
    ];
    let answer = log_out(&browser, &parameters).await;
    assert_sent_to(&answer, &format!("{BYE}?state=a+b%26c"));
    let cookie = answer.set_cookies().concat();
    let gone = format!("{}=; ", server.cookie("auth0"));
    assert!(cookie.starts_with(&gone), "{answer}");
    assert!(cookie.contains("Max-Age=0"), "{answer}");
    assert!(!server.is_logged_in(&browser).await);
}

#[harness::test]
async fn a_form_means_the_same() {
    let server = Server::shared();
    let (browser, hint) = logged_in(server, &WEB_NOTIFIED).await;
    let form = [
        ("id_token_hint", hint.as_str()),
        ("post_logout_redirect_uri", BYE),
        ("state", "x"),
    ];
    let answer = browser.http().post_form("/oidc/logout", &form).await;
    let target = format!("{BYE}?state=x");
    let location = answer.header("location");
    assert_eq!(
        (answer.status, location),
        (303, Some(target.as_str())),
        "{answer}"
    );
    assert!(!server.is_logged_in(&browser).await);
}

#[harness::test]
async fn refresh_tokens_survive_a_logout() {
    let server = Server::shared();
    for path in ["/v2/logout", "/oidc/logout?id_token_hint="] {
        let browser = server.browser();
        let tokens = server.login(&SPA_STRICT).browser(&browser).tokens().await;
        let hint = tokens.id_token();
        let query = if path.ends_with('=') { &hint } else { "" };
        browser.http().get(&format!("{path}{query}")).await;
        assert!(!server.is_logged_in(&browser).await);
        server.rotated(&SPA_STRICT, &tokens.refresh_token()).await;
    }
}

#[harness::test]
async fn an_expired_id_token_is_still_a_hint() {
    let server = Server::start("moves the clock");
    let (browser, hint) = logged_in(&server, &WEB_NOTIFIED).await;
    server.advance(48 * 3600).await;
    let parameters = [
        ("id_token_hint", hint.as_str()),
        ("post_logout_redirect_uri", BYE),
    ];
    assert_sent_to(&log_out(&browser, &parameters).await, BYE);
    assert!(!server.is_logged_in(&browser).await);
}

#[harness::test]
async fn a_hint_may_be_signed_as_its_client_has_it() {
    let server = Server::shared();
    for app in [WEB_HS256, WEB_PS256, WEB_ES256] {
        let (browser, hint) = logged_in(server, &app).await;
        let answer = log_out(&browser, &[("id_token_hint", &hint)]).await;
        assert_eq!(answer.status, 200, "{answer}");
        assert!(!server.is_logged_in(&browser).await, "{}", app.id);
    }
}

#[harness::test]
async fn a_refreshed_id_token_without_sid_speaks_for_its_users_session() {
    let server = Server::shared();
    let browser = server.browser();
    let tokens = server.login(&SPA_STRICT).browser(&browser).tokens().await;
    let refreshed = server.refreshed(&SPA_STRICT, &tokens.refresh_token()).await;
    let hint = refreshed.id_token();
    let answer = log_out(&browser, &[("id_token_hint", &hint)]).await;
    assert_eq!(answer.status, 200, "{answer}");
    assert!(!server.is_logged_in(&browser).await);
}

#[harness::test]
async fn a_foreign_or_invalid_id_token_is_rejected_and_ends_no_session() {
    let server = Server::shared();
    let (browser, hint) = logged_in(server, &WEB_NOTIFIED).await;
    let (header, mut claims) = jwt::peek(&hint);
    let access_token = async |audience, scope| {
        let login = server.login(&SPA_STRICT).audience(audience);
        login.scope(scope).tokens().await.access_token()
    };
    let (_, hs256) = logged_in(server, &WEB_HS256).await;
    let mut bad = vec![
        "x".to_owned(),
        jwt::tampered(&hint),
        jwt::tampered(&hs256),
        jwt::unsigned(&claims),
        jwt::sign(&claims, OTHER_KEY),
        access_token(API, "openid").await,
        // Access tokens for the API alone.
        access_token(API, "read:orders").await,
        access_token(RFC9068_API, "openid").await,
    ];
    claims["iss"] = json!("https://elsewhere.example/");
    bad.push(jwt::sign(&claims, OTHER_KEY));
    assert!(header["kid"].is_string(), "{header}");
    for token in bad {
        let parameters = [
            ("id_token_hint", token.as_str()),
            ("post_logout_redirect_uri", BYE),
        ];
        let answer = log_out(&browser, &parameters).await;
        assert_error_page(&answer, "Invalid id_token_hint");
    }
    assert!(server.is_logged_in(&browser).await);
}

#[harness::test]
async fn the_logout_urls_of_the_named_client_or_of_the_tenant_apply() {
    let server = Server::shared();
    let (_, hint) = logged_in(server, &WEB_NOTIFIED).await;
    let sid = sid(&hint);
    let (app, session) = (
        ("client_id", WEB_NOTIFIED.id),
        ("logout_hint", sid.as_str()),
    );
    let token = ("id_token_hint", hint.as_str());
    for (given, good, bad) in [
        (&[token][..], BYE, TENANTS),
        (&[token, app], BYE, TENANTS),
        (&[session, app], BYE, TENANTS),
        (&[session], TENANTS, BYE),
        (&[app], BYE, TENANTS),
        (&[], TENANTS, BYE),
    ] {
        let to = |url| [given, &[("post_logout_redirect_uri", url)]].concat();
        // A browser without a session gets no confirmation page.
        let browser = server.browser();
        assert_sent_to(&log_out(&browser, &to(good)).await, good);
        assert_error_page(&log_out(&browser, &to(bad)).await, NOT_ALLOWED);
    }
}

#[harness::test]
async fn a_post_logout_redirect_uri_is_compared_whole() {
    let server = Server::shared();
    let (browser, hint) = logged_in(server, &WEB_NOTIFIED).await;
    for bad in [
        "https://notified.example.com/bye?from=elsewhere",
        "https://notified.example.com/bye?from=op&x=1",
        "https://notified.example.com/bye/",
        "https://notified.example.com/Bye",
        "https://NOTIFIED.example.com/bye",
        "https://notified.example.com/bye#fragment",
        "https://notified.example.com@evil.example/bye",
        "//notified.example.com/bye",
        "javascript:alert(1)",
    ] {
        let parameters = [
            ("id_token_hint", hint.as_str()),
            ("post_logout_redirect_uri", bad),
        ];
        assert_error_page(&log_out(&browser, &parameters).await, NOT_ALLOWED);
    }
    assert!(server.is_logged_in(&browser).await, "nothing was ended");
    let query = "https://notified.example.com/bye?from=op";
    let parameters = [
        ("id_token_hint", hint.as_str()),
        ("post_logout_redirect_uri", query),
        ("state", "x"),
    ];
    let answer = log_out(&browser, &parameters).await;
    assert_sent_to(&answer, &format!("{query}&state=x"));
}

#[harness::test]
async fn a_repeated_fact_of_a_logout_request_has_to_match() {
    let server = Server::shared();
    let (browser, hint) = logged_in(server, &WEB_NOTIFIED).await;
    let hint = ("id_token_hint", hint.as_str());
    let answer = log_out(&browser, &[hint, ("client_id", WEB_POST.id)]).await;
    assert_error_page(&answer, "client_id is not the audience of id_token_hint");
    let answer = log_out(&browser, &[hint, ("logout_hint", "another")]).await;
    assert_error_page(&answer, "logout_hint is not the session of id_token_hint");
    let answer = log_out(&browser, &[hint, hint]).await;
    assert_error_page(&answer, "Duplicated parameter: id_token_hint");
    assert!(server.is_logged_in(&browser).await);
}

#[harness::test]
async fn an_unknown_client_is_refused() {
    let server = Server::shared();
    let answer = log_out(&server.browser(), &[("client_id", "unknown")]).await;
    assert_error_page(&answer, "Unknown client");
}

#[harness::test]
async fn without_a_url_a_named_client_gets_its_first_and_all_others_a_page() {
    let server = Server::shared();
    let (browser, hint) = logged_in(server, &WEB_NOTIFIED).await;
    let empty = ("post_logout_redirect_uri", "");
    let token = ("id_token_hint", hint.as_str());
    let named = [token, ("client_id", WEB_NOTIFIED.id), empty];
    assert_sent_to(&log_out(&browser, &named).await, BYE);
    for unnamed in [&[token, empty][..], &[("state", "x")], &[]] {
        let answer = log_out(&browser, unnamed).await;
        assert_eq!(answer.status, 200, "{answer}");
        harness::assertions::assert_page(&answer);
        assert!(answer.text().contains("You are logged out"), "{answer}");
    }
}

#[harness::test]
async fn other_methods_are_refused() {
    let server = Server::shared();
    let put = server.http().request(reqwest::Method::PUT, "/oidc/logout");
    assert_eq!(harness::http::send(put).await.status, 405);
    let answer = server.http().get("/oidc/logout/confirm").await;
    assert_eq!(answer.status, 405, "{answer}");
}
