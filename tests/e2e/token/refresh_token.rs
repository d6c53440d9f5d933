//! `grant_type=refresh_token` (RFC 6749 section 6): the answer to a valid refresh, and the rejected ones.

use harness::{
    Server, Tokens,
    apps::{
        API, ONLINE_API, SPA_LEEWAY, SPA_STRICT, User, WEB_BASIC, WEB_CLASSIC, WEB_KEY, WEB_POST,
    },
    assert_oauth_error, assert_unknown_refresh_token, jwt, scopes,
};
use serde_json::json;

#[harness::test]
async fn a_rotating_token_becomes_new_tokens() {
    let server = Server::shared();
    let first = server.login(&SPA_STRICT).tokens().await;
    let second = server.refreshed(&SPA_STRICT, &first.refresh_token()).await;

    assert_ne!(second.refresh_token(), first.refresh_token());
    assert!(
        second.refresh_token().starts_with("rt1_"),
        "{}",
        second.body
    );
    assert_eq!(second.body["token_type"], "Bearer");
    assert_eq!(second.body["expires_in"], 86_400);
    assert_eq!(second.scope(), first.scope());
    assert!(jwt::is_jws(&second.access_token()));
    assert!(jwt::is_jws(&second.id_token()));
}

#[harness::test]
async fn every_kind_of_client_refreshes_again_and_again() {
    let server = Server::shared();
    for app in [SPA_STRICT, SPA_LEEWAY, WEB_POST, WEB_BASIC, WEB_KEY] {
        let mut token = server.login(&app).refresh_token().await;
        for _ in 0..5 {
            token = server.rotated(&app, &token).await;
        }
    }
}

#[harness::test]
async fn a_non_rotating_token_stays_and_is_not_repeated() {
    let server = Server::shared();
    let token = server.login(&WEB_CLASSIC).refresh_token().await;
    for _ in 0..3 {
        let tokens = server.refreshed(&WEB_CLASSIC, &token).await;
        assert!(!tokens.has("refresh_token"), "{}", tokens.body);
        assert!(tokens.has("id_token"), "{}", tokens.body);
    }
}

#[harness::test]
async fn json_with_nulls_and_empty_texts_is_as_good_as_a_form() {
    let server = Server::shared();
    let token = server.login(&WEB_POST).refresh_token().await;
    let body = json!({
        "grant_type": "refresh_token",
        "client_id": WEB_POST.id,
        "client_secret": WEB_POST.secret(),
        "refresh_token": token,
        "scope": "",
        "audience": null,
        "realm": null,
        "organization": null,
        "redirect_uri": null,
    });
    let answer = server.http().post_json("/oauth/token", &body).await;
    let asked = "openid profile email offline_access read:orders write:orders";
    assert_eq!(Tokens::expect(answer).scope(), scopes(asked));
}

#[harness::test]
async fn empty_form_fields_are_absent() {
    let server = Server::shared();
    let first = server.login(&SPA_STRICT).tokens().await;
    let more = [("scope", ""), ("audience", ""), ("client_secret", "")];
    let answer = server
        .refresh_with(&SPA_STRICT, &first.refresh_token(), &more)
        .await;
    assert_eq!(Tokens::expect(answer).scope(), first.scope());
}

#[harness::test]
async fn unknown_parameters_are_ignored() {
    let server = Server::shared();
    let token = server.login(&SPA_STRICT).refresh_token().await;
    let more = [
        ("redirect_uri", "https://app.example.com/callback"),
        ("organization", "org_1"),
        ("max_age", "1"),
        ("prompt", "none"),
        ("anything", "else"),
    ];
    Tokens::expect(server.refresh_with(&SPA_STRICT, &token, &more).await);
}

#[harness::test]
async fn a_narrower_scope_narrows_one_answer_only() {
    let server = Server::shared();
    let first = server.login(&SPA_STRICT).tokens().await;
    let more = [("scope", "openid read:orders")];
    let narrow = Tokens::expect(
        server
            .refresh_with(&SPA_STRICT, &first.refresh_token(), &more)
            .await,
    );
    assert_eq!(narrow.scope(), scopes("openid read:orders"));
    let (_, claims) = jwt::peek(&narrow.access_token());
    assert_eq!(
        scopes(claims["scope"].as_str().unwrap_or_default()),
        narrow.scope()
    );

    let full = server.refreshed(&SPA_STRICT, &narrow.refresh_token()).await;
    assert_eq!(full.scope(), first.scope());
}

#[harness::test]
async fn a_scope_without_openid_gives_no_id_token() {
    let server = Server::shared();
    let token = server.login(&SPA_STRICT).refresh_token().await;
    let more = [("scope", "read:orders")];
    let tokens = Tokens::expect(server.refresh_with(&SPA_STRICT, &token, &more).await);
    assert!(!tokens.has("id_token"), "{}", tokens.body);
}

