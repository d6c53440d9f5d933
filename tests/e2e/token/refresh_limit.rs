//! 200 live refresh tokens per user and application; the next login ends the oldest.

use harness::{
    Server, Tokens,
    apps::{AUDITOR, SPA_LEEWAY, SPA_STRICT, User},
    assert_unknown_refresh_token,
    flow::form_encoded,
};
use tokio::task::JoinSet;

#[harness::test]
async fn the_201st_login_ends_the_oldest_token_and_no_other() {
    let server = Server::shared();
    let user = server.fresh_user();
    let browser = server.browser();
    let login = || server.login(&SPA_STRICT).user(&user).browser(&browser);
    let elsewhere = server
        .login(&SPA_LEEWAY)
        .user(&user)
        .browser(&browser)
        .refresh_token()
        .await;

    let oldest = login().refresh_token().await;
    let second = login().with("prompt", "none").refresh_token().await;
    for _ in 2..199 {
        login().with("prompt", "none").refresh_token().await;
    }
    // A revoked token no longer counts, and a family counts once however often it was rotated.
    let revoked = login().with("prompt", "none").refresh_token().await;
    let answer = server.revoke(&SPA_STRICT, &revoked).await;
    assert_eq!(answer.status, 200, "{answer}");
    let oldest = server.rotated(&SPA_STRICT, &oldest).await;
    login().with("prompt", "none").refresh_token().await;
    let oldest = server.rotated(&SPA_STRICT, &oldest).await;
    login().with("prompt", "none").refresh_token().await;

    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &oldest).await);
    server.rotated(&SPA_STRICT, &second).await;
    server.rotated(&SPA_LEEWAY, &elsewhere).await;
}

/// Number of a user's live refresh tokens with an application.
async fn live(server: &Server, user: &User) -> usize {
    let (user, client) = (form_encoded(&user.id), SPA_STRICT.id);
    let list = format!("/api/v2/refresh-tokens?user_id={user}&client_id={client}&take=100");
    let (mut path, mut live) = (list.clone(), 0);
    loop {
        let page = server.shown(&AUDITOR, &path).await;
        live += page["refresh_tokens"].as_array().expect("a list").len();
        let Some(next) = page["next"].as_str() else {
            return live;
        };
        path = format!("{list}&from={next}");
    }
}

#[harness::test]
async fn exchanges_at_once_at_the_limit_all_succeed() {
    let server = Server::shared();
    let user = server.fresh_user();
    let browser = server.browser();
    let login = || server.login(&SPA_STRICT).user(&user).browser(&browser);
    login().refresh_token().await;
    for _ in 1..200 {
        login().with("prompt", "none").refresh_token().await;
    }
    assert_eq!(live(server, &user).await, 200);
    let mut codes = Vec::new();
    for _ in 0..8 {
        codes.push(login().with("prompt", "none").code().await);
    }
    let mut exchanges = JoinSet::new();
    for code in codes {
        let request = server.request_as(&server.http(), &code.app, "/oauth/token", &code.form());
        exchanges.spawn(harness::send(request));
    }
    for answer in exchanges.join_all().await {
        let token = Tokens::expect(answer).refresh_token();
        server.rotated(&SPA_STRICT, &token).await;
    }
    // A request that counts the families one by one may count one that a concurrent request counts again.
    let live = live(server, &user).await;
    assert!((192..=200).contains(&live), "{live} are live");
}
