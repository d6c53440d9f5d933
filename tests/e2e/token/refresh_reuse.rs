//! Superseded refresh tokens: the leeway, and the effect of reuse outside it.

use harness::{
    Server,
    apps::{SPA_LEEWAY, SPA_STRICT, THIRD_PARTY},
    assert_unknown_refresh_token,
};

#[harness::test]
async fn a_reused_token_ends_the_family() {
    let server = Server::shared();
    let user = server.fresh_user();
    let first = server.login(&SPA_STRICT).user(&user).refresh_token().await;
    let second = server.rotated(&SPA_STRICT, &first).await;

    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &first).await);
    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &second).await);
}

#[harness::test]
async fn an_ended_family_stays_ended() {
    let server = Server::shared();
    let user = server.fresh_user();
    let first = server.login(&SPA_LEEWAY).user(&user).refresh_token().await;
    let second = server.rotated(&SPA_LEEWAY, &first).await;
    let third = server.rotated(&SPA_LEEWAY, &second).await;
    assert_unknown_refresh_token(&server.refresh(&SPA_LEEWAY, &first).await);

    for _ in 0..2 {
        for token in [&first, &second, &third] {
            assert_unknown_refresh_token(&server.refresh(&SPA_LEEWAY, token).await);
        }
    }
}

#[harness::test]
async fn reuse_revokes_the_users_family_and_no_other() {
    let server = Server::shared();
    let (thief, bystander) = (server.fresh_user(), server.fresh_user());
    let others = server
        .login(&SPA_STRICT)
        .user(&bystander)
        .refresh_token()
        .await;
    let elsewhere = server.login(&SPA_LEEWAY).user(&thief).refresh_token().await;

    let first = server.login(&SPA_STRICT).user(&thief).refresh_token().await;
    server.rotated(&SPA_STRICT, &first).await;
    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &first).await);

    server.rotated(&SPA_STRICT, &others).await;
    server.rotated(&SPA_LEEWAY, &elsewhere).await;
}

#[harness::test]
async fn reuse_deletes_the_grant_so_that_consent_is_asked_again() {
    let server = Server::shared();
    let user = server.fresh_user();
    let browser = server.browser();
    let login = || server.login(&THIRD_PARTY).user(&user).browser(&browser);
    let first = login().refresh_token().await;
    login().with("prompt", "none").callback().await.code();

    server.rotated(&THIRD_PARTY, &first).await;
    assert_unknown_refresh_token(&server.refresh(&THIRD_PARTY, &first).await);

    let silent = login().with("prompt", "none").callback().await;
    silent.assert_error("consent_required", "Consent required");
}

#[harness::test]
async fn a_foreign_client_cannot_end_a_family_by_reuse() {
    let server = Server::shared();
    let user = server.fresh_user();
    let first = server.login(&SPA_STRICT).user(&user).refresh_token().await;
    let second = server.rotated(&SPA_STRICT, &first).await;
    assert_unknown_refresh_token(&server.refresh(&SPA_LEEWAY, &first).await);
    server.rotated(&SPA_STRICT, &second).await;
}

#[harness::test]
async fn a_retry_within_the_leeway_gets_the_same_successor() {
    let server = Server::shared();
    let first = server.login(&SPA_LEEWAY).refresh_token().await;
    let second = server.rotated(&SPA_LEEWAY, &first).await;
    for _ in 0..3 {
        let replay = server.refreshed(&SPA_LEEWAY, &first).await;
        assert_eq!(replay.refresh_token(), second);
        assert!(
            replay.has("access_token") && replay.has("id_token"),
            "{}",
            replay.body
        );
    }
    server.rotated(&SPA_LEEWAY, &second).await;
}

#[harness::test]
async fn the_leeway_covers_the_parent_of_each_new_token() {
    let server = Server::shared();
    let mut parent = server.login(&SPA_LEEWAY).refresh_token().await;
    for _ in 0..4 {
        let child = server.rotated(&SPA_LEEWAY, &parent).await;
        assert_eq!(server.rotated(&SPA_LEEWAY, &parent).await, child);
        parent = child;
    }
}

#[harness::test]
async fn a_grandparent_ends_the_family_even_inside_the_leeway() {
    let server = Server::shared();
    let user = server.fresh_user();
    let first = server.login(&SPA_LEEWAY).user(&user).refresh_token().await;
    let second = server.rotated(&SPA_LEEWAY, &first).await;
    let third = server.rotated(&SPA_LEEWAY, &second).await;

    assert_unknown_refresh_token(&server.refresh(&SPA_LEEWAY, &first).await);
    assert_unknown_refresh_token(&server.refresh(&SPA_LEEWAY, &third).await);
}

#[harness::test]
async fn a_parent_ends_the_family_after_the_leeway() {
    let server = Server::start("moves the clock");
    let first = server.login(&SPA_LEEWAY).refresh_token().await;
    let second = server.rotated(&SPA_LEEWAY, &first).await;
    server.advance(11).await;

    assert_unknown_refresh_token(&server.refresh(&SPA_LEEWAY, &first).await);
    assert_unknown_refresh_token(&server.refresh(&SPA_LEEWAY, &second).await);
}

#[harness::test]
async fn a_replay_does_not_move_the_leeway_window() {
    let server = Server::start("moves the clock");
    let first = server.login(&SPA_LEEWAY).refresh_token().await;
    let second = server.rotated(&SPA_LEEWAY, &first).await;
    server.advance(6).await;
    assert_eq!(server.rotated(&SPA_LEEWAY, &first).await, second);
    server.advance(5).await;

    assert_unknown_refresh_token(&server.refresh(&SPA_LEEWAY, &first).await);
    assert_unknown_refresh_token(&server.refresh(&SPA_LEEWAY, &second).await);
}

#[harness::test]
async fn the_live_token_needs_no_leeway() {
    let server = Server::start("moves the clock");
    let first = server.login(&SPA_LEEWAY).refresh_token().await;
    let second = server.rotated(&SPA_LEEWAY, &first).await;
    server.advance(3600).await;
    server.rotated(&SPA_LEEWAY, &second).await;
}
