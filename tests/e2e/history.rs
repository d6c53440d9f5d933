//! The cost of a login does not grow with the number of the user's earlier logins.

use std::collections::BTreeMap;

use harness::{
    Answer, Cost, Faulty, Launch, Server, Tokens,
    apps::{API, AUDITOR, OPERATOR, PW_NATIVE, SPA_LEEWAY, SPA_STRICT, TV, User},
    assert_unknown_refresh_token,
    families::{begun_earlier, copy_of, ended_earlier, expired},
    http,
    management::{assert_empty, assert_management_error, of_user},
    proxy::{Effect, Fault},
};
use reqwest::Method;
use tokio::task::block_in_place;

use crate::device::begin;

const REASON: &str = "reads and writes the store";

/// The cost of a request, without signatures.
#[track_caller]
fn cost_of(answer: &Answer) -> Cost {
    assert_eq!(answer.status, 200, "{answer}");
    Cost {
        sign_calls: 0.0,
        ..answer.cost()
    }
}

/// The cost of the last request of a login, for each way to a refresh token.
async fn costs(server: &Server, user: &User) -> BTreeMap<&'static str, Cost> {
    let code = server.login(&SPA_STRICT).user(user).code().await;
    let code = server.exchange(&code).await;

    let waiting = begin(server, &TV).await;
    waiting.connect(server, user).await;
    let device = waiting.poll(server).await;

    let form = [
        ("grant_type", "password"),
        ("username", user.email.as_str()),
        ("password", user.password),
        ("audience", API),
        ("scope", "openid offline_access read:orders"),
    ];
    let password = server.token(&PW_NATIVE, &form).await;
    [("code", code), ("device", device), ("password", password)]
        .into_iter()
        .map(|(name, answer)| (name, cost_of(&answer)))
        .collect()
}

#[harness::test]
async fn a_login_costs_the_same_after_five_thousand_families() {
    let launch = Launch::new().option("--dynamodb-port", "0");
    let server = launch.start(REASON);
    let ada = User::ada();
    // Loads client and keys into memory, and creates one family of the user for each application.
    costs(&server, &ada).await;
    let before = costs(&server, &ada).await;

    server.login(&SPA_LEEWAY).refresh_token().await;
    let mut history = Vec::new();
    for item in server.family_items(&ada).await {
        let elsewhere = item["client_id"]["S"] == SPA_LEEWAY.id;
        if elsewhere {
            history.extend((0..2_000).map(|n| copy_of(&item, n)));
            history.extend((0..1_500).map(|n| ended_earlier(item.clone(), n)));
        } else {
            history.extend((0..250).map(|n| expired(copy_of(&item, n))));
        }
    }
    assert_eq!(history.len(), 5_000);
    server.put_items(&history).await;
    assert_eq!(costs(&server, &ada).await, before);
}

/// Sixteen days in seconds; the idle lifetime in the tests' tenant is fifteen days.
const LONGER_THAN_IDLE: u64 = 16 * 86_400;

#[harness::test]
async fn expired_families_do_not_count() {
    let server = Server::start("moves the clock");
    let user = User::ada();
    let browser = server.browser();
    let login = || server.login(&SPA_STRICT).user(&user).browser(&browser);
    login().refresh_token().await;
    for _ in 1..150 {
        login().with("prompt", "none").refresh_token().await;
    }
    server.advance(LONGER_THAN_IDLE).await;
    let browser = server.browser();
    let login = || server.login(&SPA_STRICT).user(&user).browser(&browser);
    let first = login().refresh_token().await;
    for _ in 1..100 {
        login().with("prompt", "none").refresh_token().await;
    }
    server.rotated(&SPA_STRICT, &first).await;
}

#[harness::test]
async fn the_next_call_ends_what_a_call_out_of_time_left() {
    let launch = Launch::new().option("--dynamodb-port", "0");
    let server = launch.option("--test-request-time", "0").start(REASON);
    let ada = User::ada();
    let token = server.login(&SPA_STRICT).refresh_token().await;
    let items = server.family_items(&ada).await;
    let [item] = items.as_slice() else {
        panic!("{items:?}");
    };
    let grants = server.shown(&AUDITOR, &grants_of(&ada)).await;
    let grant = format!(
        "/api/v2/grants/{}",
        grants[0]["id"].as_str().expect("a text")
    );
    for path in [of_user(&ada, "/refresh-tokens"), grant] {
        let copies: Vec<_> = (0..450).map(|n| copy_of(item, n)).collect();
        server.put_items(&copies).await;
        let all = server.family_items(&ada).await.len();
        let mut calls = 0;
        let last = loop {
            calls += 1;
            let answer = server.manage(&OPERATOR, Method::DELETE, &path).await;
            if answer.status != 503 {
                break answer;
            }
            assert_management_error(
                &answer,
                503,
                "Service Unavailable",
                "The service is temporarily unavailable. Please try again.",
                "temporarily_unavailable",
            );
            assert!(answer.header("retry-after").is_some(), "{answer}");
            let left = server.family_items(&ada).await.len();
            assert_eq!(left, all - 200 * calls, "each call ends as many as it can");
        };
        assert_eq!(calls, 3);
        assert!((200..300).contains(&last.status), "{last}");
        assert!(server.family_items(&ada).await.is_empty());
    }
    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &token).await);
    let log = server.stop();
    let said = "out of time after 200 families of refresh tokens have ended: the next call goes on";
    assert_eq!(log.matches(said).count(), 4, "{log}");
    assert_eq!(
        log.matches("refresh_token_family_ended").count(),
        901,
        "{log}"
    );
}

