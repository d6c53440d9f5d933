//! `GET` and `POST /userinfo` (OpenID Connect Core section 5.3).

use harness::{
    Answer, Launch, Server, Tokens,
    apps::{API, HS256_API, M2M, SPA_STRICT, User},
    deployed::READS_CHALLENGE,
    jwt, tenant,
};
use reqwest::Method;
use serde_json::{Value, json};

async fn userinfo(server: &Server, token: &str) -> Answer {
    server.http().get_with_bearer("/userinfo", token).await
}

/// The answers of `/userinfo` after a login of Ada for these scopes, with and without an API.
async fn claims(scope: &str) -> [Value; 2] {
    let server = Server::shared();
    let login = || server.login(&SPA_STRICT).scope(scope);
    let jwt = login().tokens().await.access_token();
    let opaque = login().without("audience").tokens().await.access_token();
    [
        userinfo(server, &jwt).await.json(),
        userinfo(server, &opaque).await.json(),
    ]
}

#[track_caller]
fn assert_unauthorized(answer: &Answer) {
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (401, "Unauthorized"),
        "{answer}"
    );
    let challenge = answer.challenge().unwrap_or_default();
    assert!(challenge.starts_with("Bearer realm=\"Users\""), "{answer}");
}

#[track_caller]
fn assert_invalid(answer: &Answer) {
    assert_unauthorized(answer);
    let challenge = answer.challenge().unwrap_or_default();
    assert!(challenge.contains("error=\"invalid_token\""), "{answer}");
    assert!(challenge.contains("error_description=\""), "{answer}");
}

#[harness::test]
async fn the_challenge_is_in_the_header_of_the_specification() {
    let server = Server::shared_behind_front(READS_CHALLENGE);
    let answer = server.http().get("/userinfo").await;
    assert_eq!(
        answer.header("www-authenticate"),
        Some("Bearer realm=\"Users\""),
        "{answer}"
    );
}

#[harness::test]
async fn openid_gives_the_subject_only() {
    for claims in claims("openid").await {
        assert_eq!(claims, json!({ "sub": "auth0|ada" }));
    }
}

#[harness::test]
async fn email_gives_the_address() {
    for claims in claims("openid email").await {
        let expected =
            json!({ "sub": "auth0|ada", "email": "ada@example.com", "email_verified": true });
        assert_eq!(claims, expected);
    }
}

#[harness::test]
async fn profile_gives_the_profile_claims() {
    for claims in claims("openid profile").await {
        assert_eq!(claims["name"], "Ada Lovelace", "{claims}");
        assert_eq!(claims["given_name"], "Ada", "{claims}");
        assert_eq!(claims["family_name"], "Lovelace", "{claims}");
        assert_eq!(claims["nickname"], "ada", "{claims}");
        assert_eq!(
            claims["picture"], "https://pictures.example.com/ada.png",
            "{claims}"
        );
        assert!(
            claims["updated_at"]
                .as_str()
                .is_some_and(|at| at.ends_with('Z')),
            "{claims}"
        );
        for hidden in [
            "email",
            "app_metadata",
            "user_metadata",
            "password",
            "password_hash",
        ] {
            assert!(claims.get(hidden).is_none(), "{claims}");
        }
    }
}

#[harness::test]
async fn unknown_claims_are_omitted() {
    let server = Server::shared();
    let login = server
        .login(&SPA_STRICT)
        .user(&User::zoe())
        .scope("openid profile email");
    let answer = userinfo(server, &login.tokens().await.access_token()).await;
    let claims = answer.json();
    assert_eq!(claims["email_verified"], false, "{claims}");
    let object = claims.as_object().expect("claims are an object");
    assert!(object.values().all(|value| !value.is_null()), "{claims}");
    assert!(!object.contains_key("given_name"), "{claims}");
}

#[harness::test]
async fn post_works_as_get_does() {
    let server = Server::shared();
    let user = server.fresh_user();
    let login = server.login(&SPA_STRICT).user(&user).scope("openid");
    let token = login.tokens().await.access_token();
    let request = server
        .http()
        .request(Method::POST, "/userinfo")
        .bearer_auth(token);
    let answer = harness::http::send(request).await;
    assert_eq!(answer.json()["sub"], user.id, "{answer}");
    let kind = answer.header("content-type").unwrap_or_default();
    assert!(kind.starts_with("application/json"), "{answer}");
}

#[harness::test]
async fn a_refreshed_token_works() {
    let server = Server::shared();
    let user = server.fresh_user();
    let login = server.login(&SPA_STRICT).user(&user);
    let token = login.scope("openid offline_access").refresh_token().await;
    let refreshed = server.refreshed(&SPA_STRICT, &token).await.access_token();
    assert_eq!(userinfo(server, &refreshed).await.json()["sub"], user.id);
}

