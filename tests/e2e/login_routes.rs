//! The way out of a login page that cannot continue: to the application's login, to the tenant's, or back to the
//! application. `web-post` has an `initiate_login_uri`, the other applications have none.

use harness::{
    Answer, Browser, Server,
    apps::{App, NATIVE, SPA_STRICT, THIRD_PARTY_GUARDED, TV, User, WEB_POST},
    assert_error_page, html, tenant,
};

use crate::device;

const STALE: &str = "You may have pressed the back button";
const AN_HOUR: u64 = 3601;

/// The first login page of an application in a browser.
async fn login_page(server: &Server, browser: &Browser, app: &App) -> Answer {
    let login = server.login(app).browser(browser);
    login.open().await.page_at("/u/login")
}

/// The state in the address of a page.
fn state(page: &Answer) -> String {
    let mut pairs = page.url.query_pairs();
    let (_, state) = pairs.find(|(name, _)| name == "state").expect("a state");
    state.into_owned()
}

/// The address at which the application `web-post` starts a login, with our issuer as `iss`.
fn shop_login(server: &Server) -> String {
    let iss = harness::flow::form_encoded(server.issuer());
    let iss = iss.trim_end_matches('=');
    format!("https://shop.example.com/login?from=idp&iss={iss}#top")
}

#[track_caller]
fn assert_leads_to(answer: &Answer, address: &str) {
    assert_leads_by(answer, 302, address);
}

#[track_caller]
fn assert_leads_by(answer: &Answer, status: u16, address: &str) {
    assert_eq!(answer.status, status, "{answer}");
    assert_eq!(answer.header("location"), Some(address), "{answer}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer}");
}

/// The addresses that an error page links to.
fn links(page: &Answer) -> Vec<String> {
    assert_error_page(page, STALE);
    let text = html::unescape(&page.text());
    let links = text.split("href=\"").skip(1);
    links
        .filter_map(|rest| rest.split_once('"'))
        .map(|(address, _)| address.to_owned())
        .collect()
}

#[harness::test]
async fn a_stale_page_leads_to_the_login_of_its_application() {
    let server = Server::start("moves the clock");
    let browser = server.browser();
    let page = login_page(&server, &browser, &WEB_POST).await;
    let state = state(&page);
    server.advance(AN_HOUR).await;
    for path in [
        "/u/login",
        "/u/consent",
        "/u/confirm",
        "/authorize/resume",
        "/login",
    ] {
        let answer = browser.http().get(&format!("{path}?state={state}")).await;
        assert_leads_to(&answer, &shop_login(&server));
    }
    let ada = User::ada();
    let answer = browser.log_in(&page, &ada.email, ada.password).await;
    assert_leads_by(&answer, 303, &shop_login(&server));
}

#[harness::test]
async fn a_bookmark_of_auth0s_classic_page_leads_to_the_login_of_its_application() {
    let server = Server::shared();
    let http = server.http();
    let bookmark =
        |client: &str| format!("/login?state=g6Fo2SBjNTRy&client={client}&protocol=oauth2");
    let answer = http.get(&bookmark(WEB_POST.id)).await;
    assert_leads_to(&answer, &shop_login(server));
    for unknown in ["unknown", "", SPA_STRICT.id] {
        assert_eq!(links(&http.get(&bookmark(unknown)).await), [""; 0]);
    }
}

#[harness::test]
async fn a_login_that_is_under_way_goes_on_at_the_classic_address() {
    let server = Server::shared();
    let browser = server.browser();
    let page = login_page(server, &browser, &SPA_STRICT).await;
    let address = format!("/login?state={}&client=spa-strict", state(&page));
    let page = browser.open(&address).await.page_at("/u/login");
    let ada = User::ada();
    let answer = browser.log_in(&page, &ada.email, ada.password).await;
    browser.follow(answer).await.callback().code();
}

