//! 200 live refresh tokens per user and application; the next login ends the oldest.

use e2e::{
    Server,
    apps::{SPA_LEEWAY, SPA_STRICT},
    assert_unknown_refresh_token,
};

#[tokio::test]
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
    // A revoked token no longer counts, and a family counts once however often it rotated.
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
