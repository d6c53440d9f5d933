//! `GET` and `POST /authorize` (RFC 6749 section 4.1.1, OpenID Connect Core section 3.1.2).

use harness::{
    Callback, Server, Tokens,
    apps::{M2M, SPA_HYBRID, SPA_STRICT, User, WEB_POST},
    assert_error_page, html,
};

#[harness::test]
async fn success_carries_code_and_state_and_nothing_else() {
    let server = Server::shared();
    let callback = server
        .login(&SPA_STRICT)
        .with("state", "abc")
        .callback()
        .await;
    assert_eq!(callback.target(), SPA_STRICT.callback);
    let mut names = callback.names();
    names.sort();
    assert_eq!(names, ["code", "state"]);
    assert_eq!(callback.get("state").as_deref(), Some("abc"));
}

#[harness::test]
async fn without_state_the_response_has_no_state() {
    let server = Server::shared();
    let callback = server.login(&SPA_STRICT).without("state").callback().await;
    assert_eq!(callback.names(), ["code"]);
}

#[harness::test]
async fn a_request_may_come_as_a_form() {
    let server = Server::shared();
    let browser = server.browser();
    let login = server.login(&SPA_STRICT);
    let answer = browser
        .http()
        .post_form("/authorize", &login.parameters())
        .await;
    let page = browser.follow(answer).await.page_at("/u/login");
    let ada = User::ada();
    let answer = browser.log_in(&page, &ada.email, ada.password).await;
    browser.follow(answer).await.callback().code();
}

#[harness::test]
async fn a_state_of_four_kilobytes_comes_back_whole() {
    let server = Server::shared();
    let browser = server.browser();
    let state: String = (b'!'..=b'~').cycle().take(4096).map(char::from).collect();
    let login = server
        .login(&SPA_STRICT)
        .browser(&browser)
        .with("state", &state);
    assert_eq!(login.callback().await.get("state"), Some(state.clone()));
    let silent = server
        .login(&SPA_STRICT)
        .with("prompt", "none")
        .with("state", &state);
    let refusal = silent.callback().await;
    refusal.assert_error("login_required", "Login required");
    assert_eq!(refusal.get("state"), Some(state));
}

#[harness::test]
async fn a_state_comes_back_letter_by_letter() {
    let server = Server::shared();
    for state in [
        "a b+c%20&d=e#f?g",
        "ü☃\u{1f600}",
        "\"<script>'",
        "{\"a\":[1]}",
        "%",
    ] {
        let callback = server
            .login(&SPA_STRICT)
            .with("state", state)
            .callback()
            .await;
        assert_eq!(callback.get("state").as_deref(), Some(state));
    }
}

#[harness::test]
async fn form_post_hands_over_by_a_form_that_sends_itself() {
    let server = Server::shared();
    let login = server.login(&SPA_STRICT).with("response_mode", "form_post");
    let state = login.parameter("state").to_owned();
    let page = login.land().await.page();
    assert_eq!(page.status, 200, "{page}");
    harness::assertions::assert_page(&page);

    let text = page.text();
    let form = html::tag(&text, "form");
    assert_eq!(
        (form["method"].as_str(), form["action"].as_str()),
        ("post", SPA_STRICT.callback)
    );
    let fields = html::hidden_fields(&text);
    let value = |name: &str| {
        fields
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, v)| v.as_str())
    };
    assert_eq!(value("state"), Some(state.as_str()));
    assert!(value("code").is_some_and(|code| !code.is_empty()), "{page}");
    assert_eq!(fields.len(), 2, "{page}");
}

#[harness::test]
async fn form_post_hands_errors_over_too() {
    let server = Server::shared();
    let login = server.login(&SPA_STRICT).with("prompt", "none");
    let page = login
        .with("response_mode", "form_post")
        .with("state", "\"><script>alert(1)</script>")
        .open()
        .await
        .page();
    let text = page.text();
    assert!(!text.contains("<script>alert"), "{page}");
    assert_eq!(html::input(&text, "error")["value"], "login_required");
    assert_eq!(
        html::input(&text, "state")["value"],
        "\"><script>alert(1)</script>"
    );
}

#[harness::test]
async fn login_hint_fills_in_the_name_and_is_never_markup() {
    let server = Server::shared();
    for hint in ["ada@example.com", "\"><script>alert(1)</script>"] {
        let page = server
            .login(&SPA_STRICT)
            .with("login_hint", hint)
            .open()
            .await;
        let text = page.page_at("/u/login").text();
        assert_eq!(html::input(&text, "username")["value"], hint);
        assert!(!text.contains("<script>alert"), "{text}");
    }
}

#[harness::test]
async fn an_unknown_client_is_reported_on_a_page() {
    let server = Server::shared();
    let answer = server
        .login(&SPA_STRICT)
        .with("client_id", "no-such-client")
        .ask()
        .await;
    assert_error_page(&answer, "Unknown client");
    assert_eq!(answer.status, 403, "{answer}");
    assert_error_page(
        &server.login(&SPA_STRICT).without("client_id").ask().await,
        "",
    );

    let markup = "<script>alert(1)</script>";
    let answer = server
        .login(&SPA_STRICT)
        .with("client_id", markup)
        .ask()
        .await;
    assert_error_page(&answer, "");
    assert!(!answer.text().contains(markup), "{answer}");
}