#[harness::test]
async fn the_tenants_login_route_is_for_applications_without_one() {
    let route = "https://www.example.com/start";
    let file = tenant::changed(
        "  default_directory: Username-Password-Authentication\n",
        &format!(
            "  default_directory: Username-Password-Authentication\n  \
             default_redirection_uri: {route}\n"
        ),
    );
    let server = harness::Launch::new()
        .tenant(file)
        .start("has a tenant of its own");
    let iss = harness::flow::form_encoded(server.issuer());
    let route = format!("{route}?iss={}", iss.trim_end_matches('='));
    let browser = server.browser();
    let mut states = vec![
        String::new(),
        "?state=nonsense".to_owned(),
        "?state=tx1_AAAA".to_owned(),
    ];
    for app in [SPA_STRICT, NATIVE, THIRD_PARTY_GUARDED] {
        let login = server.login(&app).browser(&browser).scope("openid");
        let page = login.without("audience").open().await.page();
        states.push(format!("?state={}", state(&page)));
    }
    let shop = state(&login_page(&server, &browser, &WEB_POST).await);
    server.advance(AN_HOUR).await;
    for query in &states {
        for path in ["/u/login", "/login"] {
            let answer = browser.http().get(&format!("{path}{query}")).await;
            assert_leads_to(&answer, &route);
        }
    }
    let answer = browser.http().get(&format!("/u/login?state={shop}")).await;
    assert_leads_to(&answer, &shop_login(&server));
}

#[harness::test]
async fn without_a_route_the_page_leads_back_to_the_application() {
    let server = Server::start("moves the clock");
    let browser = server.browser();
    let spa = state(&login_page(&server, &browser, &SPA_STRICT).await);
    let native = server.login(&NATIVE).browser(&browser).with("state", "a&b");
    let native = state(&native.open().await.page_at("/u/login"));
    server.advance(AN_HOUR).await;

    let page = browser.http().get(&format!("/u/login?state={spa}")).await;
    assert_eq!(links(&page), ["https://app.example.com/"]);
    assert!(page.text().contains(SPA_STRICT.name), "{page}");

    let page = browser
        .http()
        .get(&format!("/u/login?state={native}"))
        .await;
    let back = "com.example.app://callback?error=access_denied\
                &error_description=The+login+took+too+long&state=a%26b";
    assert_eq!(links(&page), [back]);
}

#[harness::test]
async fn a_page_leads_nowhere_that_is_not_registered() {
    let server = Server::start("moves the clock and changes a client");
    let http = server.http();
    for address in [
        "/login",
        "/u/login",
        "/u/login?state=nonsense",
        "/login?returnTo=https://evil.example&client=spa-strict",
        "/login?state=https://evil.example&initiate_login_uri=https://evil.example",
    ] {
        assert_eq!(links(&http.get(address).await), [""; 0], "{address}");
    }
    let browser = server.browser();
    let guarded = server.login(&THIRD_PARTY_GUARDED).scope("openid");
    let guarded = state(
        &guarded
            .browser(&browser)
            .without("audience")
            .open()
            .await
            .page(),
    );
    let spa = state(&login_page(&server, &browser, &SPA_STRICT).await);
    server.advance(AN_HOUR).await;
    // The application keeps strangers from redirecting browsers to it.
    let page = http.get(&format!("/u/login?state={guarded}")).await;
    assert_eq!(links(&page), [""; 0]);
    // Its callback is no longer registered.
    let moved = [(
        "https://app.example.com/callback\n",
        "https://moved.example.com/callback\n",
    )];
    server
        .import_tenant(tenant::client_changed(&SPA_STRICT, &moved))
        .await;
    let page = http.get(&format!("/u/login?state={spa}")).await;
    assert_eq!(links(&page), [""; 0]);
}

#[harness::test]
async fn a_route_to_our_own_login_page_is_no_circle() {
    let server = Server::start("changes a client");
    let own = format!("initiate_login_uri: {}", server.url("login"));
    let theirs = "initiate_login_uri: https://shop.example.com/login?from=idp#top";
    server
        .import_tenant(tenant::client_changed(&WEB_POST, &[(theirs, &own)]))
        .await;
    let answer = server.http().get("/login?client=web-post").await;
    assert_error_page(&answer, STALE);
}

#[harness::test]
async fn a_stale_confirmation_of_a_device_leads_to_the_code() {
    let server = Server::start("moves the clock");
    let waiting = device::begin(&server, &TV).await;
    let browser = server.browser();
    let page = waiting.scan(&browser).await;
    let address = page.url.to_string();
    server.advance(AN_HOUR).await;
    let page = browser.http().get(&address).await;
    assert_eq!(links(&page), ["/activate"]);
}
