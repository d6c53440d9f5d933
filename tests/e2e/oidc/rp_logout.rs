//! Plan RP-Initiated Logout: the browser's destination, and the end of the session.

use harness::{
    Answer, Browser, Server,
    apps::{OTHER_KEY, WEB_NOTIFIED},
    assert_error_page, jwt,
};

const BYE: &str = "https://notified.example.com/bye";

/// A browser with a session, and an ID token of this session.
async fn logged_in(server: &Server) -> (Browser, String) {
    let browser = server.browser();
    let login = server.login(&WEB_NOTIFIED).browser(&browser);
    let id_token = login.scope("openid").tokens().await.id_token();
    (browser, id_token)
}

async fn log_out(browser: &Browser, parameters: &[(&str, &str)]) -> Answer {
    browser.http().get_query("/oidc/logout", parameters).await
}

#[harness::test]
async fn discovery_says_where() {
    let server = Server::shared();
    let path = "/.well-known/openid-configuration";
    let document = server.http().get(path).await.json();
    assert_eq!(document["end_session_endpoint"], server.url("oidc/logout"));
}

#[harness::test]
async fn a_good_request_ends_the_session_and_returns_with_the_state_if_there_was_one() {
    let server = Server::shared();
    for (state, target) in [
        (Some("s-1"), format!("{BYE}?state=s-1")),
        (None, BYE.to_owned()),
    ] {
        let (browser, hint) = logged_in(server).await;
        assert!(server.is_logged_in(&browser).await);
        let mut parameters = vec![
            ("id_token_hint", hint.as_str()),
            ("post_logout_redirect_uri", BYE),
        ];
        parameters.extend(state.map(|state| ("state", state)));
        let answer = log_out(&browser, &parameters).await;
        assert_eq!(answer.header("location"), Some(target.as_str()), "{answer}");
        assert!(!server.is_logged_in(&browser).await);
    }
}

#[harness::test]
async fn a_bad_request_goes_nowhere_and_ends_nothing() {
    let server = Server::shared();
    let (browser, hint) = logged_in(server).await;
    let (_, claims) = jwt::peek(&hint);
    let modified = jwt::tampered(&hint);
    let forged = jwt::sign(&claims, OTHER_KEY);
    let other = "https://notified.example.com/elsewhere";
    let query = format!("{BYE}?foo=bar");
    for (hint, target) in [
        (Some(hint.as_str()), other),
        (Some(&hint), &query),
        (Some(&modified), BYE),
        (Some(&forged), BYE),
        (None, BYE),
    ] {
        let mut parameters = vec![("post_logout_redirect_uri", target), ("state", "s-1")];
        parameters.extend(hint.map(|hint| ("id_token_hint", hint)));
        assert_error_page(&log_out(&browser, &parameters).await, "");
        assert!(server.is_logged_in(&browser).await, "{parameters:?}");
    }
}

#[harness::test]
async fn without_a_target_a_hint_logs_out_and_the_browser_stays() {
    let server = Server::shared();
    let (browser, hint) = logged_in(server).await;
    let parameters = [("id_token_hint", hint.as_str()), ("state", "s-1")];
    let answer = log_out(&browser, &parameters).await;
    assert_eq!((answer.status, answer.header("location")), (200, None));
    assert!(answer.text().contains("You are logged out"), "{answer}");
    assert!(!server.is_logged_in(&browser).await);
}

#[harness::test]
async fn a_logout_without_a_hint_logs_out_the_user_who_confirms() {
    let server = Server::shared();
    for parameters in [&[][..], &[("state", "s-1")]] {
        let (browser, _) = logged_in(server).await;
        let page = log_out(&browser, parameters).await;
        assert!(page.text().contains("<h1>Log out?</h1>"), "{page}");
        assert!(server.is_logged_in(&browser).await, "asking ends nothing");
        let answer = browser.submit(&page, &[("action", "accept")]).await;
        assert!(answer.text().contains("You are logged out"), "{answer}");
        assert!(!server.is_logged_in(&browser).await);
    }
}
