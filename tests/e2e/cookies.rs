//! Cookies of other hosts and ports: they come first, and the server still finds its own.

use harness::{
    Browser, Server,
    apps::{SPA_EMBEDDED, SPA_STRICT, THIRD_PARTY, TV, User},
    assertions::assert_page,
};
use reqwest::Method;
use serde_json::json;

use crate::device;

/// The action that a front must support for most of these tests, as in `FRONT_LIMITS`.
const SEVERAL: &str = "sends several cookies of one name";

/// A text of the length of the server's secrets.
const FOREIGN: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// A browser with other hosts' cookies of every name that the server uses or has used.
fn planted(server: &Server) -> Browser {
    let names = ["auth0", "auth0_csrf", "auth0_co", "_csrf"];
    let mut cookies = Vec::new();
    for name in names {
        for name in [name.to_owned(), server.cookie(name)] {
            cookies.push(format!("{name}={FOREIGN}"));
            cookies.push(format!("{name}={FOREIGN}.1.{FOREIGN}"));
        }
    }
    Browser::new(server.http().planted(&cookies.join("; ")))
}

#[harness::test]
async fn foreign_cookies_stop_neither_a_login_nor_a_consent_nor_a_logout() {
    let server = Server::shared_behind_front(SEVERAL);
    let browser = planted(server);
    let login = server.login(&THIRD_PARTY).user(&server.fresh_user());
    login.browser(&browser).callback().await.code();
    assert!(server.is_logged_in(&browser).await);
    let question = browser.open("/oidc/logout").await.page_at("/oidc/logout");
    let answer = browser.submit(&question, &[("action", "accept")]).await;
    assert_eq!(answer.status, 200, "{answer}");
    assert!(!server.is_logged_in(&browser).await);
}

#[harness::test]
async fn a_foreign_cookie_beyond_ascii_hides_no_cookie_of_the_server() {
    let server = Server::shared_local("sends bytes that a gateway may not take");
    let browser = Browser::new(server.http().planted("city=Zürich"));
    let login = server.login(&THIRD_PARTY).user(&server.fresh_user());
    login.browser(&browser).callback().await.code();
    assert!(server.is_logged_in(&browser).await);
    let answer = browser.http().get("/v2/logout").await;
    assert_eq!(answer.status, 302, "{answer}");
    assert!(!server.is_logged_in(&browser).await);
}

#[harness::test]
async fn nor_do_they_stop_a_device_or_a_login_ticket() {
    let server = Server::shared_behind_front(SEVERAL);
    let waiting = device::begin(server, &TV).await;
    waiting.connect_in(&planted(server), &User::ada()).await;

    let (browser, ada) = (planted(server), User::ada());
    let body = json!({
        "client_id": SPA_EMBEDDED.id, "credential_type": "http://auth0.com/oauth/grant-type/password-realm",
        "realm": "Username-Password-Authentication", "username": ada.email, "password": ada.password,
    });
    let request = browser.http().request(Method::POST, "/co/authenticate");
    let request = request.header("origin", "https://embedded.example.com");
    let answer = harness::send(request.json(&body)).await;
    let ticket = answer.json()["login_ticket"].clone();
    let ticket = ticket
        .as_str()
        .unwrap_or_else(|| panic!("no ticket: {answer}"));
    let login = server.login(&SPA_EMBEDDED).browser(&browser);
    let callback = login.with("login_ticket", ticket).open().await.callback();
    callback.code();
}

#[harness::test]
async fn cookies_that_another_browser_was_given_stop_no_login_either() {
    let server = Server::shared();
    let other = server.browser();
    server.login(&SPA_STRICT).browser(&other).callback().await;
    other.open("/v2/logout").await;
    let theirs = other.http().cookies("/");
    assert!(theirs.contains(&server.cookie("auth0_csrf")), "{theirs}");
    let browser = Browser::new(server.http().planted(&theirs));
    let login = server.login(&SPA_STRICT).browser(&browser);
    login.callback().await.code();
    assert!(server.is_logged_in(&browser).await);
}

#[harness::test]
async fn a_logout_deletes_only_the_servers_own_cookies() {
    let server = Server::shared();
    let browser = planted(server);
    let taken = |cookies: Vec<&str>| {
        let names = cookies.iter().map(|cookie| cookie.split('=').next());
        names
            .map(|name| name.unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    let answer = browser.http().get("/v2/logout").await;
    assert_eq!(taken(answer.set_cookies()), [server.cookie("auth0")]);
    // A page of another site can send a request without cookies. It ends no session here.
    let answer = server.browser().http().get("/v2/logout").await;
    assert!(answer.set_cookies().is_empty(), "{answer}");
}

#[harness::test]
async fn a_page_gives_its_cookie_once() {
    let server = Server::shared_behind_front(SEVERAL);
    let browser = planted(server);
    let login = || server.login(&SPA_STRICT).browser(&browser);
    let page = login().open().await.page_at("/u/login");
    assert_page(&page);
    let cookies = page.set_cookies();
    let name = format!("{}=", server.cookie("auth0_csrf"));
    assert!(
        cookies.len() == 1 && cookies[0].starts_with(&name),
        "{page}"
    );
    assert!(!cookies[0].contains(FOREIGN), "{page}");
    let page = login().open().await.page_at("/u/login");
    assert!(page.set_cookies().is_empty(), "{page}");
}
