//! `Location` is a URI (RFC 9110 section 10.2.2, RFC 3986), also if the registered address or the request has non-ASCII
//! letters. The server rejects an address that cannot be one before it ends anything.

use harness::{
    Answer, Browser, Launch, Server,
    apps::{SPA_STRICT, WEB_NOTIFIED},
    assertions::assert_error_page,
    html, tenant,
};

async fn logged_in(server: &Server) -> Browser {
    let browser = server.browser();
    server.login(&SPA_STRICT).browser(&browser).callback().await;
    browser
}

async fn return_to(browser: &Browser, url: &str) -> Answer {
    let query = [("client_id", SPA_STRICT.id), ("returnTo", url)];
    browser.http().get_query("/v2/logout", &query).await
}

#[track_caller]
fn assert_sent_to(answer: &Answer, target: &str) {
    let location = answer.header("location");
    assert_eq!((answer.status, location), (302, Some(target)), "{answer}");
}

#[harness::test]
async fn control_characters_in_a_return_address_are_refused_and_end_nothing() {
    let server = Server::shared();
    let browser = logged_in(server).await;
    for part in ["?x=", "#", "?x=1#"] {
        for control in ["\r\nSet-Cookie: a=b", "\t", "\u{7f}", "\u{1}", "\u{85}"] {
            let url = format!("https://app.example.com/second{part}{control}");
            let answer = return_to(&browser, &url).await;
            assert_eq!(answer.status, 400, "{answer}");
            assert_error_page(&answer, "Allowed Logout URLs");
        }
    }
    assert!(server.is_logged_in(&browser).await);
}

#[harness::test]
async fn blanks_and_letters_beyond_ascii_are_percent_encoded() {
    let server = Server::shared();
    for (sent, written) in [
        ("?a=b c&d=\u{eb}", "?a=b%20c&d=%C3%AB"),
        ("?a=100%&b=%zz&c=%2F", "?a=100%25&b=%25zz&c=%2F"),
        ("?a=<\">\\^`{|}", "?a=%3C%22%3E%5C%5E%60%7B%7C%7D"),
        ("#\u{1f600} x", "#%F0%9F%98%80%20x"),
        ("?a=1;2,3&b='(!)*$:@/?", "?a=1;2,3&b='(!)*$:@/?"),
    ] {
        assert_written(server, sent, written).await;
    }
}

/// Frameworks of applications read such lists, although RFC 3986 allows no brackets in a query.
#[harness::test]
async fn brackets_of_a_query_are_kept() {
    let server = Server::shared_behind_front("redirects to a query with brackets");
    assert_written(server, "?a[]=1&a[]=2", "?a[]=1&a[]=2").await;
}

async fn assert_written(server: &Server, sent: &str, written: &str) {
    let address = |end| format!("https://app.example.com/second{end}");
    let answer = return_to(&server.browser(), &address(sent)).await;
    assert_sent_to(&answer, &address(written));
}

const LETTERS: &str = "https://b\u{fc}cher.example.com/zur\u{fc}ck?f\u{fc}r=dich";
const WRITTEN: &str = "https://xn--bcher-kva.example.com/zur%C3%BCck?f%C3%BCr=dich";

/// The tests' tenant, in which two clients have an address with many letters as callback and as logout URL.
fn with_letters() -> Server {
    let mut file = tenant::base();
    for known in [
        "      - https://app.example.com/callback\n",
        "      - https://app.example.com/signed-out\n",
        "      - https://notified.example.com/bye\n",
        "      - com.example.app://callback\n",
    ] {
        assert!(file.contains(known), "{known}");
        file = file.replacen(
            known,
            &format!("{known}      - \"{LETTERS}\"\n      - \"com.example.app://\u{fc}ber/uns\"\n"),
            1,
        );
    }
    Launch::new().tenant(file).start("has a tenant of its own")
}

#[harness::test]
async fn a_registered_address_of_many_letters_is_written_as_a_uri() {
    let server = with_letters();
    let login = server.login(&SPA_STRICT).with("redirect_uri", LETTERS);
    let callback = login.with("state", "\u{eb} \r\n").callback().await;
    let url = callback.url.as_str();
    assert!(url.starts_with(&format!("{WRITTEN}&code=ac1_")), "{url}");
    assert_eq!(callback.get("state").as_deref(), Some("\u{eb} \r\n"));

    let silent = server.login(&SPA_STRICT).with("redirect_uri", LETTERS);
    let refused = silent.with("prompt", "none").ask().await;
    let location = refused.header("location").unwrap_or_default();
    let target = format!("{WRITTEN}&error=login_required&");
    assert!(location.starts_with(&target), "{refused}");

    let native = server.login(&harness::apps::NATIVE).with("prompt", "none");
    let native = native.with("redirect_uri", "com.example.app://\u{fc}ber/uns");
    let refused = native.ask().await;
    let location = refused.header("location").unwrap_or_default();
    let target = "com.example.app://%C3%BCber/uns?error=";
    assert!(location.starts_with(target), "{refused}");

    assert_sent_to(&return_to(&server.browser(), LETTERS).await, WRITTEN);
}

#[harness::test]
async fn so_is_the_target_of_a_logout_by_openid_connect() {
    let server = with_letters();
    let browser = server.browser();
    let login = server.login(&WEB_NOTIFIED).browser(&browser);
    let id_token = login.scope("openid").tokens().await.id_token();
    let parameters = [
        ("id_token_hint", id_token.as_str()),
        ("post_logout_redirect_uri", LETTERS),
        ("state", "\u{eb} x"),
    ];
    let http = browser.http();
    for control in ["\n", "\u{7f}"] {
        let url = format!("{LETTERS}{control}");
        let query = [parameters[0], ("post_logout_redirect_uri", url.as_str())];
        let answer = http.get_query("/oidc/logout", &query).await;
        assert_error_page(&answer, "Allowed Logout URLs");
    }
    assert!(server.is_logged_in(&browser).await);
    let answer = http.get_query("/oidc/logout", &parameters).await;
    assert_sent_to(&answer, &format!("{WRITTEN}&state=%C3%AB+x"));
}

#[harness::test]
async fn a_form_that_is_posted_there_is_shown_with_its_policy() {
    let server = with_letters();
    let login = server.login(&SPA_STRICT).with("redirect_uri", LETTERS);
    let login = login.with("response_mode", "form_post");
    let page = login.with("prompt", "none").ask().await;
    assert_eq!(page.status, 200, "{page}");
    let policy = page.header("content-security-policy").unwrap_or_default();
    assert!(policy.contains("default-src 'none'"), "{page}");
    let action = html::tag(&page.text(), "form")["action"].clone();
    assert!(action == LETTERS || action == WRITTEN, "{action}");
}