fn grants_of(user: &User) -> String {
    let user = harness::flow::form_encoded(&user.id);
    format!("/api/v2/grants?user_id={user}")
}

/// Families as version 0.1 stored them.
#[harness::test]
async fn families_of_an_earlier_version_are_used_listed_and_ended() {
    let launch = Launch::new().option("--dynamodb-port", "0");
    let server = launch.start(REASON);
    let ada = User::ada();
    let list = of_user(&ada, "/refresh-tokens");
    let shown = async || {
        let page = server.shown(&AUDITOR, &list).await;
        page["tokens"].as_array().expect("a list").len()
    };
    let item = {
        server.login(&SPA_STRICT).refresh_token().await;
        server.family_items(&ada).await.remove(0)
    };
    assert_empty(&server.manage(&OPERATOR, Method::DELETE, &list).await, 202);
    let earlier: Vec<_> = (1..=3).map(|n| begun_earlier(item.clone(), n)).collect();
    server.put_items(&earlier).await;
    assert_eq!(shown().await, 3);

    let ids = server.shown(&AUDITOR, &list).await;
    let id = ids["tokens"][0]["id"].as_str().expect("a text");
    let one = format!("/api/v2/refresh-tokens/{id}");
    assert_eq!(server.shown(&AUDITOR, &one).await["id"], id);
    assert_empty(&server.manage(&OPERATOR, Method::DELETE, &one).await, 202);
    assert_eq!(shown().await, 2);
    assert_empty(&server.manage(&OPERATOR, Method::DELETE, &list).await, 202);
    assert_eq!(shown().await, 0);
}

#[harness::test]
async fn a_token_of_an_earlier_version_is_refreshed_revoked_and_caught_when_it_is_reused() {
    let launch = Launch::new().option("--dynamodb-port", "0");
    let server = launch.start(REASON);
    let user = User::ada();
    let login = async || {
        let login = server.login(&SPA_STRICT).without("audience");
        let tokens = login.scope("openid offline_access").tokens().await;
        let items = server.family_items(&user).await;
        let [item] = items.as_slice() else {
            panic!("{items:?}");
        };
        server.store_as_earlier(item).await;
        tokens
    };
    let userinfo = async |tokens: &Tokens| {
        let request = server.http().request(Method::GET, "/userinfo");
        harness::send(request.bearer_auth(tokens.access_token()))
            .await
            .status
    };
    let tokens = login().await;
    assert_eq!(userinfo(&tokens).await, 200);
    let first = tokens.refresh_token();
    let second = server.rotated(&SPA_STRICT, &first).await;
    let third = server.rotated(&SPA_STRICT, &second).await;
    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &first).await);
    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &third).await);
    assert_eq!(userinfo(&tokens).await, 401);
    assert!(server.family_items(&user).await.is_empty());

    let tokens = login().await;
    let token = server.rotated(&SPA_STRICT, &tokens.refresh_token()).await;
    let answer = server.revoke(&SPA_STRICT, &token).await;
    assert_eq!(answer.status, 200, "{answer}");
    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &token).await);
    assert_eq!(userinfo(&tokens).await, 401);
    assert!(server.family_items(&user).await.is_empty());
}

#[harness::test(flavor = "multi_thread")]
async fn a_login_beside_the_end_of_all_families_leaves_room_for_the_next_ones() {
    let faulty = Faulty::start();
    let server: &Server = &faulty.server;
    let browser = server.browser();
    let login = || server.login(&SPA_STRICT).browser(&browser);
    login().refresh_token().await;
    for _ in 1..200 {
        login().with("prompt", "none").refresh_token().await;
    }
    let token = server.management_token(&OPERATOR).await;
    let deletion = server
        .http()
        .request(Method::DELETE, &grants_of(&User::ada()));
    // All eight requests, with 25 families each.
    let all = Fault::always(Effect::Hold).on(&["BatchWriteItem"]);
    faulty.proxy.break_with(all.times(8));
    let held = tokio::spawn(http::send(deletion.bearer_auth(token)));
    block_in_place(|| faulty.proxy.wait_for_hit());
    // Counts the families that are about to end.
    login().with("prompt", "none").refresh_token().await;
    let deleted = faulty.release(held).await;
    assert_eq!(deleted.status, 204, "{deleted}");
    let mut begun = Vec::new();
    for _ in 0..3 {
        begun.push(login().with("prompt", "none").refresh_token().await);
    }
    for token in begun {
        server.rotated(&SPA_STRICT, &token).await;
    }
}
