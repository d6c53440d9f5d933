//! The server sends authorization answers to registered callbacks alone.

use harness::{
    Server,
    apps::{App, NATIVE, SPA_STRICT, SPA_WILDCARD, WEB_POST},
    assert_error_page,
};

/// True if a login to this callback begins; otherwise an error page must reject it.
async fn is_accepted(app: &App, redirect_uri: &str) -> bool {
    let server = Server::shared();
    let answer = server
        .login(app)
        .with("redirect_uri", redirect_uri)
        .ask()
        .await;
    if answer.status == 302 {
        let location = answer.location().expect("a redirect has a location");
        assert_eq!(location.path(), "/u/login", "{answer}");
        return true;
    }
    let message = "Callback URL mismatch. The provided redirect_uri is not in the list of allowed callback URLs";
    assert_error_page(&answer, message);
    assert_eq!(answer.status, 403, "{answer}");
    false
}

async fn assert_accepted(app: &App, redirect_uri: &str) {
    assert!(
        is_accepted(app, redirect_uri).await,
        "`{}` is refused {redirect_uri}",
        app.id
    );
}

async fn assert_mismatch(app: &App, redirect_uri: &str) {
    assert!(
        !is_accepted(app, redirect_uri).await,
        "`{}` is granted {redirect_uri}",
        app.id
    );
}

#[harness::test]
async fn registered_callbacks_match_to_the_letter() {
    assert_accepted(&SPA_STRICT, "https://app.example.com/callback").await;
    assert_accepted(&SPA_STRICT, "https://app.example.com/callback?tenant=acme").await;
    assert_accepted(&SPA_STRICT, "HTTPS://APP.example.COM/callback").await;
    for other in [
        "https://app.example.com/Callback",
        "https://app.example.com/callback/",
        "https://app.example.com/callback/more",
        "https://app.example.com/callback?tenant=other",
        "https://app.example.com/callback?tenant=acme&x=1",
        "https://app.example.com/%63allback",
        "https://app.example.com/x/../callback",
        "https://app.example.com:8443/callback",
        "http://app.example.com/callback",
        "https://evil.example.com/callback",
        "https://app.example.com.evil.example/callback",
        "https://app.example.com@evil.example/callback",
        "https://user@app.example.com/callback",
        "https://app.example.com/callback#fragment",
        "//app.example.com/callback",
        "/callback",
        "callback",
        "javascript:alert(1)",
        "data:text/html,hello",
        " https://app.example.com/callback",
        "https://app.example.com/callback ",
        "https://app.example.com\\@evil.example/callback",
        "https://app.example.com/callback\r\nX-Injected: 1",
    ] {
        assert_mismatch(&SPA_STRICT, other).await;
    }
}

#[harness::test]
async fn the_mismatch_is_named_and_never_markup() {
    let server = Server::shared();
    let uri = "https://evil.example/<script>alert(1)</script>";
    let answer = server
        .login(&SPA_STRICT)
        .with("redirect_uri", uri)
        .ask()
        .await;
    assert_error_page(&answer, "Callback URL mismatch");
    assert!(!answer.text().contains("<script>alert"), "{answer}");
}

#[harness::test]
async fn a_callback_keeps_its_own_query() {
    let server = Server::shared();
    let login = server.login(&SPA_STRICT).with("state", "s");
    let uri = "https://app.example.com/callback?tenant=acme";
    let callback = login.with("redirect_uri", uri).callback().await;
    assert_eq!(
        callback.get("tenant").as_deref(),
        Some("acme"),
        "{}",
        callback.url
    );
    assert_eq!(
        callback.get("state").as_deref(),
        Some("s"),
        "{}",
        callback.url
    );
    callback.code();
}

#[harness::test]
async fn a_wildcard_stands_for_one_leftmost_label() {
    assert_accepted(&SPA_WILDCARD, "https://acme.tenants.example.com/callback").await;
    assert_accepted(&SPA_WILDCARD, "https://b-1.tenants.example.com/callback").await;
    for other in [
        "https://tenants.example.com/callback",
        "https://.tenants.example.com/callback",
        "https://a.b.tenants.example.com/callback",
        "https://eviltenants.example.com/callback",
        "https://evil.example/.tenants.example.com/callback",
        "https://evil.example?.tenants.example.com/callback",
        "https://evil.example#.tenants.example.com/callback",
        "https://evil.example%2F.tenants.example.com/callback",
        "https://acme.tenants.example.com.evil.example/callback",
        "https://evil%2Ea.tenants.example.com/callback",
        "https://evil%2ea.tenants.example.com/callback",
        "https://evil\u{ff0e}a.tenants.example.com/callback",
        "https://evil\u{3002}a.tenants.example.com/callback",
        "https://evil%E3%80%82a.tenants.example.com/callback",
        "https://acme.tenants.example.com/other",
        "http://acme.tenants.example.com/callback",
    ] {
        assert_mismatch(&SPA_WILDCARD, other).await;
    }
}

#[harness::test]
async fn native_applications_may_use_any_loopback_port() {
    for uri in [
        "http://127.0.0.1/callback",
        "http://127.0.0.1:1/callback",
        "http://127.0.0.1:51004/callback",
        "http://[::1]:51004/callback",
        "com.example.app://callback",
    ] {
        assert_accepted(&NATIVE, uri).await;
    }
    for other in [
        "http://localhost:51004/callback",
        "http://127.0.0.2:51004/callback",
        "http://127.0.0.1:51004/other",
        "https://127.0.0.1:51004/callback",
        "http://127.0.0.1:51004@evil.example/callback",
        "http://127.0.0.1.evil.example:51004/callback",
        "com.example.app://callback2",
        "com.example.apps://callback",
    ] {
        assert_mismatch(&NATIVE, other).await;
    }
}

#[harness::test]
async fn other_applications_may_not() {
    for app in [SPA_WILDCARD, WEB_POST] {
        assert_accepted(&app, "http://127.0.0.1/callback").await;
        assert_mismatch(&app, "http://127.0.0.1:51004/callback").await;
    }
}

#[harness::test]
async fn a_code_for_a_loopback_port_is_exchanged_for_the_same_port() {
    let server = Server::shared();
    let uri = "http://127.0.0.1:51004/callback";
    let code = server.login(&NATIVE).with("redirect_uri", uri).code().await;
    let mut other = code.clone();
    other.redirect_uri = "http://127.0.0.1:51005/callback".to_owned();
    let answer = server.exchange(&other).await;
    harness::assert_oauth_error(&answer, 403, "invalid_grant", harness::INVALID_CODE);
    server
        .login(&NATIVE)
        .with("redirect_uri", uri)
        .tokens()
        .await
        .refresh_token();
}
