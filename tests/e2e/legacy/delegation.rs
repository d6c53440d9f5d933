//! `POST /delegation`: the clients that get an ID token for another client, and its claims.

use harness::{
    Answer, Launch, Server, Tokens,
    apps::{
        App, LEGACY_CLOSED, LEGACY_KIOSK, LEGACY_PHONE, LEGACY_SPA, LEGACY_WEB, SPA_STRICT, User,
        WEB_POST,
    },
    assert_oauth_error, jwt, tenant,
};
use jsonwebtoken::Algorithm::RS256;
use serde_json::{Value, json};

pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const BY_REFRESH_TOKEN: &str = "http://auth0.com/oauth/legacy/grant-type/delegation/refresh_token";
const BY_ID_TOKEN: &str = "http://auth0.com/oauth/legacy/grant-type/delegation/id_token";

/// A delegation with further parameters.
pub(crate) async fn delegate(server: &Server, app: &App, more: &[(&str, &str)]) -> Answer {
    let mut form = vec![("grant_type", JWT_BEARER), ("client_id", app.id)];
    form.extend(more);
    server.http().post_form("/delegation", &form).await
}

/// A legacy login with a refresh token.
pub(crate) async fn log_in(server: &Server, app: &App, user: &User) -> Tokens {
    let login = server.login(app).user(user).without("audience");
    let login = login.scope("openid offline_access").with("device", "phone");
    login.tokens().await
}

/// The claims of the ID token of an answer that contains nothing else, signed with RS256.
pub(super) async fn delegated(server: &Server, answer: &Answer, target: &App) -> Value {
    let token = only_id_token(answer, 36_000);
    jwt::verify(server, &token, target.id, RS256).await.claims
}

#[track_caller]
pub(super) fn only_id_token(answer: &Answer, expires_in: u64) -> String {
    harness::assertions::assert_token_headers(answer);
    assert_eq!(answer.status, 200, "{answer}");
    let body = answer.json();
    let id_token = body["id_token"].as_str().expect("an ID token");
    let expected = json!({"token_type": "Bearer", "expires_in": expires_in, "id_token": id_token});
    assert_eq!(body, expected);
    id_token.to_owned()
}

#[harness::test]
async fn a_refresh_token_becomes_an_id_token_again_and_again() {
    let server = Server::shared();
    let user = server.fresh_user();
    let token = log_in(server, &LEGACY_SPA, &user).await.refresh_token();
    for _ in 0..3 {
        let answer = delegate(server, &LEGACY_SPA, &[("refresh_token", &token)]).await;
        let claims = delegated(server, &answer, &LEGACY_SPA).await;
        assert_eq!(claims["sub"], user.id);
        let life = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
        assert_eq!(life, 36_000);
        assert_eq!((claims.get("nonce"), claims.get("azp")), (None, None));
    }
    server.refreshed(&LEGACY_SPA, &token).await;
}

#[harness::test]
async fn json_with_nulls_is_as_good_as_a_form() {
    let server = Server::shared();
    let token = log_in(server, &LEGACY_SPA, &server.fresh_user()).await;
    // The request that Auth0 documents and its SDKs send.
    let body = json!({
        "grant_type": JWT_BEARER, "client_id": LEGACY_SPA.id, "refresh_token": token.refresh_token(),
        "scope": "openid profile", "target": "", "id_token": null, "api_type": "app", "device": "x",
        "anything": {"else": 1},
    });
    let answer = server.http().post_json("/delegation", &body).await;
    delegated(server, &answer, &LEGACY_SPA).await;
}

#[harness::test]
async fn an_id_token_becomes_another() {
    let server = Server::shared();
    let user = server.fresh_user();
    let first = log_in(server, &LEGACY_SPA, &user).await.id_token();
    let answer = delegate(server, &LEGACY_SPA, &[("id_token", &first)]).await;
    let claims = delegated(server, &answer, &LEGACY_SPA).await;
    assert_eq!(claims["sub"], user.id);
    let again = only_id_token(&answer, 36_000);
    let answer = delegate(server, &LEGACY_SPA, &[("id_token", &again)]).await;
    delegated(server, &answer, &LEGACY_SPA).await;
}

