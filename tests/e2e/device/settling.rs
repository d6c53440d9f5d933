//! From a confirmed code to tokens: exactly once, completely, and for the right user.

use harness::{
    Faulty, Launch, Server, Tokens,
    apps::{API, OPERATOR, RBAC_API, SPA_STRICT, TV, TV_PARTNER, User},
    assert_unknown_refresh_token,
    assertions::assert_unavailable,
    flow::{SCOPE, form_encoded},
    proxy::{Effect, Fault, WRITES},
};

use reqwest::Method;

use super::{assert_connected, assert_invalid, begin, begin_with, claims, poll_at_once, press};

#[harness::test]
async fn the_tokens_are_those_of_the_user_and_the_session_that_confirmed() {
    let server = Server::shared();
    let browser = server.browser();
    let web = server.login(&SPA_STRICT).browser(&browser).tokens().await;
    let waiting = begin(server, &TV).await;
    let page = waiting.scan(&browser).await;
    assert_connected(&press(&browser, &page, "confirm").await.page(), &TV);
    let tokens = Tokens::expect(waiting.poll(server).await);
    assert_eq!(tokens.body["token_type"], "Bearer");
    assert_eq!(tokens.body["expires_in"], 86_400);
    assert_eq!(tokens.scope(), harness::flow::scopes(SCOPE));

    let (here, there) = (claims(&tokens.id_token()), claims(&web.id_token()));
    assert_eq!(here["sub"], User::ada().id);
    assert_eq!(here["aud"], TV.id);
    assert_eq!(here["sid"], there["sid"]);
    assert!(here.get("nonce").is_none(), "{here}");
    let access = claims(&tokens.access_token());
    assert_eq!(
        (&access["azp"], &access["sub"]),
        (&here["aud"], &here["sub"])
    );

    let next = server.refreshed(&TV, &tokens.refresh_token()).await;
    assert_eq!(claims(&next.id_token())["sub"], here["sub"]);
    let userinfo = server
        .http()
        .get_with_bearer("/userinfo", &next.access_token())
        .await;
    assert_eq!(userinfo.json()["email"], User::ada().email, "{userinfo}");
}

#[harness::test]
async fn revoking_the_refresh_token_makes_the_device_ask_again() {
    let server = Server::shared();
    let waiting = begin(server, &TV).await;
    waiting.connect(server, &User::ada()).await;
    let token = Tokens::expect(waiting.poll(server).await).refresh_token();
    let token = server.rotated(&TV, &token).await;
    assert_eq!(server.revoke(&TV, &token).await.status, 200);
    assert_unknown_refresh_token(&server.refresh(&TV, &token).await);
    assert_invalid(&waiting.poll(server).await);
    let again = begin(server, &TV).await;
    again.connect(server, &User::ada()).await;
    Tokens::expect(again.poll(server).await);
}

#[harness::test]
async fn a_device_without_an_api_gets_a_token_for_userinfo() {
    let server = Server::shared();
    let waiting = begin_with(server, &TV, &[("scope", "openid email")]).await;
    waiting.connect(server, &User::ada()).await;
    let tokens = Tokens::expect(waiting.poll(server).await);
    assert!(!tokens.has("refresh_token"), "{}", tokens.body);
    let http = server.http();
    let userinfo = http
        .get_with_bearer("/userinfo", &tokens.access_token())
        .await;
    assert_eq!(userinfo.json()["email"], User::ada().email, "{userinfo}");
}

#[harness::test]
async fn of_many_polls_at_once_one_gets_the_tokens_and_keeps_them() {
    let server = Server::shared();
    let user = server.fresh_user();
    for form in [
        vec![("scope", SCOPE), ("audience", API)],
        vec![("scope", "openid")],
    ] {
        let waiting = begin_with(server, &TV, &form).await;
        waiting.connect(server, &user).await;
        let answers = poll_at_once(server, &waiting, 16).await;
        let (good, bad): (Vec<_>, Vec<_>) =
            answers.into_iter().partition(|answer| answer.status == 200);
        assert_eq!((good.len(), bad.len()), (1, 15));
        bad.iter().for_each(assert_invalid);
        for tokens in good.into_iter().map(Tokens::expect) {
            if tokens.has("refresh_token") {
                server.rotated(&TV, &tokens.refresh_token()).await;
            }
        }
    }
}

#[harness::test]
async fn a_user_who_was_blocked_or_deleted_meanwhile_gives_no_tokens() {
    let server = Server::start("blocks and deletes a user");
    let zoe = User::zoe();
    let waiting = begin(&server, &TV).await;
    waiting.connect(&server, &zoe).await;
    server.set_blocked(&zoe, true).await;
    let blocked = waiting.poll(&server).await;
    harness::assert_oauth_error(&blocked, 403, "invalid_grant", "user is blocked");
    server.delete_user(&zoe).await;
    assert_invalid(&waiting.poll(&server).await);
}

