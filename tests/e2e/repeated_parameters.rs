//! Repeated or malformed parameters: client and callback are checked first, and parameters that no endpoint reads are
//! ignored (RFC 6749 sections 3.1, 3.2 and 4.1.2.1).

use harness::{
    Browser, Landing, Launch, Server,
    apps::{API, App, SPA_HYBRID, SPA_STRICT, WEB_POST},
    assert_error_page, tenant,
};
use reqwest::Url;

/// A request with this text appended as it is.
fn with(server: &Server, app: &App, changes: &[(&str, &str)], behind: &str) -> String {
    let login = server.login(app).with("state", "kept");
    let login = changes
        .iter()
        .fold(login, |login, (name, value)| login.with(name, value));
    format!("{}&{behind}", login.path())
}

async fn open(path: &str) -> Landing {
    Server::shared().browser().open(path).await
}

#[harness::test]
async fn a_repeated_parameter_is_refused_at_the_callback() {
    let server = Server::shared();
    for name in [
        "scope",
        "audience",
        "response_type",
        "nonce",
        "prompt",
        "max_age",
        "login_hint",
        "code_challenge",
        "code_challenge_method",
        "connection",
        "realm",
        "id_token_hint",
        "login_ticket",
    ] {
        for behind in [format!("{name}=x&{name}=x"), format!("{name}=x&{name}=y")] {
            let path = with(server, &SPA_STRICT, &[(name, "x")], &behind);
            let callback = open(&path).await.callback();
            assert_eq!(callback.target(), SPA_STRICT.callback);
            let description = format!("Duplicated parameter: {name}");
            callback.assert_error("invalid_request", &description);
            assert_eq!(callback.get("state").as_deref(), Some("kept"), "{path}");
        }
    }
    for name in ["request", "request_uri", "registration"] {
        let behind = format!("{name}=x&{name}=y");
        let path = with(server, &SPA_STRICT, &[], &behind);
        let callback = open(&path).await.callback();
        let error = format!("{name}_not_supported");
        assert_eq!(callback.get("error"), Some(error), "{path}");
    }
}

#[harness::test]
async fn a_state_that_came_twice_is_not_returned() {
    let server = Server::shared();
    let path = with(server, &SPA_STRICT, &[], "state=kept");
    let callback = open(&path).await.callback();
    callback.assert_error("invalid_request", "Duplicated parameter: state");
    assert_eq!(callback.get("state"), None, "{}", callback.url);
}

#[harness::test]
async fn the_refusal_travels_in_the_mode_that_was_asked_for() {
    let server = Server::shared();
    for prompt in ["none", "login"] {
        for mode in ["query", "fragment", "form_post", "web_message"] {
            for behind in ["scope=openid", "login_hint=a&login_hint=b"] {
                let changes = [("prompt", prompt), ("response_mode", mode)];
                let path = with(server, &SPA_HYBRID, &changes, behind);
                let landing = open(&path).await;
                if let Landing::Callback(callback) = &landing {
                    assert_eq!(callback.in_fragment(), mode == "fragment", "{path}");
                }
                let response = landing.response();
                assert_eq!(response["error"], "invalid_request", "{path}");
                assert_eq!(response["state"], "kept", "{path}");
            }
        }
    }
    // Even a repeated mode shows where a silent frame listens.
    let changes = [("prompt", "none"), ("response_mode", "web_message")];
    let path = with(server, &SPA_HYBRID, &changes, "response_mode=web_message");
    let response = open(&path).await.response();
    assert_eq!(
        response["error_description"],
        "Duplicated parameter: response_mode"
    );
}

#[harness::test]
async fn client_and_callback_have_to_be_there_once_before_anything_is_sent_anywhere() {
    let server = Server::shared();
    for (name, behind) in [
        ("client_id", "client_id=spa-strict"),
        ("client_id", "client_id=other"),
        (
            "redirect_uri",
            "redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback",
        ),
    ] {
        let page = open(&with(server, &SPA_STRICT, &[], behind)).await.page();
        assert_error_page(&page, &format!("Duplicated parameter: {name}"));
    }
    let path = server.login(&SPA_STRICT).without("redirect_uri").path();
    let page = open(&format!("{path}&redirect_uri=%ff")).await.page();
    assert_error_page(&page, "not UTF-8");
}