#[harness::test]
async fn the_target_decides_on_algorithm_secret_and_lifetime() {
    let server = Server::shared();
    let tokens = log_in(server, &LEGACY_SPA, &server.fresh_user()).await;
    let target = ("target", LEGACY_WEB.id);
    for presented in [
        ("refresh_token", tokens.refresh_token()),
        ("id_token", tokens.id_token()),
    ] {
        let presented = (presented.0, presented.1.as_str());
        let answer = delegate(server, &LEGACY_SPA, &[presented, target]).await;
        let token = only_id_token(&answer, 3_600);
        let claims = jwt::verify_hs256(server, &token, LEGACY_WEB.id, LEGACY_WEB.secret()).claims;
        let life = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
        assert_eq!(life, 3_600);
        assert_eq!(claims["azp"], LEGACY_SPA.id);
    }
}

#[harness::test]
async fn scope_decides_what_the_token_says() {
    let own = Server::start("counts requests of a user with a profile");
    let tokens = log_in(&own, &LEGACY_SPA, &User::grace()).await;
    let token = tokens.refresh_token();
    for (scope, names, hidden) in [
        (
            "openid",
            [].as_slice(),
            ["email", "name", "roles"].as_slice(),
        ),
        ("roles", &["roles"], &["email"]),
        (
            "openid profile",
            &["name", "email", "favorite_color", "identities"],
            &[],
        ),
        ("openid email offline_access", &["email"], &["name"]),
    ] {
        for presented in [
            ("refresh_token", token.as_str()),
            ("id_token", &tokens.id_token()),
        ] {
            let more = [presented, ("scope", scope)];
            let answer = delegate(&own, &LEGACY_SPA, &more).await;
            let claims = delegated(&own, &answer, &LEGACY_SPA).await;
            assert_eq!(claims["sub"], "auth0|grace");
            for name in names {
                assert!(claims.get(*name).is_some(), "{name} in {claims}");
            }
            for name in hidden {
                assert_eq!(claims.get(*name), None, "{claims}");
            }
        }
    }
}

#[harness::test]
async fn without_a_scope_the_login_decides() {
    let server = Server::shared();
    let user = server.fresh_user();
    let login = server.login(&LEGACY_SPA).user(&user).without("audience");
    let login = login.scope("email offline_access").with("device", "x");
    let token = login.refresh_token().await;
    let answer = delegate(server, &LEGACY_SPA, &[("refresh_token", &token)]).await;
    let claims = delegated(server, &answer, &LEGACY_SPA).await;
    assert_eq!(claims["email"], user.email);
}

#[harness::test]
async fn exactly_one_token_is_shown() {
    let server = Server::shared();
    let both = [("refresh_token", "a"), ("id_token", "b")];
    for more in [[].as_slice(), &both] {
        let answer = delegate(server, &LEGACY_SPA, more).await;
        let words = "Exactly one of the parameters refresh_token and id_token is required";
        assert_oauth_error(&answer, 400, "invalid_request", words);
    }
}

#[harness::test]
async fn grant_type_and_client_have_to_be_right() {
    let server = Server::shared();
    let http = server.http();
    let form = [("client_id", LEGACY_SPA.id), ("refresh_token", "x")];
    let words = "Missing required parameter: grant_type";
    let answer = http.post_form("/delegation", &form).await;
    assert_oauth_error(&answer, 400, "invalid_request", words);
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", LEGACY_SPA.id),
    ];
    let words = "Unsupported grant type: refresh_token";
    let answer = http.post_form("/delegation", &form).await;
    assert_oauth_error(&answer, 403, "unsupported_grant_type", words);
    let form = [("grant_type", JWT_BEARER), ("refresh_token", "x")];
    let words = "Missing required parameter: client_id";
    let answer = http.post_form("/delegation", &form).await;
    assert_oauth_error(&answer, 400, "invalid_request", words);
    let form = [
        ("grant_type", JWT_BEARER),
        ("client_id", "unknown"),
        ("refresh_token", "x"),
    ];
    let answer = http.post_form("/delegation", &form).await;
    assert_oauth_error(&answer, 401, "access_denied", "Unauthorized");
    let wrong = [("refresh_token", "x"), ("client_secret", "wrong")];
    let answer = delegate(server, &LEGACY_WEB, &wrong).await;
    assert_oauth_error(&answer, 401, "access_denied", "Unauthorized");
    assert_eq!(http.get("/delegation").await.status, 405);
}

