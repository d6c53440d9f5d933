//! `response_mode=web_message`: silent authentication in a frame.

use harness::{
    Answer, Server,
    apps::{App, NATIVE, SPA_CODE_ONLY, SPA_FRAMED, SPA_HYBRID},
    assert_error_page,
    flow::Login,
};
use serde_json::Value;

/// The only message that the page posts: its content and its target.
fn message(page: &Answer) -> (Value, String) {
    assert_eq!(page.status, 200, "{page}");
    let text = page.text();
    let call = "(window.opener || window.parent).postMessage(";
    let (_, arguments) = text.split_once(call).unwrap_or_else(|| panic!("{page}"));
    let odd = || panic!("{page}");
    let (arguments, _) = arguments.split_once(");\n</script>").unwrap_or_else(odd);
    let (message, origin) = arguments.rsplit_once(", ").unwrap_or_else(odd);
    let message = message.strip_prefix("{type: \"authorization_response\", response: ");
    let response = message.and_then(|rest| rest.strip_suffix('}'));
    let json = |text| serde_json::from_str(text).expect("JSON");
    let Value::String(origin) = json(origin) else {
        panic!("{page}")
    };
    (json(response.expect("a response")), origin)
}

/// A silent request that is answered by a message.
fn ask(app: &App) -> Login<'static> {
    let login = Server::shared().login(app).with("prompt", "none");
    login.with("response_mode", "web_message")
}

fn assert_framable(page: &Answer) {
    assert_eq!(page.header("x-frame-options"), None, "{page}");
    assert_eq!(page.header("cache-control"), Some("no-store"), "{page}");
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(!policy.contains("frame-ancestors"), "{policy}");
    assert!(
        policy.contains("default-src 'none'; script-src 'nonce-"),
        "{policy}"
    );
}

#[harness::test]
async fn a_session_is_turned_into_a_code_without_a_page_to_see() {
    let server = Server::shared();
    let browser = server.browser();
    server.login(&SPA_HYBRID).browser(&browser).callback().await;
    let login = server
        .login(&SPA_HYBRID)
        .browser(&browser)
        .with("prompt", "none")
        .with("response_mode", "web_message");
    let state = login.parameter("state").to_owned();
    let page = login.open().await.page();
    assert_framable(&page);
    let (response, origin) = message(&page);
    assert_eq!(origin, "https://hybrid.example.com");
    assert_eq!(response["state"], state);
    assert!(response["code"].is_string(), "{response}");
    assert_eq!(response.as_object().unwrap().len(), 2, "{response}");
}

#[harness::test]
async fn tokens_come_with_their_life_as_a_number() {
    let server = Server::shared();
    let browser = server.browser();
    server.login(&SPA_HYBRID).browser(&browser).callback().await;
    let login = server
        .login(&SPA_HYBRID)
        .browser(&browser)
        .with("prompt", "none")
        .with("response_type", "token id_token")
        .with("response_mode", "web_message");
    let (response, _) = message(&login.open().await.page());
    assert_eq!(response["expires_in"], 7_200);
    assert_eq!(response["token_type"], "Bearer");
    assert!(response["access_token"].is_string(), "{response}");
    assert!(response["id_token"].is_string(), "{response}");
    assert!(response.get("refresh_token").is_none(), "{response}");
}

#[harness::test]
async fn errors_are_messages_too_and_carry_the_state() {
    let hostile = "</script><script>alert(1)</script>\u{2028}";
    let login = Server::shared()
        .login(&SPA_HYBRID)
        .with("prompt", "none")
        .with("state", hostile)
        .with("response_mode", "web_message");
    let page = login.open().await.page();
    assert_framable(&page);
    assert!(!page.text().contains("<script>alert"), "{page}");
    let (response, _) = message(&page);
    assert_eq!(response["error"], "login_required");
    assert_eq!(response["error_description"], "Login required");
    assert_eq!(response["state"], hostile);
}

#[harness::test]
async fn a_popup_may_log_in_first() {
    let login = Server::shared().login(&SPA_HYBRID);
    let landing = login.with("response_mode", "web_message").land().await;
    let (response, _) = message(&landing.page());
    assert!(response["code"].is_string(), "{response}");
}

#[harness::test]
async fn a_web_origin_ignores_paths_and_its_wildcard_is_one_label() {
    for host in ["acme", "x-1"] {
        let callback = format!("https://{host}.framed.example.com/callback");
        let login = ask(&SPA_FRAMED).with("redirect_uri", &callback);
        let (response, origin) = message(&login.open().await.page());
        assert_eq!(origin, format!("https://{host}.framed.example.com"));
        assert_eq!(response["error"], "login_required");
    }
}

#[harness::test]
async fn a_callback_of_no_registered_web_origin_gets_no_message() {
    let unframed = "https://unframed.example.com/callback";
    for (app, callback) in [
        (SPA_FRAMED, unframed),
        (SPA_CODE_ONLY, SPA_CODE_ONLY.callback),
        (NATIVE, NATIVE.callback),
    ] {
        let login = ask(&app).with("redirect_uri", callback);
        let page = login.open().await.page();
        assert_eq!(page.status, 400, "{page}");
        let description = "The specified redirect_uri does not have a registered origin.";
        assert_error_page(&page, description);
    }
    let redirected = Server::shared().login(&SPA_FRAMED).with("prompt", "none");
    let callback = redirected.with("redirect_uri", unframed).callback().await;
    callback.assert_error("login_required", "Login required");
}

#[harness::test]
async fn a_callback_that_is_not_registered_gets_no_message_either() {
    for callback in [
        "https://framed.example.com/callback",
        "https://a.b.framed.example.com/callback",
        "https://acme.framed.example.com/elsewhere",
    ] {
        let login = ask(&SPA_FRAMED).with("redirect_uri", callback);
        let page = login.open().await.page();
        assert_eq!(page.status, 403, "{page}");
        assert_error_page(&page, "Callback URL mismatch");
    }
}