#[harness::test]
async fn no_token_is_refused() {
    let server = Server::shared();
    assert_unauthorized(&server.http().get("/userinfo").await);
    let request = server.http().request(Method::GET, "/userinfo");
    assert_unauthorized(&harness::http::send(request.basic_auth("ada", Some("x"))).await);
}

#[harness::test]
async fn an_invalid_access_token_is_rejected() {
    let server = Server::shared();
    let login = server.login(&SPA_STRICT).scope("openid offline_access");
    let tokens = login.tokens().await;
    let opaque = server
        .login(&SPA_STRICT)
        .without("audience")
        .scope("openid");
    let opaque = opaque.tokens().await.access_token();
    let (_, claims) = jwt::peek(&tokens.access_token());
    for token in [
        "nonsense".to_owned(),
        tokens.id_token(),
        tokens.refresh_token(),
        jwt::tampered(&tokens.access_token()),
        jwt::unsigned(&claims),
        jwt::sign(&claims, harness::apps::OTHER_KEY),
        opaque[..opaque.len() - 2].to_owned(),
    ] {
        assert_invalid(&userinfo(server, &token).await);
    }
}

#[harness::test]
async fn a_token_without_openid_is_refused() {
    let server = Server::shared();
    let without = server
        .login(&SPA_STRICT)
        .scope("read:orders")
        .tokens()
        .await
        .access_token();
    let form = [("grant_type", "client_credentials"), ("audience", API)];
    let machine = Tokens::expect(server.token(&M2M, &form).await).access_token();
    for token in [without, machine] {
        assert_invalid(&userinfo(server, &token).await);
    }
}

#[harness::test]
async fn a_token_with_a_shared_secret_is_refused() {
    let server = Server::shared();
    let login = server
        .login(&SPA_STRICT)
        .audience(HS256_API)
        .scope("openid read:secrets");
    let token = login.tokens().await.access_token();
    assert_invalid(&userinfo(server, &token).await);
}

#[harness::test]
async fn an_expired_token_says_so() {
    let server = Server::start("moves the clock");
    let login = || server.login(&SPA_STRICT).scope("openid");
    let jwt = login().tokens().await.access_token();
    let opaque = login().without("audience").tokens().await.access_token();
    server.advance(86_401).await;
    for token in [jwt, opaque] {
        let answer = userinfo(&server, &token).await;
        assert_unauthorized(&answer);
        let expected = "Bearer realm=\"Users\", error=\"invalid_token\", \
                        error_description=\"The token has expired\"";
        assert_eq!(answer.challenge(), Some(expected), "{answer}");
    }
}

#[harness::test]
async fn userinfo_rejects_the_token_of_a_deleted_user() {
    let server = Server::shared_local("deletes a user");
    let user = server.fresh_user();
    let login = server.login(&SPA_STRICT).user(&user).scope("openid email");
    let token = login.tokens().await.access_token();
    assert_eq!(userinfo(server, &token).await.json()["email"], user.email);
    server.delete_user(&user).await;
    assert_invalid(&userinfo(server, &token).await);
}

#[harness::test]
async fn ten_questions_about_a_user_pass_at_once_and_then_five_a_minute() {
    let limits = "  userinfo_rate_limit: { burst: 60000, per_minute: 60000 }\n";
    let launch = Launch::new().tenant(tenant::changed(limits, ""));
    let server = launch.start("moves the clock");
    let token = |user: &User| {
        let login = server.login(&SPA_STRICT).user(user).scope("openid");
        async { login.tokens().await.access_token() }
    };
    let (ada, zoe) = (token(&User::ada()).await, token(&User::zoe()).await);
    for left in (0..10).rev() {
        let answer = userinfo(&server, &ada).await;
        assert_eq!(answer.status, 200, "{answer}");
        assert_eq!(answer.header("x-ratelimit-limit"), Some("10"));
        let remaining = answer.header("x-ratelimit-remaining").map(str::to_owned);
        assert_eq!(remaining, Some(left.to_string()), "{answer}");
    }
    let refused = userinfo(&server, &ada).await;
    assert_eq!(refused.status, 429, "{refused}");
    assert_eq!(refused.json()["error"], "too_many_requests");
    assert_eq!(refused.header("retry-after"), Some("12"));
    assert_eq!(refused.header("x-ratelimit-remaining"), Some("0"));
    // The limit is per user, and an invalid token counts for no user.
    assert_eq!(userinfo(&server, &zoe).await.status, 200);
    assert_invalid(&userinfo(&server, &jwt::tampered(&ada)).await);
    server.advance(12).await;
    assert_eq!(userinfo(&server, &ada).await.status, 200);
    assert_eq!(userinfo(&server, &ada).await.status, 429);
}