#[harness::test]
async fn a_login_without_openid_never_gives_an_id_token() {
    let server = Server::shared();
    let token = server
        .login(&SPA_STRICT)
        .scope("offline_access read:orders")
        .refresh_token()
        .await;
    let more = [("scope", "openid read:orders")];
    let tokens = Tokens::expect(server.refresh_with(&SPA_STRICT, &token, &more).await);
    assert!(!tokens.has("id_token"), "{}", tokens.body);
    assert_eq!(tokens.scope(), scopes("read:orders"));
}

#[harness::test]
async fn a_wider_scope_is_dropped_silently() {
    let server = Server::shared();
    let login = server
        .login(&SPA_STRICT)
        .scope("openid offline_access read:orders");
    let token = login.refresh_token().await;
    let more = [("scope", "openid read:orders write:orders email")];
    let tokens = Tokens::expect(server.refresh_with(&SPA_STRICT, &token, &more).await);
    assert_eq!(tokens.scope(), scopes("openid read:orders"));
}

#[harness::test]
async fn the_same_audience_is_accepted() {
    let server = Server::shared();
    let token = server.login(&SPA_STRICT).refresh_token().await;
    let answer = server
        .refresh_with(&SPA_STRICT, &token, &[("audience", API)])
        .await;
    let (_, claims) = jwt::peek(&Tokens::expect(answer).access_token());
    assert_eq!(claims["aud"], json!([API, server.url("userinfo")]));
}

#[harness::test]
async fn another_audience_is_never_granted() {
    let server = Server::shared();
    let token = server.login(&SPA_STRICT).refresh_token().await;
    let ask = |token: String, audience| async move {
        let more = [("audience", audience)];
        server.refresh_with(&SPA_STRICT, &token, &more).await
    };
    let unknown = "https://unknown.example.com";
    let description = format!("Service not found: {unknown}");
    let answer = ask(token.clone(), unknown).await;
    assert_oauth_error(&answer, 403, "access_denied", &description);
    let (_, claims) = jwt::peek(&Tokens::expect(ask(token, ONLINE_API).await).access_token());
    assert_eq!(claims["aud"], json!([API, server.url("userinfo")]));
}

#[harness::test]
async fn another_client_is_refused_and_the_owner_notices_nothing() {
    let server = Server::shared();
    let token = server.login(&SPA_STRICT).refresh_token().await;
    for thief in [SPA_LEEWAY, WEB_POST, WEB_CLASSIC] {
        assert_unknown_refresh_token(&server.refresh(&thief, &token).await);
    }
    server.rotated(&SPA_STRICT, &token).await;
}

#[harness::test]
async fn a_confidential_client_must_show_its_secret() {
    let server = Server::shared();
    let token = server.login(&WEB_POST).refresh_token().await;
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", WEB_POST.id),
        ("refresh_token", token.as_str()),
    ];
    let answer = server.http().post_form("/oauth/token", &form).await;
    assert_oauth_error(&answer, 401, "access_denied", "Unauthorized");
    server.rotated(&WEB_POST, &token).await;
}

#[harness::test]
async fn other_tokens_are_no_refresh_tokens() {
    let server = Server::shared();
    let tokens = server.login(&SPA_STRICT).tokens().await;
    for token in [
        tokens.access_token(),
        tokens.id_token(),
        "rt1_".to_owned(),
        "v1.M".to_owned(),
    ] {
        assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &token).await);
    }
}

#[harness::test]
async fn a_blocked_user_is_refused() {
    let server = Server::shared_local("blocks a user");
    let user = server.fresh_user();
    let token = server.login(&SPA_STRICT).user(&user).refresh_token().await;
    server.set_blocked(&user, true).await;
    let answer = server.refresh(&SPA_STRICT, &token).await;
    assert_oauth_error(&answer, 403, "invalid_grant", "user is blocked");
}

#[harness::test]
async fn a_deleted_user_is_refused() {
    let server = Server::shared_local("deletes a user");
    let user = server.fresh_user();
    let token = server.login(&SPA_STRICT).user(&user).refresh_token().await;
    server.delete_user(&user).await;
    let answer = server.refresh(&SPA_STRICT, &token).await;
    let gone = "The refresh_token was generated for a user who doesn't exist anymore.";
    assert_oauth_error(&answer, 403, "invalid_grant", gone);
}

#[harness::test]
async fn logging_out_leaves_refresh_tokens_alone() {
    let server = Server::shared();
    let browser = server.browser();
    let token = server
        .login(&SPA_STRICT)
        .browser(&browser)
        .refresh_token()
        .await;
    browser.http().get("/v2/logout?client_id=spa-strict").await;
    server.rotated(&SPA_STRICT, &token).await;
}

#[harness::test]
async fn two_logins_are_two_families() {
    let server = Server::shared();
    let user: User = server.fresh_user();
    let first = server.login(&SPA_STRICT).user(&user).refresh_token().await;
    let second = server.login(&SPA_STRICT).user(&user).refresh_token().await;
    assert_ne!(first, second);
    let first = server.rotated(&SPA_STRICT, &first).await;
    server.rotated(&SPA_STRICT, &second).await;
    server.rotated(&SPA_STRICT, &first).await;
}
