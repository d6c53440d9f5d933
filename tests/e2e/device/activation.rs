//! `/activate`: from the code on a screen to the press that connects the device.

use harness::{
    Server, Tokens,
    apps::{API, ASKING_API, SPA_STRICT, TV, TV_PARTNER, User},
    assert_error_page, html,
};

use super::{
    assert_connected, assert_declined, assert_over, assert_shows, assert_wrong_code, begin,
    begin_with, claims, finish, press,
};

#[harness::test]
async fn a_person_types_the_code_confirms_logs_in_and_the_device_is_connected() {
    let server = Server::shared();
    let waiting = begin(server, &TV).await;
    let (browser, ada) = (server.browser(), User::ada());
    let page = browser.open("/activate").await.page_at("/activate");
    assert_eq!(html::input(&page.text(), "user_code")["value"], "");
    let typed = waiting.user_code.to_lowercase().replace('-', " ");
    let answer = browser.submit(&page, &[("user_code", &typed)]).await;
    let page = browser.follow(answer).await.page_at("/activate/confirm");
    assert_shows(&page, 200, &waiting.user_code);
    assert_shows(&page, 200, TV.name);
    let page = press(&browser, &page, "confirm").await.page_at("/u/login");
    let names: Vec<_> = page.url.query_pairs().map(|(name, _)| name).collect();
    assert_eq!(names, ["state"], "{}", page.url);
    assert_shows(&page, 200, TV.name);
    waiting.assert_pending(server).await;
    let answer = browser.log_in(&page, &ada.email, ada.password).await;
    let page = browser.follow(answer).await.page();
    assert_connected(&page, &TV);
    // A reload shows the same page.
    let again = browser.open(page.url.as_str()).await.page();
    assert_connected(&again, &TV);
    Tokens::expect(waiting.poll(server).await);
    let again = browser.open(page.url.as_str()).await.page();
    assert_connected(&again, &TV);
}

#[harness::test]
async fn a_link_leads_to_a_press_and_connects_nothing_by_itself() {
    let server = Server::shared();
    let waiting = begin(server, &TV).await;
    let browser = server.browser();
    server.login(&SPA_STRICT).browser(&browser).callback().await;
    let page = waiting.scan(&browser).await;
    assert_shows(&page, 200, &waiting.user_code);
    waiting.assert_pending(server).await;
    // A user with a session needs no password.
    assert_connected(&press(&browser, &page, "confirm").await.page(), &TV);
    Tokens::expect(waiting.poll(server).await);
}

#[harness::test]
async fn a_press_in_one_browser_does_not_count_in_another() {
    let server = Server::shared();
    let waiting = begin(server, &TV).await;
    let attacker = server.browser();
    let page = waiting.scan(&attacker).await;
    let confirmed = attacker.submit(&page, &[("action", "confirm")]).await;
    let link = confirmed.location().expect("a redirect");
    assert_eq!(link.path(), "/authorize/resume");

    let victim = server.browser();
    server.login(&SPA_STRICT).browser(&victim).callback().await;
    for _ in 0..2 {
        let page = victim
            .open(link.as_str())
            .await
            .page_at("/activate/confirm");
        assert_shows(&page, 200, &waiting.user_code);
        waiting.scan(&victim).await;
    }
    waiting.assert_pending(server).await;
}

#[harness::test]
async fn forms_belong_to_the_browser_that_was_shown_them() {
    let server = Server::shared();
    let waiting = begin(server, &TV).await;
    let (browser, other) = (server.browser(), server.browser());
    let text = "This form could not be matched with your browser.";
    let page = browser.open("/activate").await.page();
    let fields = [("user_code", waiting.user_code.as_str())];
    assert_error_page(&other.submit(&page, &fields).await, text);
    let page = waiting.scan(&browser).await;
    for action in ["confirm", "cancel"] {
        assert_error_page(&other.submit(&page, &[("action", action)]).await, text);
    }
    assert_error_page(
        &browser.submit(&page, &[("action", "what")]).await,
        "action",
    );
    waiting.assert_pending(server).await;
}

#[harness::test]
async fn a_wrong_code_is_refused_and_kept_in_the_form() {
    let server = Server::shared();
    let browser = server.browser();
    let page = browser.open("/activate").await.page();
    for wrong in ["BCDF-GHJK", "x", "é\"<", ""] {
        let page = browser.submit(&page, &[("user_code", wrong)]).await;
        assert_wrong_code(&page);
        assert_eq!(html::input(&page.text(), "user_code")["value"], wrong);
    }
    let page = browser.open("/activate?user_code=BCDF-GHJK").await.page();
    assert_wrong_code(&page);
}

#[harness::test]
async fn cancelling_declines_the_device_code_for_good() {
    let server = Server::shared();
    let waiting = begin(server, &TV).await;
    let browser = server.browser();
    let page = waiting.scan(&browser).await;
    for _ in 0..2 {
        let end = press(&browser, &page, "cancel").await.page();
        assert_shows(&end, 200, "The device was not connected");
    }
    for _ in 0..2 {
        assert_declined(&waiting.poll(server).await);
    }
    assert_over(&press(&browser, &page, "confirm").await.page());
    assert_wrong_code(&browser.open(&waiting.link).await.page());
}