#[harness::test]
async fn an_approval_ends_with_the_session_that_it_was_given_in() {
    let server = Server::shared();
    let browser = server.browser();
    let waiting = begin(server, &TV).await;
    waiting.connect_in(&browser, &User::ada()).await;
    browser.http().get("/v2/logout").await;
    assert_invalid(&waiting.poll(server).await);
}

#[harness::test]
async fn a_device_code_survives_a_store_that_is_down() {
    let Faulty { server, proxy, .. } = &Faulty::start();
    let waiting = begin(server, &TV).await;
    waiting.connect(server, &User::ada()).await;
    for effect in [Effect::Refuse, Effect::Throttle, Effect::Fail] {
        proxy.break_with(Fault::always(effect));
        assert_unavailable(&waiting.poll(server).await);
        assert!(proxy.mend() > 0, "{effect:?} hit nothing");
        proxy.break_with(Fault::always(effect).on(WRITES));
        assert_unavailable(&waiting.poll(server).await);
        assert!(proxy.mend() > 0, "{effect:?} hit nothing");
    }
    let tokens = Tokens::expect(waiting.poll(server).await);
    server.rotated(&TV, &tokens.refresh_token()).await;
}

#[harness::test]
async fn an_exchange_whose_answer_the_store_loses_once_still_gives_the_tokens() {
    let Faulty { server, proxy, .. } = &Faulty::start();
    let lose = |operations| {
        proxy.break_with(Fault::always(Effect::LoseAnswer).on(operations).times(1));
    };
    // The write that counts a family precedes the transaction of the exchange.
    for (scope, exchange) in [(SCOPE, &["TransactWriteItems"][..]), ("openid", WRITES)] {
        let waiting = begin_with(server, &TV, &[("scope", scope), ("audience", API)]).await;
        lose(WRITES);
        waiting.assert_pending(server).await;
        assert_eq!(proxy.mend(), 1, "no answer was lost");
        waiting.connect(server, &User::ada()).await;
        lose(exchange);
        Tokens::expect(waiting.poll(server).await);
        assert_eq!(proxy.mend(), 1, "no answer was lost");
        assert_invalid(&waiting.poll(server).await);
    }
}

#[harness::test]
async fn a_confirmation_whose_answer_the_store_loses_once_counts() {
    let Faulty { server, proxy, .. } = &Faulty::start();
    let browser = server.browser();
    server.login(&SPA_STRICT).browser(&browser).callback().await;
    for action in ["confirm", "cancel"] {
        let waiting = begin(server, &TV).await;
        let page = waiting.scan(&browser).await;
        proxy.break_with(Fault::always(Effect::LoseAnswer).on(WRITES).times(1));
        let end = press(&browser, &page, action).await.page();
        assert_eq!(proxy.mend(), 1, "no answer was lost");
        if action == "confirm" {
            assert_connected(&end, &TV);
            Tokens::expect(waiting.poll(server).await);
        } else {
            super::assert_shows(&end, 200, "The device was not connected");
            super::assert_declined(&waiting.poll(server).await);
        }
    }
}

#[harness::test]
async fn neither_code_is_logged() {
    let launch = Launch::new().env("RUST_LOG", "trace,hyper=info,aws=info,h2=info");
    let server = launch.start("reads the server's log");
    let waiting = begin(&server, &TV).await;
    waiting.assert_pending(&server).await;
    waiting.connect(&server, &User::ada()).await;
    Tokens::expect(waiting.poll(&server).await);
    assert_invalid(&waiting.poll(&server).await);
    let bare = waiting.user_code.replace('-', "");
    let log = server.stop();
    for code in [&waiting.device_code, &waiting.user_code, &bare] {
        assert!(!log.contains(code), "`{code}` in the log");
    }
    for event in ["sede", "fede"] {
        assert!(log.contains(event), "no `{event}` in the log");
    }
}

#[harness::test]
async fn consent_that_was_withdrawn_before_the_device_polled_gives_it_nothing() {
    let server = Server::shared();
    let user = server.fresh_user();
    let waiting = begin(server, &TV_PARTNER).await;
    assert_connected(&waiting.connect(server, &user).await, &TV_PARTNER);
    let token = server.management_token(&OPERATOR).await;
    let path = format!("/api/v2/grants?user_id={}", form_encoded(&user.id));
    let request = server.http().request(Method::DELETE, &path);
    let answer = harness::send(request.bearer_auth(token)).await;
    assert_eq!(answer.status, 204, "{answer}");
    assert_invalid(&waiting.poll(server).await);
}

#[harness::test]
async fn a_device_gets_no_more_than_its_user_may() {
    let server = Server::shared();
    let asked = "openid offline_access read:reports write:reports";
    let form = [("scope", asked), ("audience", RBAC_API)];
    let waiting = begin_with(server, &TV, &form).await;
    waiting.connect(server, &User::reader()).await;
    let tokens = Tokens::expect(waiting.poll(server).await);
    let expected = harness::scopes("openid offline_access read:reports");
    assert_eq!(tokens.scope(), expected);
    let next = server.refreshed(&TV, &tokens.refresh_token()).await;
    assert_eq!(next.scope(), expected);
}
