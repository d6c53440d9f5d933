//! Limits on the length of a request: a gateway in front of the service accepts 10,240 bytes of request line and
//! headers, and the addresses of the login pages carry the whole request. A request that would not fit later is
//! rejected when it arrives.

use harness::{
    Answer, Browser, Launch, Scripts, Server,
    apps::{API, App, SPA_HYBRID, SPA_STRICT, THIRD_PARTY, TV, User},
    assert_oauth_error,
    flow::Login,
    gateway::{Gateway, HEAD},
    tenant,
};

use crate::{device, rules::rule};

const TOO_WIDE: &str = "Too many scopes: a request may name 100, of 4096 bytes in all";
const TOO_LONG: &str = "The request is too long. Its parameters, such as state, must be shorter";

/// Bytes of headers and cookies that a browser sends in addition to ours: those of Chromium, and those of a shop under
/// the same domain.
const CROWDED: usize = 2_500;

/// Bytes of a `state` that no login can carry, in a request that a gateway still passes on.
const BEYOND: usize = 8_000;

/// A browser behind the gateway, with these additional headers and cookies.
fn crowded(gateway: &Gateway) -> Browser {
    let cookies = format!("shop={}", "c".repeat(CROWDED));
    Browser::new(gateway.http().planted(&cookies))
}

fn ask<'a>(server: &'a Server, app: &App, length: usize) -> Login<'a> {
    server.login(app).with("state", &"s".repeat(length))
}

/// True if the server accepts the request and does not redirect to the application.
async fn is_taken(server: &Server, app: &App, length: usize) -> bool {
    let answer = ask(server, app, length).ask().await;
    let location = answer.location().expect("a redirect");
    location.path() == "/u/login"
}

/// The length of the longest `state` that the server accepts.
async fn longest_state(server: &Server, app: &App) -> usize {
    let (mut taken, mut refused) = (1_000, BEYOND);
    assert!(is_taken(server, app, taken).await);
    assert!(!is_taken(server, app, refused).await);
    while refused - taken > 1 {
        let middle = usize::midpoint(taken, refused);
        if is_taken(server, app, middle).await {
            taken = middle;
        } else {
            refused = middle;
        }
    }
    taken
}

#[harness::test]
async fn the_longest_request_that_is_taken_gets_through_and_the_next_is_refused_at_the_callback() {
    let server = Server::shared();
    let gateway = Gateway::before(server);
    let browser = crowded(&gateway);
    let user = server.fresh_user();
    let longest = longest_state(server, &THIRD_PARTY).await;
    assert!(longest >= 4_096, "{longest} bytes are few");

    let login = ask(server, &THIRD_PARTY, longest);
    let callback = browser.walk(&login.path(), &user).await.callback();
    callback.code();
    assert_eq!(callback.get("state"), Some("s".repeat(longest)));
    let seen = gateway.longest();
    assert!(
        seen > HEAD - 1_000,
        "{seen} bytes were no test of the gateway"
    );

    let login = ask(server, &THIRD_PARTY, longest + 1);
    let callback = browser.open(&login.path()).await.callback();
    callback.assert_error("invalid_request", TOO_LONG);
    assert_eq!(callback.get("state"), Some("s".repeat(longest + 1)));
}

#[harness::test]
async fn it_gets_through_a_rules_redirect_and_back_too() {
    let script = rule(
        "if (context.protocol !== 'redirect-callback') context.redirect = { url: 'https://elsewhere.example/' };",
    );
    let server = Scripts::of_rule(&script).start();
    let gateway = Gateway::before(&server);
    let browser = crowded(&gateway);
    let longest = longest_state(&server, &SPA_STRICT).await;
    let login = ask(&server, &SPA_STRICT, longest);
    let away = browser.walk(&login.path(), &User::ada()).await.callback();
    let state = away.get("state").expect("a state");
    let back = browser.open(&format!("/continue?state={state}")).await;
    back.callback().code();
}

