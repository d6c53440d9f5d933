//! Silent authentication (`prompt=none`): its answers in each response mode, and the time that a session allows it.

use std::collections::BTreeMap;

use harness::{
    Browser, Launch, Server,
    apps::{API, ASKING_API, App, SPA_CODE_ONLY, SPA_HYBRID, SPA_STRICT, User},
    flow::Login,
    tenant,
};

const HOUR: u64 = 3600;

/// The response modes, each with a matching response type.
const WAYS: [(&str, &str); 5] = [
    ("query", "code"),
    ("fragment", "token id_token"),
    ("fragment", "code id_token"),
    ("form_post", "id_token"),
    ("web_message", "token id_token"),
];

fn ask<'a>(server: &'a Server, app: &App, (mode, kind): (&str, &str)) -> Login<'a> {
    let login = server.login(app).with("prompt", "none");
    login
        .with("response_mode", mode)
        .with("response_type", kind)
}

async fn assert_error_response(login: Login<'_>, error: &str, description: &str) {
    let state = login.parameter("state").to_owned();
    let response = login.open().await.response();
    let expected = [
        ("error", error),
        ("error_description", description),
        ("state", &state),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(response, BTreeMap::from(expected));
}

/// A browser with a session of the user.
async fn logged_in(server: &Server, user: &User) -> Browser {
    let browser = server.browser();
    let login = server.login(&SPA_STRICT).user(user).browser(&browser);
    login.callback().await.code();
    browser
}

#[harness::test]
async fn without_a_session_a_login_is_required() {
    for way in WAYS {
        let login = ask(Server::shared(), &SPA_HYBRID, way);
        assert_error_response(login, "login_required", "Login required").await;
    }
}

#[harness::test]
async fn after_a_logout_a_login_is_required() {
    let server = Server::shared();
    let browser = logged_in(server, &User::ada()).await;
    for way in WAYS {
        let login = ask(server, &SPA_HYBRID, way).browser(&browser);
        let response = login.open().await.response();
        assert!(response.contains_key("code") || response.contains_key("id_token"));
    }
    browser.open("/v2/logout").await;
    for way in WAYS {
        let login = ask(server, &SPA_HYBRID, way).browser(&browser);
        assert_error_response(login, "login_required", "Login required").await;
    }
}

#[harness::test]
async fn a_session_too_old_for_max_age_does_not_do() {
    let server = Server::start("moves the clock");
    let browser = logged_in(&server, &User::ada()).await;
    server.advance(601).await;
    for way in WAYS {
        let login = ask(&server, &SPA_HYBRID, way).browser(&browser);
        assert_error_response(
            login.with("max_age", "600"),
            "login_required",
            "Login required",
        )
        .await;
    }
}

#[harness::test]
async fn without_consent_consent_is_required() {
    let server = Server::shared();
    let user = server.fresh_user();
    let browser = logged_in(server, &user).await;
    let ask = |way| ask(server, &SPA_HYBRID, way).browser(&browser);
    for way in WAYS {
        let login = ask(way).audience(ASKING_API);
        assert_error_response(login, "consent_required", "Consent required").await;
    }
    let asked = server.login(&SPA_HYBRID).audience(ASKING_API);
    asked.user(&user).browser(&browser).callback().await.code();
    for way in WAYS {
        let response = ask(way).audience(ASKING_API).open().await.response();
        assert!(!response.contains_key("error"), "{response:?}");
    }
}

#[harness::test]
async fn a_blocked_user_is_reported_to_the_application() {
    let server = Server::shared_local("blocks a user");
    let user = server.fresh_user();
    let browser = logged_in(server, &user).await;
    server.set_blocked(&user, true).await;
    for way in WAYS {
        let login = ask(server, &SPA_HYBRID, way).browser(&browser);
        assert_error_response(login, "unauthorized", "user is blocked").await;
    }
}

#[harness::test]
async fn a_deleted_user_has_no_session() {
    let server = Server::shared_local("deletes a user");
    let user = server.fresh_user();
    let browser = logged_in(server, &user).await;
    server.delete_user(&user).await;
    for way in WAYS {
        let login = ask(server, &SPA_HYBRID, way).browser(&browser);
        assert_error_response(login, "login_required", "Login required").await;
    }
}

#[harness::test]
async fn a_request_that_is_wrong_is_refused_in_the_same_place() {
    for way in WAYS {
        let ask = || ask(Server::shared(), &SPA_HYBRID, way);
        let unknown = ask().audience("https://nowhere.example.com");
        let description = "Service not found";
        assert_error_response(unknown, "access_denied", description).await;
        let description = "Invalid value for parameter prompt";
        assert_error_response(
            ask().with("prompt", "none login"),
            "invalid_request",
            description,
        )
        .await;
        if way.1.contains("id_token") {
            let description = "Missing required parameter: nonce";
            assert_error_response(ask().without("nonce"), "invalid_request", description).await;
        }
    }
    let message = ("web_message", "code");
    let odd = ask(Server::shared(), &SPA_HYBRID, message).with("response_type", "token code token");
    let description = "Unsupported response type";
    assert_error_response(odd, "unsupported_response_type", description).await;
    let none = ask(Server::shared(), &SPA_HYBRID, message).without("response_type");
    let description = "Missing required parameter: response_type";
    assert_error_response(none, "invalid_request", description).await;
    let ungranted = ask(Server::shared(), &SPA_CODE_ONLY, ("fragment", "token"));
    let description = "Grant type 'implicit' not allowed for the client.";
    assert_error_response(ungranted, "unauthorized_client", description).await;
}

/// A server whose sessions last six hours at most, and two without a visit.
fn short_sessions() -> Server {
    let file = tenant::changed("session_lifetime: 168", "session_lifetime: 6");
    let file = file.replace(
        "idle_session_lifetime: 72",
        "idle_session_lifetime_in_minutes: 120",
    );
    Launch::new().tenant(file).start("moves the clock")
}

#[harness::test]
async fn silent_logins_extend_a_session_up_to_its_absolute_end() {
    let server = short_sessions();
    let ada = User::ada();
    for way in WAYS {
        let browser = logged_in(&server, &ada).await;
        let ask = || ask(&server, &SPA_HYBRID, way).browser(&browser);
        for _ in 0..5 {
            server.advance(HOUR + 600).await;
            let response = ask().open().await.response();
            assert!(!response.contains_key("error"), "{response:?}");
        }
        server.advance(600).await;
        assert_error_response(ask(), "login_required", "Login required").await;
    }
}

#[harness::test]
async fn an_idle_session_ends_even_if_tokens_are_refreshed() {
    let server = short_sessions();
    let browser = server.browser();
    let login = server.login(&SPA_STRICT).browser(&browser);
    let mut token = login.refresh_token().await;
    for _ in 0..3 {
        server.advance(2400).await;
        token = server.rotated(&SPA_STRICT, &token).await;
    }
    let login = ask(&server, &SPA_HYBRID, WAYS[0]).browser(&browser);
    assert_error_response(login, "login_required", "Login required").await;
    server.rotated(&SPA_STRICT, &token).await;
}

#[harness::test]
async fn a_refused_visit_does_not_keep_a_session_alive() {
    let server = short_sessions();
    let browser = logged_in(&server, &User::ada()).await;
    let ask = || ask(&server, &SPA_HYBRID, WAYS[0]).browser(&browser);
    server.advance(HOUR).await;
    let description = "Consent required";
    assert_error_response(ask().audience(ASKING_API), "consent_required", description).await;
    server.advance(HOUR).await;
    assert_error_response(ask(), "login_required", "Login required").await;
}

#[harness::test]
async fn a_shortened_idle_lifetime_counts_from_the_next_visit() {
    let server = Server::start("moves the clock");
    let browser = logged_in(&server, &User::ada()).await;
    let ask = || ask(&server, &SPA_HYBRID, WAYS[0]).browser(&browser);
    let shorter = "tenant:\n  session_lifetime: 168\n  idle_session_lifetime: 1\n";
    server.import_tenant(shorter.to_owned()).await;
    server.advance(2 * HOUR).await;
    assert!(ask().open().await.response().contains_key("code"));
    server.advance(2 * HOUR).await;
    assert_error_response(ask(), "login_required", "Login required").await;
}

#[harness::test]
async fn the_log_has_silent_logins_and_their_failures() {
    let server = Server::start("reads the server's log");
    let ada = User::ada();
    let failed = ask(&server, &SPA_HYBRID, WAYS[0]);
    failed.open().await.callback();
    let browser = logged_in(&server, &ada).await;
    let ask = || ask(&server, &SPA_HYBRID, WAYS[4]).browser(&browser);
    ask().open().await.page();
    ask().audience(ASKING_API).open().await.page();
    let loud = server.login(&SPA_STRICT).browser(&browser).audience(API);
    loud.open().await.callback().code();

    let log = server.stop();
    let events = |code: &str| -> Vec<String> {
        let field = format!("type=\"{code}\"");
        let lines = log.lines().filter(|line| line.contains(&field));
        lines.map(str::to_owned).collect()
    };
    let [silent] = &events("ssa")[..] else {
        panic!("{log}")
    };
    assert!(silent.contains("client_id=spa-hybrid"), "{silent}");
    assert!(silent.contains(&format!("user_id={}", ada.id)), "{silent}");
    let [first, second] = &events("fsa")[..] else {
        panic!("{log}")
    };
    assert!(first.contains("client_id=spa-hybrid"), "{first}");
    assert!(first.contains("error=\"login_required\""), "{first}");
    assert!(second.contains("error=\"consent_required\""), "{second}");
}