#[harness::test]
async fn a_third_party_has_to_ask_and_is_remembered() {
    let server = Server::shared();
    let user = server.fresh_user();
    let browser = server.browser();
    let first = begin(server, &TV_PARTNER).await;
    let page = first.scan(&browser).await;
    let page = press(&browser, &page, "confirm").await.page_at("/u/login");
    let answer = browser.log_in(&page, &user.email, user.password).await;
    let page = browser.follow(answer).await.page_at("/u/consent");
    assert_shows(&page, 200, TV_PARTNER.name);
    assert_shows(&page, 200, "read and write your orders");
    let end = press(&browser, &page, "accept").await.page();
    assert_connected(&end, &TV_PARTNER);
    Tokens::expect(first.poll(server).await).refresh_token();

    let second = begin(server, &TV_PARTNER).await;
    let page = second.scan(&browser).await;
    let end = press(&browser, &page, "confirm").await.page();
    assert_connected(&end, &TV_PARTNER);
}

#[harness::test]
async fn declining_consent_declines_the_device_code() {
    let server = Server::shared();
    let user = server.fresh_user();
    let waiting = begin(server, &TV_PARTNER).await;
    let browser = server.browser();
    let page = waiting.scan(&browser).await;
    let page = press(&browser, &page, "confirm").await.page_at("/u/login");
    let answer = browser.log_in(&page, &user.email, user.password).await;
    let page = browser.follow(answer).await.page_at("/u/consent");
    let end = press(&browser, &page, "deny").await.page();
    assert_shows(&end, 200, "The device was not connected");
    assert_declined(&waiting.poll(server).await);
}

#[harness::test]
async fn a_first_party_asks_only_where_the_api_wants_it() {
    let server = Server::shared();
    let user = server.fresh_user();
    let browser = server.browser();
    server
        .login(&SPA_STRICT)
        .user(&user)
        .browser(&browser)
        .callback()
        .await;
    for (audience, scope, path) in [
        (ASKING_API, "openid read:diary", "/u/consent"),
        (API, "openid read:orders", "/authorize/resume"),
        ("", "openid email", "/authorize/resume"),
    ] {
        let form = [("audience", audience), ("scope", scope)];
        let waiting = begin_with(server, &TV, &form).await;
        let page = waiting.scan(&browser).await;
        press(&browser, &page, "confirm").await.page_at(path);
    }
}

#[harness::test]
async fn a_code_is_confirmed_once() {
    let server = Server::shared();
    let waiting = begin(server, &TV).await;
    let (ada, zoe) = (User::ada(), User::zoe());
    let late = server.browser();
    let page = waiting.scan(&late).await;
    let login = press(&late, &page, "confirm").await;
    waiting.connect(server, &ada).await;
    assert_over(&finish(&late, login, &zoe).await);
    assert_over(&late.open(page.url.as_str()).await.page());
    assert_wrong_code(&server.browser().open(&waiting.link).await.page());
    let tokens = Tokens::expect(waiting.poll(server).await);
    assert_eq!(claims(&tokens.id_token())["sub"], ada.id);
}

#[harness::test]
async fn a_blocked_user_cannot_connect_a_device_and_another_user_can() {
    let server = Server::shared();
    let waiting = begin(server, &TV).await;
    let browser = server.browser();
    let page = waiting.scan(&browser).await;
    let login = press(&browser, &page, "confirm").await;
    let end = finish(&browser, login, &User::blocked()).await;
    assert_error_page(&end, "user is blocked");
    waiting.assert_pending(server).await;
    waiting.connect_in(&browser, &User::ada()).await;
}

#[harness::test]
async fn a_wrong_password_stays_on_the_way_to_the_device() {
    let server = Server::shared();
    let waiting = begin(server, &TV).await;
    let browser = server.browser();
    let page = waiting.scan(&browser).await;
    let page = press(&browser, &page, "confirm").await.page_at("/u/login");
    let wrong = browser.log_in(&page, "ada@example.com", "wrong").await;
    assert_shows(&wrong, 400, "Wrong email or password.");
    let ada = User::ada();
    let answer = browser.log_in(&wrong, &ada.email, ada.password).await;
    assert_connected(&browser.follow(answer).await.page(), &TV);
}

#[harness::test]
async fn guesses_of_user_codes_are_rate_limited() {
    let server = Server::start("uses up the caller's guesses");
    let waiting = begin(&server, &TV).await;
    let browser = server.browser();
    for _ in 0..100 {
        let page = browser.open("/activate?user_code=BCDF-GHJK").await.page();
        assert_eq!(page.status, 400, "{page}");
    }
    let refused = browser.open(&waiting.link).await.page();
    assert_shows(&refused, 429, "Too many requests.");
    let wait = refused.header("retry-after").unwrap_or_default();
    assert!(
        wait.parse().is_ok_and(|wait: u64| (1..=6).contains(&wait)),
        "{refused}"
    );
    server.advance(6).await;
    waiting.scan(&browser).await;
}