#[harness::test]
async fn an_unknown_parameter_may_be_repeated() {
    let server = Server::shared();
    let browser = server.browser();
    let unread = "utm_source=a&utm_source=b&ui_locales=de&ui_locales=en&x=%ff&x=%00&display=page&display=page";
    let login = server.login(&SPA_STRICT).browser(&browser);
    let path = format!("{}&{unread}", login.path());
    walk(&browser, &path).await.callback().code();
    for path in ["/v2/logout?utm=a&utm=b", "/activate?utm=a&utm=b"] {
        let answer = browser.http().get(path).await;
        assert!(answer.status < 400, "{answer}");
    }
}

async fn walk(browser: &Browser, path: &str) -> Landing {
    browser.walk(path, &harness::apps::User::ada()).await
}

#[harness::test]
async fn the_token_endpoint_ignores_the_same_and_refuses_the_same() {
    let server = Server::shared();
    let token = server.login(&WEB_POST).refresh_token().await;
    let unknown = [("utm", "a"), ("utm", "b")];
    let answer = server.refresh_with(&WEB_POST, &token, &unknown).await;
    assert_eq!(answer.status, 200, "{answer}");
    let token = server.login(&WEB_POST).refresh_token().await;
    for twice in [
        "scope",
        "audience",
        "refresh_token",
        "grant_type",
        "client_id",
    ] {
        let form = [(twice, "openid"), (twice, "openid")];
        let answer = server.refresh_with(&WEB_POST, &token, &form).await;
        let text = format!("Duplicated parameter: {twice}");
        harness::assert_oauth_error(&answer, 400, "invalid_request", &text);
    }
    server.refreshed(&WEB_POST, &token).await;
}

#[harness::test]
async fn a_malformed_value_is_refused_at_the_callback_too() {
    let server = Server::shared();
    for (name, value) in [("login_hint", "%ff"), ("nonce", "%00"), ("scope", "%c3%28")] {
        let login = server.login(&SPA_STRICT).with("state", "kept");
        let path = format!("{}&{name}={value}", login.without(name).path());
        let callback = open(&path).await.callback();
        assert_eq!(
            callback.get("error").as_deref(),
            Some("invalid_request"),
            "{path}"
        );
        assert_eq!(callback.get("state").as_deref(), Some("kept"), "{path}");
    }
    // The server cannot know whether a name that it cannot decode would matter.
    for behind in ["%ff=1", "%00=1"] {
        let path = with(server, &SPA_STRICT, &[], behind);
        let callback = open(&path).await.callback();
        let error = callback.get("error");
        assert_eq!(error.as_deref(), Some("invalid_request"), "{path}");
    }
}

#[harness::test]
async fn a_form_is_read_like_a_query() {
    let server = Server::shared();
    let http = server.http();
    let login = server.login(&SPA_STRICT);
    let mut form = login.parameters();
    form.extend([("scope", "openid"), ("utm", "a"), ("utm", "b")]);
    let answer = http.post_form("/authorize", &form).await;
    let location: Url = answer.location().expect("a redirect");
    assert!(
        location.as_str().starts_with(SPA_STRICT.callback),
        "{location}"
    );
    assert!(
        location.as_str().contains("Duplicated+parameter%3A+scope"),
        "{location}"
    );
}

#[harness::test]
async fn several_resources_are_several_and_a_token_is_for_one() {
    let server = Server::shared();
    let browser = server.browser();
    let other = "https%3A%2F%2Fother.example.com";
    let api = "https%3A%2F%2Fapi.example.com";
    let two = format!("resource={api}&resource={other}");
    // This tenant does not support `resource` and therefore does not read it.
    let login = server.login(&SPA_STRICT).browser(&browser);
    let path = format!("{}&{two}", login.path());
    walk(&browser, &path).await.callback().code();

    let line = "friendly_name: Ratchet Tests";
    let both = format!("{line}\n  resource_parameter_profile: compatibility");
    let launch = Launch::new().tenant(tenant::changed(line, &both));
    let server = launch.start("changes a tenant setting");
    let browser = server.browser();
    let path = |resources: &str| {
        let login = server.login(&SPA_STRICT).without("audience");
        format!("{}&{resources}", login.path())
    };
    let callback = browser.open(&path(&two)).await.callback();
    callback.assert_error(
        "invalid_target",
        "Only one resource can be requested at a time",
    );
    let same = path(&format!("resource={api}&resource={api}"));
    walk(&browser, &same).await.callback().code();
    let form = [("resource", API), ("resource", "https://other.example.com")];
    let token = server.login(&SPA_STRICT).refresh_token().await;
    let answer = server.refresh_with(&SPA_STRICT, &token, &form).await;
    let text = "Only one resource can be requested at a time";
    harness::assert_oauth_error(&answer, 400, "invalid_target", text);
    server.refreshed(&SPA_STRICT, &token).await;
}
