//! The confirmation page of `/oidc/logout`: the requests that lead to it, its text, and the effect of each answer.

use harness::{
    Answer, Browser, Launch, Server,
    apps::{App, SPA_STRICT, User, WEB_NOTIFIED},
    assertions::{assert_error_page, assert_page},
    html, tenant,
};

const BYE: &str = "https://notified.example.com/bye";

async fn logged_in(server: &Server, app: &App, user: &User) -> (Browser, String) {
    let browser = server.browser();
    let login = server.login(app).browser(&browser).user(user);
    let id_token = login.tokens().await.id_token();
    (browser, id_token)
}

/// The confirmation page that a request leads to.
async fn asked(browser: &Browser, parameters: &[(&str, &str)]) -> Answer {
    let page = browser.http().get_query("/oidc/logout", parameters).await;
    assert_eq!(page.status, 200, "{page}");
    assert!(page.text().contains("<h1>Log out?</h1>"), "{page}");
    assert_page(&page);
    page
}

#[harness::test]
async fn without_a_hint_a_person_is_asked_and_may_accept() {
    let server = Server::shared();
    let (browser, _) = logged_in(server, &WEB_NOTIFIED, &User::ada()).await;
    let parameters = [
        ("client_id", WEB_NOTIFIED.id),
        ("post_logout_redirect_uri", BYE),
        ("state", "x"),
    ];
    let page = asked(&browser, &parameters).await;
    let text = page.text();
    for shown in [WEB_NOTIFIED.name, "Ada Lovelace"] {
        assert!(text.contains(shown), "{page}");
    }
    assert!(server.is_logged_in(&browser).await, "asking ends nothing");

    let answer = browser.submit(&page, &[("action", "accept")]).await;
    let location = answer.header("location");
    assert_eq!(location, Some("https://notified.example.com/bye?state=x"));
    assert!(!server.is_logged_in(&browser).await);
}

#[harness::test]
async fn a_user_who_declines_stays_logged_in_and_on_the_page() {
    let server = Server::shared();
    let (browser, _) = logged_in(server, &SPA_STRICT, &User::ada()).await;
    let page = asked(&browser, &[]).await;
    let answer = browser.submit(&page, &[("action", "deny")]).await;
    assert_eq!((answer.status, answer.header("location")), (200, None));
    assert!(
        answer.text().contains("You are still logged in"),
        "{answer}"
    );
    assert!(server.is_logged_in(&browser).await);

    let answer = browser.submit(&page, &[("action", "accept")]).await;
    assert!(answer.text().contains("You are logged out"), "{answer}");
    assert!(!server.is_logged_in(&browser).await);
}

#[harness::test]
async fn a_hint_of_another_session_is_ignored() {
    let server = Server::shared();
    let (browser, _) = logged_in(server, &WEB_NOTIFIED, &User::ada()).await;
    let (elsewhere, theirs) = logged_in(server, &WEB_NOTIFIED, &User::ada()).await;
    let (_, sid) = harness::jwt::peek(&theirs);
    let sid = sid["sid"].as_str().expect("`sid` is a text");
    asked(&browser, &[("id_token_hint", &theirs)]).await;
    asked(&browser, &[("logout_hint", sid)]).await;
    asked(&browser, &[("logout_hint", "nonsense")]).await;

    // A refreshed ID token, which names no session, of another user.
    let login = server.login(&SPA_STRICT).user(&User::zoe());
    let token = login.refresh_token().await;
    let refreshed = server.refreshed(&SPA_STRICT, &token).await.id_token();
    asked(&browser, &[("id_token_hint", &refreshed)]).await;
    for browser in [browser, elsewhere] {
        assert!(server.is_logged_in(&browser).await);
    }
}

#[harness::test]
async fn an_answer_counts_only_from_the_browser_that_was_asked() {
    let server = Server::shared();
    let (browser, _) = logged_in(server, &SPA_STRICT, &User::ada()).await;
    let attacker = logged_in(server, &SPA_STRICT, &User::zoe()).await.0;
    let page = asked(&attacker, &[]).await;
    let answer = browser.submit(&page, &[("action", "accept")]).await;
    assert_error_page(&answer, "could not be matched with your browser");

    let page = asked(&browser, &[]).await;
    let text = page.text();
    let field = |name: &str| html::input(&text, name)["value"].clone();
    let (state, csrf) = (field("state"), field("_csrf"));
    let login = server.login(&SPA_STRICT).open().await.page_at("/u/login");
    let foreign = html::input(&login.text(), "state")["value"].clone();
    for (state, csrf, said) in [
        (state.as_str(), "", "could not be matched"),
        (&state, "1.x", "could not be matched"),
        ("tx1_x", &csrf, "couldn't find your session"),
        (&foreign, &csrf, "couldn't find your session"),
        ("", &csrf, "couldn't find your session"),
    ] {
        let form = [("state", state), ("_csrf", csrf), ("action", "accept")];
        let http = browser.http();
        let answer = http.post_form("/oidc/logout/confirm", &form).await;
        assert_error_page(&answer, said);
    }
    let answer = browser.submit(&page, &[("action", "perhaps")]).await;
    assert_error_page(&answer, "action must be accept or deny");
    assert!(server.is_logged_in(&browser).await);
}

#[harness::test]
async fn the_state_of_the_confirmation_page_resumes_no_login() {
    let server = Server::shared();
    let (browser, _) = logged_in(server, &SPA_STRICT, &User::ada()).await;
    let page = asked(&browser, &[]).await;
    let state = html::input(&page.text(), "state")["value"].clone();
    let path = format!("/authorize/resume?state={state}");
    let answer = browser.http().get(&path).await;
    assert_error_page(&answer, "couldn't find your session");
}

#[harness::test]
async fn a_question_waits_an_hour() {
    let server = Server::start("moves the clock");
    let (browser, _) = logged_in(&server, &SPA_STRICT, &User::ada()).await;
    let page = asked(&browser, &[]).await;
    server.advance(3_601).await;
    let answer = browser.submit(&page, &[("action", "accept")]).await;
    assert_error_page(&answer, "couldn't find your session");
}

#[harness::test]
async fn a_tenant_may_do_without_the_question_and_without_discovery() {
    let switches = "\ntenant:\n  sessions: { oidc_logout_prompt_enabled: false }
  oidc_logout: { rp_logout_end_session_endpoint_discovery: false }\n";
    let launch = Launch::new().tenant(tenant::changed("\ntenant:\n", switches));
    let server = launch.start("has a tenant of its own");
    let (browser, _) = logged_in(&server, &SPA_STRICT, &User::ada()).await;
    let answer = browser.http().get("/oidc/logout").await;
    assert!(answer.text().contains("You are logged out"), "{answer}");
    assert!(!server.is_logged_in(&browser).await);

    let path = "/.well-known/openid-configuration";
    let metadata = server.http().get(path).await.json();
    assert!(metadata.get("end_session_endpoint").is_none(), "{metadata}");
    assert_eq!(metadata["backchannel_logout_supported"], true);
}
