//! `POST /delegation`: who is given an ID token for whom, and what it says.

use harness::{
    Answer, Launch, Server, Tokens,
    apps::{
        API, App, LEGACY_CLOSED, LEGACY_KIOSK, LEGACY_KIOSK_SECRET, LEGACY_PHONE, LEGACY_SPA,
        LEGACY_WEB, OTHER_KEY, SPA_STRICT, User, WEB_POST,
    },
    assert_oauth_error, assert_unknown_refresh_token, jwt, tenant,
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

/// The claims of the ID token of an answer that holds nothing else, in RS256.
async fn delegated(server: &Server, answer: &Answer, target: &App) -> Value {
    let token = only_id_token(answer, 36_000);
    jwt::verify(server, &token, target.id, RS256).await.claims
}

#[track_caller]
fn only_id_token(answer: &Answer, expires_in: u64) -> String {
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
    // As the documentation of Auth0 has it, and as its SDKs send it.
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
        ("client_id", "nobody"),
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
    let more = [("refresh_token", "x"), ("target", "nobody")];
    let answer = delegate(server, &LEGACY_SPA, &more).await;
    assert_oauth_error(&answer, 403, "invalid_request", "Unknown client: nobody");
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

#[harness::test]
async fn a_foreign_or_forged_refresh_token_is_refused() {
    let server = Server::shared();
    let token = log_in(server, &LEGACY_SPA, &server.fresh_user()).await;
    let token = token.refresh_token();
    for (app, token) in [
        (LEGACY_KIOSK, token.as_str()),
        (LEGACY_SPA, "rt1_nonsense"),
        (LEGACY_SPA, &token[..token.len() - 2]),
    ] {
        let answer = delegate(server, &app, &[("refresh_token", token)]).await;
        assert_unknown_refresh_token(&answer);
    }
}

#[harness::test]
async fn a_revoked_refresh_token_yields_nothing() {
    let server = Server::shared();
    let tokens = log_in(server, &LEGACY_SPA, &server.fresh_user()).await;
    let token = tokens.refresh_token();
    server.revoke(&LEGACY_SPA, &token).await;
    let answer = delegate(server, &LEGACY_SPA, &[("refresh_token", &token)]).await;
    assert_unknown_refresh_token(&answer);
    // What was delegated before, and the ID token of the login, live until they expire.
    let answer = delegate(server, &LEGACY_SPA, &[("id_token", &tokens.id_token())]).await;
    delegated(server, &answer, &LEGACY_SPA).await;
}

#[harness::test]
async fn a_refresh_token_of_the_conformant_pipeline_is_refused_and_stays_good() {
    let server = Server::shared();
    let user = server.fresh_user();
    let login = server.login(&LEGACY_SPA).user(&user).audience(API);
    let token = login.refresh_token().await;
    let answer = delegate(server, &LEGACY_SPA, &[("refresh_token", &token)]).await;
    let words =
        "The refresh token was issued to an OIDC conformant request: use it at /oauth/token";
    assert_oauth_error(&answer, 400, "invalid_request", words);
    let successor = server.rotated(&LEGACY_SPA, &token).await;
    // A superseded one is a copy in the wrong hands, wherever it is shown.
    let answer = delegate(server, &LEGACY_SPA, &[("refresh_token", &token)]).await;
    assert_unknown_refresh_token(&answer);
    assert_unknown_refresh_token(&server.refresh(&LEGACY_SPA, &successor).await);
}

/// Delegation asks for no secret, so the text alone does not show that the client itself has presented it.
#[harness::test]
async fn a_superseded_token_of_a_confidential_client_ends_its_family_with_the_secret_alone() {
    // The default of this type is to rotate.
    let file = tenant::client_changed(&LEGACY_WEB, &[("app_type: regular_web", "app_type: spa")]);
    let server = Launch::new().start("changes a live client");
    server.import_tenant(file).await;
    let token = server
        .login(&LEGACY_WEB)
        .audience(API)
        .refresh_token()
        .await;
    let successor = server.rotated(&LEGACY_WEB, &token).await;
    let superseded = ("refresh_token", token.as_str());
    let answer = delegate(&server, &LEGACY_WEB, &[superseded]).await;
    assert_unknown_refresh_token(&answer);
    let successor = server.rotated(&LEGACY_WEB, &successor).await;

    let secret = ("client_secret", LEGACY_WEB.secret());
    let answer = delegate(&server, &LEGACY_WEB, &[superseded, secret]).await;
    assert_unknown_refresh_token(&answer);
    assert_unknown_refresh_token(&server.refresh(&LEGACY_WEB, &successor).await);
}

#[harness::test]
async fn an_id_token_that_is_not_the_callers_own_is_refused() {
    let server = Server::shared();
    let user = server.fresh_user();
    let tokens = log_in(server, &LEGACY_SPA, &user).await;
    let other = log_in(server, &LEGACY_KIOSK, &user).await.id_token();
    let (_, claims) = jwt::peek(&tokens.id_token());
    for token in [
        other,
        tokens.access_token(),
        tokens.refresh_token(),
        "nonsense".to_owned(),
        jwt::tampered(&tokens.id_token()),
        jwt::unsigned(&claims),
        jwt::sign(&claims, OTHER_KEY),
    ] {
        let answer = delegate(server, &LEGACY_SPA, &[("id_token", &token)]).await;
        assert_oauth_error(&answer, 401, "invalid_token", "The id_token is not valid");
    }
}

#[harness::test]
async fn a_public_client_set_to_hs256_cannot_show_its_own_id_token() {
    let server = Server::shared();
    let tokens = log_in(server, &LEGACY_KIOSK, &server.fresh_user()).await;
    // The token endpoint was forced to RS256, and delegation goes by what is configured.
    let answer = delegate(server, &LEGACY_KIOSK, &[("id_token", &tokens.id_token())]).await;
    assert_oauth_error(&answer, 401, "invalid_token", "The id_token is not valid");
    // What delegation itself makes is as configured.
    let token = tokens.refresh_token();
    let answer = delegate(server, &LEGACY_KIOSK, &[("refresh_token", &token)]).await;
    let id_token = only_id_token(&answer, 36_000);
    jwt::verify_hs256(server, &id_token, LEGACY_KIOSK.id, LEGACY_KIOSK_SECRET);
    let answer = delegate(server, &LEGACY_KIOSK, &[("id_token", &id_token)]).await;
    only_id_token(&answer, 36_000);
    // A confidential client set to HS256 has no such trouble.
    let id_token = log_in(server, &LEGACY_WEB, &server.fresh_user())
        .await
        .id_token();
    let answer = delegate(server, &LEGACY_WEB, &[("id_token", &id_token)]).await;
    only_id_token(&answer, 3_600);
}

#[harness::test]
async fn a_blocked_or_deleted_user_gets_nothing() {
    let server = Server::shared_local("blocks and deletes a user");
    let user = server.fresh_user();
    let tokens = log_in(server, &LEGACY_SPA, &user).await;
    let (refresh_token, id_token) = (tokens.refresh_token(), tokens.id_token());
    let by_refresh_token = [("refresh_token", refresh_token.as_str())];
    let by_id_token = [("id_token", id_token.as_str())];
    server.set_blocked(&user, true).await;
    for more in [&by_refresh_token, &by_id_token] {
        let answer = delegate(server, &LEGACY_SPA, more).await;
        assert_oauth_error(&answer, 403, "invalid_grant", "user is blocked");
    }
    server.set_blocked(&user, false).await;
    only_id_token(
        &delegate(server, &LEGACY_SPA, &by_refresh_token).await,
        36_000,
    );
    server.delete_user(&user).await;
    let answer = delegate(server, &LEGACY_SPA, &by_id_token).await;
    assert_oauth_error(&answer, 401, "invalid_token", "The user does not exist");
    let answer = delegate(server, &LEGACY_SPA, &by_refresh_token).await;
    assert!(
        (answer.status, &answer.json()["error"]) == (403, &json!("invalid_grant")),
        "{answer}"
    );
}

/// An ID token of any user that a client makes by itself with the secret that it shares with us.
fn made_by_client(server: &Server, app: &App, user: &User) -> String {
    let now = server.now();
    let claims = json!({
        "iss": server.issuer(), "sub": user.id, "aud": app.id, "iat": now, "exp": now + 3600,
    });
    jwt::sign_hs256(&claims, app.secret())
}

#[harness::test]
async fn a_token_under_a_shared_secret_is_good_for_its_own_client_alone() {
    let server = Server::shared();
    let user = server.fresh_user();
    let own = log_in(server, &LEGACY_WEB, &user).await.id_token();
    for token in [&own, &made_by_client(server, &LEGACY_WEB, &user)] {
        let more = [("id_token", token.as_str()), ("target", LEGACY_SPA.id)];
        let answer = delegate(server, &LEGACY_WEB, &more).await;
        let words = "Client is not allowed to request a delegation token for legacy-spa";
        assert_oauth_error(&answer, 403, "unauthorized_client", words);
        let answer = delegate(server, &LEGACY_WEB, &[("id_token", token)]).await;
        let token = only_id_token(&answer, 3_600);
        jwt::verify_hs256(server, &token, LEGACY_WEB.id, LEGACY_WEB.secret());
    }
    // A refresh token is ours, whatever the client's ID tokens are signed with.
    let token = log_in(server, &LEGACY_WEB, &user).await.refresh_token();
    let more = [("refresh_token", token.as_str()), ("target", LEGACY_SPA.id)];
    let answer = delegate(server, &LEGACY_WEB, &more).await;
    delegated(server, &answer, &LEGACY_SPA).await;
}

#[harness::test]
async fn a_jwt_with_critical_parameters_of_another_type_or_from_the_future_is_refused() {
    let server = Server::shared();
    let user = server.fresh_user();
    let own = log_in(server, &LEGACY_SPA, &user).await.id_token();
    let (_, claims) = jwt::peek(&own);
    let now = server.now();
    let secret = LEGACY_WEB.secret();
    let forged = |changes: Value| {
        let mut claims = json!({
            "iss": server.issuer(), "sub": user.id, "aud": LEGACY_WEB.id, "iat": now,
            "exp": now + 3600,
        });
        let changes = changes.as_object().expect("an object").clone();
        claims.as_object_mut().expect("an object").extend(changes);
        jwt::sign_hs256(&claims, secret)
    };
    for changes in [
        json!({ "aud": [LEGACY_WEB.id, LEGACY_SPA.id] }),
        json!({ "iat": now + 3600 }),
        json!({ "iat": now, "orig_iat": now + 3600 }),
        json!({ "iat": null }),
        json!({ "scope": "openid" }),
    ] {
        let token = forged(changes.clone());
        let answer = delegate(server, &LEGACY_WEB, &[("id_token", &token)]).await;
        let error = (answer.status, answer.json()["error"].clone());
        assert_eq!(error, (401, json!("invalid_token")), "{changes}: {answer}");
    }
    let answer = delegate(server, &LEGACY_WEB, &[("id_token", &forged(json!({})))]).await;
    only_id_token(&answer, 3_600);
    assert_eq!(claims.get("orig_iat"), None, "{claims}");
}

#[harness::test]
async fn tokens_from_before_a_log_out_everywhere_give_nothing() {
    let server = Server::start("logs a user out");
    let user = User::zoe();
    let tokens = log_in(&server, &LEGACY_SPA, &user).await;
    server.advance(1).await;
    server.log_out_everywhere(&user).await;
    let refresh_token = [("refresh_token", &*tokens.refresh_token())];
    let refused = delegate(&server, &LEGACY_SPA, &refresh_token).await;
    assert_unknown_refresh_token(&refused);
    let id_token = [("id_token", &*tokens.id_token())];
    let refused = delegate(&server, &LEGACY_SPA, &id_token).await;
    assert_oauth_error(&refused, 401, "invalid_token", "The user was logged out");
    server.advance(1).await;
    let id_token = log_in(&server, &LEGACY_SPA, &user).await.id_token();
    let answer = delegate(&server, &LEGACY_SPA, &[("id_token", &id_token)]).await;
    only_id_token(&answer, 36_000);
}
