//! Concurrent requests for the same thing.

use harness::{
    Answer, INVALID_CODE, Server, Tokens,
    apps::{App, SPA_LEEWAY, SPA_STRICT, WEB_CLASSIC},
    assert_oauth_error, assert_unknown_refresh_token, http,
};
use tokio::task::JoinSet;

/// Sends the same form this many times at once.
async fn at_once(server: &Server, app: &App, form: &[(&str, &str)], times: usize) -> Vec<Answer> {
    let client = server.http();
    let mut requests = JoinSet::new();
    for _ in 0..times {
        requests.spawn(http::send(server.request_as(
            &client,
            app,
            "/oauth/token",
            form,
        )));
    }
    requests.join_all().await
}

async fn refresh_at_once(server: &Server, app: &App, token: &str, times: usize) -> Vec<Answer> {
    let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
    at_once(server, app, &form, times).await
}

#[harness::test]
async fn with_leeway_64_exchanges_of_one_token_give_one_successor() {
    let server = Server::shared();
    let token = server.login(&SPA_LEEWAY).refresh_token().await;
    let answers = refresh_at_once(server, &SPA_LEEWAY, &token, 64).await;
    assert_eq!(answers.len(), 64);

    let mut successors: Vec<String> = answers
        .into_iter()
        .map(|answer| Tokens::expect(answer).refresh_token())
        .collect();
    successors.dedup();
    assert_eq!(successors.len(), 1, "{successors:#?}");
    assert_ne!(successors[0], token);
    server.rotated(&SPA_LEEWAY, &successors[0]).await;
}

#[harness::test]
async fn without_leeway_one_of_64_exchanges_succeeds_and_the_family_ends() {
    let server = Server::shared();
    let user = server.fresh_user();
    let token = server.login(&SPA_STRICT).user(&user).refresh_token().await;
    let answers = refresh_at_once(server, &SPA_STRICT, &token, 64).await;

    let (good, bad): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((good.len(), bad.len()), (1, 63));
    for answer in &bad {
        assert_unknown_refresh_token(answer);
    }
    let winner = good
        .into_iter()
        .map(Tokens::expect)
        .map(|tokens| tokens.refresh_token());
    for token in winner.chain([token]) {
        assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &token).await);
    }
}

#[harness::test]
async fn a_non_rotating_token_serves_concurrent_refreshes() {
    let server = Server::shared();
    let token = server.login(&WEB_CLASSIC).refresh_token().await;
    for answer in refresh_at_once(server, &WEB_CLASSIC, &token, 32).await {
        assert!(!Tokens::expect(answer).has("refresh_token"));
    }
}

#[harness::test]
async fn one_code_is_exchanged_once_however_many_try() {
    let server = Server::shared();
    let user = server.fresh_user();
    let code = server.login(&SPA_STRICT).user(&user).code().await;
    let answers = at_once(server, &SPA_STRICT, &code.form(), 16).await;

    let (good, bad): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(good.len(), 1);
    for answer in &bad {
        assert_oauth_error(answer, 403, "invalid_grant", INVALID_CODE);
    }
    for tokens in good.into_iter().map(Tokens::expect) {
        let answer = server.refresh(&SPA_STRICT, &tokens.refresh_token()).await;
        assert_unknown_refresh_token(&answer);
    }
}

#[harness::test]
async fn families_of_one_user_do_not_disturb_each_other() {
    let server = Server::shared();
    let user = server.fresh_user();
    let browser = server.browser();
    let mut requests = JoinSet::new();
    for _ in 0..16 {
        let login = server.login(&SPA_STRICT).user(&user).browser(&browser);
        let token = login.refresh_token().await;
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token.as_str()),
        ];
        let client = server.http();
        requests.spawn(http::send(server.request_as(
            &client,
            &SPA_STRICT,
            "/oauth/token",
            &form,
        )));
    }
    for answer in requests.join_all().await {
        Tokens::expect(answer).refresh_token();
    }
}

#[harness::test]
async fn after_a_revocation_is_acknowledged_no_token_of_the_family_yields_anything() {
    let server = Server::shared();
    for _ in 0..8 {
        let user = server.fresh_user();
        let token = server.login(&SPA_LEEWAY).user(&user).refresh_token().await;
        let client = server.http();
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token.as_str()),
        ];
        let refresh = || http::send(server.request_as(&client, &SPA_LEEWAY, "/oauth/token", &form));
        let revoke = http::send(server.request_as(
            &client,
            &SPA_LEEWAY,
            "/oauth/revoke",
            &[("token", token.as_str())],
        ));
        let mut racing = JoinSet::new();
        for _ in 0..4 {
            racing.spawn(refresh());
        }
        let revocation = tokio::spawn(revoke);
        for _ in 0..4 {
            racing.spawn(refresh());
        }
        let acknowledged = revocation.await.expect("the request was made");
        assert_eq!(acknowledged.status, 200, "{acknowledged}");

        let mut known = vec![token.clone()];
        for answer in racing.join_all().await {
            if answer.status == 200 {
                known.push(Tokens::expect(answer).refresh_token());
            } else {
                assert_unknown_refresh_token(&answer);
            }
        }
        for token in known {
            assert_unknown_refresh_token(&server.refresh(&SPA_LEEWAY, &token).await);
        }
    }
}