/// Requests authorization in a browser with a session.
async fn ask_with_session(changes: &[(&str, &str)]) -> Callback {
    let server = Server::shared();
    let browser = server.browser();
    server.login(&SPA_STRICT).browser(&browser).callback().await;
    let login = server
        .login(&SPA_STRICT)
        .browser(&browser)
        .with("state", "kept");
    let login = changes
        .iter()
        .fold(login, |login, (name, value)| login.with(name, value));
    let callback = login.open().await.callback();
    assert_eq!(callback.target(), SPA_STRICT.callback);
    assert_eq!(
        callback.get("state").as_deref(),
        Some("kept"),
        "{}",
        callback.url
    );
    callback
}

#[harness::test]
async fn an_unknown_audience_is_reported_to_the_application() {
    let callback = ask_with_session(&[("audience", "https://unknown.example.com")]).await;
    callback.assert_error("access_denied", "Service not found");
}

#[harness::test]
async fn an_unknown_response_type_is_reported_to_the_application() {
    let callback = ask_with_session(&[("response_type", "telepathy")]).await;
    assert_eq!(
        callback.get("error").as_deref(),
        Some("unsupported_response_type")
    );
}

#[harness::test]
async fn a_missing_response_type_is_reported_to_the_application() {
    let callback = ask_with_session(&[("response_type", "")]).await;
    assert_eq!(callback.get("error").as_deref(), Some("invalid_request"));
}

#[harness::test]
async fn invalid_code_challenges_are_reported_to_the_application() {
    for changes in [
        [("code_challenge_method", "S512")].as_slice(),
        &[("code_challenge", "too-short")],
        &[(
            "code_challenge",
            "white space and ümlauts are not allowed in a challenge",
        )],
    ] {
        let callback = ask_with_session(changes).await;
        assert_eq!(
            callback.get("error").as_deref(),
            Some("invalid_request"),
            "{}",
            callback.url
        );
        assert_eq!(callback.get("code"), None);
    }
}

#[harness::test]
async fn a_client_without_the_code_grant_is_refused() {
    let server = Server::shared();
    let login = server.login(&M2M);
    match login.land().await {
        harness::Landing::Page(page) => assert_error_page(&page, ""),
        harness::Landing::Callback(callback) => panic!("{}", callback.url),
    }
}

#[harness::test]
async fn telemetry_and_unknown_parameters_are_ignored() {
    let callback = ask_with_session(&[
        ("auth0Client", "eyJuYW1lIjoiYXV0aDAuanMifQ"),
        ("ui_locales", "de"),
        ("device", "phone"),
        ("anything", "else"),
    ])
    .await;
    callback.code();
}

#[harness::test]
async fn a_code_belongs_to_the_challenge_of_its_own_request() {
    let server = Server::shared();
    let browser = server.browser();
    let first = server.login(&SPA_STRICT).browser(&browser).code().await;
    let mut second = server.login(&SPA_STRICT).browser(&browser).code().await;
    second.verifier.clone_from(&first.verifier);
    let answer = server.exchange(&second).await;
    harness::assert_oauth_error(
        &answer,
        403,
        "invalid_grant",
        "Failed to verify code verifier",
    );
    Tokens::expect(server.exchange(&first).await);
}

#[harness::test]
async fn without_a_redirect_uri_it_is_the_first_callback() {
    let server = Server::shared();
    let login = server.login(&SPA_STRICT).without("redirect_uri");
    let callback = login.callback().await;
    assert_eq!(callback.target(), SPA_STRICT.callback);
    callback.code();
}

#[harness::test]
async fn request_objects_and_registrations_are_refused_by_name() {
    for name in ["request", "request_uri", "registration"] {
        let callback = ask_with_session(&[(name, "x")]).await;
        callback.assert_error(
            &format!("{name}_not_supported"),
            &format!("Parameter {name} is not supported"),
        );
    }
}

#[harness::test]
async fn hints_and_legacy_parameters_are_passed_over() {
    let callback = ask_with_session(&[
        ("screen_hint", "signup"),
        ("display", "page"),
        ("claims_locales", "de"),
        ("acr_values", "x"),
        ("claims", "{}"),
        ("organization", "org_1"),
        ("invitation", "x"),
        ("connection_scope", "x"),
        ("protocol", "oauth2"),
        ("owp", "true"),
        ("_csrf", "x"),
        ("_intstate", "deprecated"),
        ("access_type", "offline"),
    ])
    .await;
    callback.code();
}

#[harness::test]
async fn a_public_client_without_a_challenge_is_refused_at_once() {
    let server = Server::shared();
    for (app, kind) in [(SPA_STRICT, "code"), (SPA_HYBRID, "code id_token")] {
        let login = server
            .login(&app)
            .without_pkce()
            .with("response_type", kind);
        let callback = login.open().await.callback();
        let words = "Missing required parameter: code_challenge";
        callback.assert_error("invalid_request", words);
    }
    // Tokens from `/authorize` need no exchange, and a secret proves as well as PKCE that the code is the client's.
    let implicit = server.login(&SPA_HYBRID).without_pkce();
    let implicit = implicit.with("response_type", "token id_token");
    implicit.open().await.page_at("/u/login");
    let confidential = server.login(&WEB_POST).without_pkce();
    confidential.open().await.page_at("/u/login");
}

/// The browser follows with a `GET` and does not send the form again (RFC 9700 section 4.12).
#[harness::test]
async fn the_request_as_a_form_is_redirected_with_303() {
    let server = Server::shared();
    let login = server.login(&SPA_STRICT);
    let parameters = login.parameters();
    let answer = server.http().post_form("/authorize", &parameters).await;
    assert_eq!(answer.status, 303, "{answer}");
    let mut refused = parameters.clone();
    refused.push(("prompt", "none"));
    let answer = server.http().post_form("/authorize", &refused).await;
    assert_eq!(answer.status, 303, "{answer}");
    let answer = login.ask().await;
    assert_eq!(answer.status, 302, "{answer}");
}