#[harness::test]
async fn the_refusal_comes_in_every_mode_and_with_a_session_too() {
    let server = Server::shared();
    let browser = server.browser();
    server.login(&SPA_HYBRID).browser(&browser).callback().await;
    let longest = longest_state(server, &SPA_HYBRID).await;
    for mode in ["query", "fragment", "form_post", "web_message"] {
        for prompt in ["none", "login"] {
            let login = ask(server, &SPA_HYBRID, longest + 100).browser(&browser);
            let login = login.with("response_mode", mode).with("prompt", prompt);
            let response = login.open().await.response();
            assert_eq!(response["error"], "invalid_request", "{mode}");
            assert_eq!(response["error_description"], TOO_LONG, "{mode}");
            assert_eq!(response["state"].len(), longest + 100, "{mode}");
        }
    }
}

#[harness::test]
async fn a_state_that_no_address_could_return_is_left_out_of_the_refusal() {
    let server = Server::shared();
    let gateway = Gateway::before(server);
    let http = gateway.http();
    // A state sent in a form, and one that grows threefold when an address returns it.
    for state in ["s".repeat(30_000), "!".repeat(3_000)] {
        for scope in ["openid", "openid offline_access online_access"] {
            let login = server.login(&SPA_STRICT).with("state", &state).scope(scope);
            let answer = http.post_form("/authorize", &login.parameters()).await;
            let callback = Browser::new(http.clone()).follow(answer).await.callback();
            assert_eq!(callback.get("error").as_deref(), Some("invalid_request"));
            assert_eq!(callback.get("state"), None, "{}", callback.url);
        }
    }
    let login = server.login(&SPA_HYBRID).with("response_mode", "form_post");
    let state = "!".repeat(3_000);
    let login = login.with("state", &state);
    let answer = http.post_form("/authorize", &login.parameters()).await;
    let page = Browser::new(http.clone()).follow(answer).await;
    page.page_at("/u/login");
}

#[harness::test]
async fn a_logout_with_a_state_that_no_address_could_return_ends_nothing() {
    let server = Server::shared();
    let browser = server.browser();
    let login = || server.login(&harness::apps::WEB_NOTIFIED).browser(&browser);
    let hint = login().tokens().await.id_token();
    let state = "s".repeat(20_000);
    let form = [
        ("id_token_hint", hint.as_str()),
        (
            "post_logout_redirect_uri",
            "https://notified.example.com/bye",
        ),
        ("state", &state),
    ];
    let answer = browser.http().post_form("/oidc/logout", &form).await;
    harness::assert_error_page(&answer, TOO_LONG);
    login().with("prompt", "none").callback().await.code();
}

/// Many long scopes of an API, requested by a device in a form, which may be long.
fn scopes(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("read:{n:0>60}")).collect()
}

async fn ask_for(server: &Server, count: usize) -> Answer {
    let scope = scopes(count).join(" ");
    let form = [("scope", scope.as_str()), ("audience", API)];
    harness::send(server.request_as(&server.http(), &TV, "/oauth/device/code", &form)).await
}

#[harness::test]
async fn a_device_with_too_many_scopes_for_its_pages_is_rejected_at_once() {
    let line = "        description: Change orders\n";
    let values = scopes(100).into_iter();
    let lines = values.map(|scope| format!("      - value: {scope}\n"));
    let many = lines.collect::<Vec<_>>().concat();
    let launch = Launch::new().tenant(tenant::changed(line, &format!("{line}{many}")));
    let server = launch.start("has an API of its own");
    let mut taken = 0;
    for count in 1..=100 {
        let answer = ask_for(&server, count).await;
        if answer.status != 200 {
            // The limit on scopes is the narrower one.
            assert_oauth_error(&answer, 400, "invalid_scope", TOO_WIDE);
            taken = count - 1;
            break;
        }
    }
    assert!(taken > 40, "{taken}");
    let gateway = Gateway::before(&server);
    let scope = scopes(taken).join(" ");
    let waiting = device::begin_with(&server, &TV, &[("scope", &scope), ("audience", API)]).await;
    waiting.connect_in(&crowded(&gateway), &User::ada()).await;
}