#[harness::test]
async fn each_kind_of_token_needs_its_legacy_grant() {
    let server = Server::shared();
    for (app, presented, grant) in [
        (LEGACY_CLOSED, "refresh_token", BY_REFRESH_TOKEN),
        (LEGACY_CLOSED, "id_token", BY_ID_TOKEN),
        (LEGACY_PHONE, "id_token", BY_ID_TOKEN),
    ] {
        let answer = delegate(server, &app, &[(presented, "x")]).await;
        let words = format!("Grant type '{grant}' not allowed for the client.");
        assert_oauth_error(&answer, 403, "unauthorized_client", &words);
    }
}

#[harness::test]
async fn conformant_clients_are_neither_source_nor_target() {
    let server = Server::shared();
    let words = "OIDC conformant clients cannot use /delegation";
    for (caller, more) in [
        (SPA_STRICT, [("refresh_token", "x"), ("scope", "openid")]),
        (WEB_POST, [("id_token", "x"), ("target", LEGACY_SPA.id)]),
        (
            LEGACY_SPA,
            [("refresh_token", "x"), ("target", WEB_POST.id)],
        ),
    ] {
        let answer = delegate(server, &caller, &more).await;
        assert_oauth_error(&answer, 400, "invalid_request", words);
    }
}

#[harness::test]
async fn a_target_says_who_may_ask_for_its_tokens() {
    let server = Server::shared();
    let user = server.fresh_user();
    for (caller, target, allowed) in [
        (LEGACY_SPA, LEGACY_WEB, true),
        (LEGACY_KIOSK, LEGACY_WEB, false),
        (LEGACY_KIOSK, LEGACY_SPA, true),
        (LEGACY_SPA, LEGACY_CLOSED, false),
        (LEGACY_WEB, LEGACY_WEB, true),
    ] {
        let token = log_in(server, &caller, &user).await.refresh_token();
        let more = [("refresh_token", token.as_str()), ("target", target.id)];
        let answer = delegate(server, &caller, &more).await;
        if allowed {
            assert_eq!(answer.status, 200, "{answer}");
        } else {
            let words = format!(
                "Client is not allowed to request a delegation token for {}",
                target.id
            );
            assert_oauth_error(&answer, 403, "unauthorized_client", &words);
        }
    }
    let more = [("refresh_token", "x"), ("target", "unknown")];
    let answer = delegate(server, &LEGACY_SPA, &more).await;
    assert_oauth_error(&answer, 403, "invalid_request", "Unknown client: unknown");
}

#[harness::test]
async fn add_ons_are_refused() {
    let server = Server::shared();
    for api_type in ["auth0", "aws", "firebase", "wams", "nonsense"] {
        let more = [("refresh_token", "x"), ("api_type", api_type)];
        let answer = delegate(server, &LEGACY_SPA, &more).await;
        let words = "Parameter api_type must be app: the application has no such add-on";
        assert_oauth_error(&answer, 400, "invalid_request", words);
    }
}

#[harness::test]
async fn without_the_tenants_flag_there_is_no_delegation() {
    let flag = "    allow_legacy_delegation_grant_types: true\n";
    for other in ["", "    allow_legacy_delegation_grant_types: false\n"] {
        let launch = Launch::new().tenant(tenant::changed(flag, other));
        let server = launch.start("has another tenant flag");
        let answer = delegate(&server, &LEGACY_SPA, &[("refresh_token", "x")]).await;
        assert_oauth_error(&answer, 404, "not_found", "Not found");
        assert_eq!(answer.header("deprecation"), None, "{answer}");
    }
}
