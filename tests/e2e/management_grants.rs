//! `/api/v2/grants` of the Management API: a user's consents, and their withdrawal.

use harness::{
    Answer, Server, Tokens,
    apps::{
        API, AUDITOR, App, M2M, OPERATOR, RFC9068_API, SPA_STRICT, THIRD_PARTY, User, WEB_POST,
    },
    assert_oauth_error, assert_unknown_refresh_token,
    assertions::INVALID_CODE,
    flow::form_encoded,
    http, jwt,
    management::assert_management_error,
    scopes,
};
use reqwest::Method;
use serde_json::{Value, json};

async fn call(server: &Server, method: Method, path: &str, token: &str) -> Answer {
    http::send(server.http().request(method, path).bearer_auth(token)).await
}

/// The path of a user's consents.
fn grants_of(user: &User, more: &str) -> String {
    format!("/api/v2/grants?user_id={}{more}", form_encoded(&user.id))
}

/// The consents of a user, as listed.
async fn list(server: &Server, user: &User, more: &str) -> Vec<Value> {
    let token = server.management_token(&AUDITOR).await;
    let answer = call(server, Method::GET, &grants_of(user, more), &token).await;
    assert_eq!(answer.status, 200, "{answer}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer}");
    let grants = answer.json();
    grants.as_array().expect("a list of grants").clone()
}

async fn delete(server: &Server, path: &str) {
    let token = server.management_token(&OPERATOR).await;
    let answer = call(server, Method::DELETE, path, &token).await;
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (204, ""),
        "{answer}"
    );
}

fn path_of(grant: &Value) -> String {
    format!("/api/v2/grants/{}", grant["id"].as_str().expect("an id"))
}

#[harness::test]
async fn a_users_consents_are_listed() {
    let server = Server::shared();
    let user = server.fresh_user();
    assert_eq!(list(server, &user, "").await, Vec::<Value>::new());
    let login = server.login(&THIRD_PARTY).user(&user);
    login.scope("openid read:orders").callback().await.code();
    let grants = list(server, &user, "").await;
    let [grant] = grants.as_slice() else {
        panic!("{grants:?}");
    };
    assert_eq!(
        *grant,
        json!({
            "id": grant["id"], "clientID": THIRD_PARTY.id, "user_id": user.id, "audience": API,
            "scope": ["openid", "read:orders"],
        })
    );
}

#[harness::test]
async fn a_login_without_consent_is_a_grant_while_its_refresh_token_lives() {
    let server = Server::shared();
    let user = server.fresh_user();
    let login = server.login(&SPA_STRICT).user(&user);
    let token = login.scope("openid offline_access").refresh_token().await;
    let userinfo = server.login(&SPA_STRICT).user(&user).without("audience");
    userinfo
        .scope("openid offline_access")
        .refresh_token()
        .await;
    let grants = list(server, &user, "").await;
    let mut audiences: Vec<_> = grants.iter().map(|grant| &grant["audience"]).collect();
    audiences.sort_by_key(ToString::to_string);
    assert_eq!(audiences.len(), 2, "{grants:?}");
    assert!(audiences.contains(&&json!(API)), "{grants:?}");
    assert!(
        audiences.contains(&&json!(server.url("userinfo"))),
        "{grants:?}"
    );
    server.revoke(&SPA_STRICT, &token).await;
    assert_eq!(list(server, &user, "").await.len(), 1);
}

#[harness::test]
async fn the_list_is_filtered_and_paged() {
    let server = Server::shared();
    let user = server.fresh_user();
    let login = |app: &App, api: &str| server.login(app).user(&user).audience(api);
    login(&THIRD_PARTY, API).refresh_token().await;
    login(&THIRD_PARTY, RFC9068_API).refresh_token().await;
    login(&WEB_POST, API).refresh_token().await;

    assert_eq!(list(server, &user, "").await.len(), 3);
    for (filter, number) in [
        ("&client_id=third-party".to_owned(), 2),
        (format!("&audience={}", form_encoded(API)), 2),
        (
            format!("&client_id=third-party&audience={}", form_encoded(API)),
            1,
        ),
        ("&client_id=unknown".to_owned(), 0),
        ("&per_page=2".to_owned(), 2),
        ("&per_page=2&page=1".to_owned(), 1),
        ("&page=9".to_owned(), 0),
    ] {
        assert_eq!(list(server, &user, &filter).await.len(), number, "{filter}");
    }
    let token = server.management_token(&AUDITOR).await;
    let path = grants_of(&user, "&per_page=2&page=1&include_totals=true");
    let page = call(server, Method::GET, &path, &token).await.json();
    for (name, value) in [("start", 2), ("limit", 2), ("total", 3)] {
        assert_eq!(page[name], value, "{page}");
    }
    assert_eq!(page["grants"].as_array().map(Vec::len), Some(1), "{page}");
}

#[harness::test]
async fn a_grant_id_is_stable_and_opaque() {
    let server = Server::shared();
    let (user, other) = (server.fresh_user(), server.fresh_user());
    for user in [&user, &other] {
        let login = server.login(&THIRD_PARTY).user(user);
        login.callback().await.code();
    }
    let id = |grants: Vec<Value>| grants[0]["id"].as_str().expect("an id").to_owned();
    let first = id(list(server, &user, "").await);
    assert_eq!(id(list(server, &user, "").await), first);
    assert_ne!(id(list(server, &other, "").await), first);
    for part in ["pool", "third", "example"] {
        assert!(!first.contains(part), "{first}");
    }
}

#[harness::test]
async fn a_deleted_grant_ends_its_refresh_tokens_and_is_asked_for_again() {
    let server = Server::shared();
    let user = server.fresh_user();
    let browser = server.browser();
    let login = || server.login(&THIRD_PARTY).user(&user).browser(&browser);
    let tokens = [login().refresh_token().await, login().refresh_token().await];
    let elsewhere = login().audience(RFC9068_API).refresh_token().await;
    let other_client = server.login(&WEB_POST).user(&user).refresh_token().await;
    let of_api = format!("&client_id=third-party&audience={}", form_encoded(API));
    let grant = list(server, &user, &of_api).await.remove(0);
    delete(server, &path_of(&grant)).await;

    for token in &tokens {
        assert_unknown_refresh_token(&server.refresh(&THIRD_PARTY, token).await);
    }
    let silent = login().with("prompt", "none").open().await.callback();
    silent.assert_error("consent_required", "Consent required");
    server.rotated(&THIRD_PARTY, &elsewhere).await;
    server.rotated(&WEB_POST, &other_client).await;
    assert_eq!(list(server, &user, "").await.len(), 2);
    // A second deletion changes nothing.
    delete(server, &path_of(&grant)).await;
    // The user can log in again.
    let again = login().refresh_token().await;
    server.rotated(&THIRD_PARTY, &again).await;
}

#[harness::test]
async fn the_deletion_of_a_grant_without_consent_revokes_its_refresh_tokens() {
    let server = Server::shared();
    let user = server.fresh_user();
    let token = server.login(&SPA_STRICT).user(&user).refresh_token().await;
    let rotated = server.rotated(&SPA_STRICT, &token).await;
    let grant = list(server, &user, "").await.remove(0);
    delete(server, &path_of(&grant)).await;
    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &rotated).await);
    assert_eq!(list(server, &user, "").await, Vec::<Value>::new());
}

#[harness::test]
async fn a_code_of_a_withdrawn_consent_is_rejected() {
    let server = Server::shared();
    let user = server.fresh_user();
    let code = server.login(&THIRD_PARTY).user(&user).code().await;
    let grant = list(server, &user, "").await.remove(0);
    delete(server, &path_of(&grant)).await;
    let answer = server.exchange(&code).await;
    assert_oauth_error(&answer, 403, "invalid_grant", INVALID_CODE);
    assert_eq!(list(server, &user, "").await, Vec::<Value>::new());
}

#[harness::test]
async fn all_grants_of_a_user_can_be_deleted_at_once() {
    let server = Server::shared();
    let (user, other) = (server.fresh_user(), server.fresh_user());
    let first = server.login(&THIRD_PARTY).user(&user).refresh_token().await;
    let second = server.login(&SPA_STRICT).user(&user).refresh_token().await;
    let others = server.login(&SPA_STRICT).user(&other).refresh_token().await;
    delete(server, &grants_of(&user, "")).await;
    assert_unknown_refresh_token(&server.refresh(&THIRD_PARTY, &first).await);
    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &second).await);
    server.rotated(&SPA_STRICT, &others).await;
    assert_eq!(list(server, &user, "").await, Vec::<Value>::new());
}

#[harness::test]
async fn a_token_is_needed_that_is_for_this_api() {
    let server = Server::shared();
    let path = grants_of(&User::ada(), "");
    let answer = server.http().get(&path).await;
    assert_management_error(
        &answer,
        401,
        "Unauthorized",
        "Missing authentication",
        "missing_authentication",
    );
    let users = server.login(&SPA_STRICT).tokens().await;
    let form = [("grant_type", "client_credentials"), ("audience", API)];
    let elsewhere = Tokens::expect(server.token(&M2M, &form).await).access_token();
    let good = server.management_token(&AUDITOR).await;
    let (_, claims) = jwt::peek(&good);
    for token in [
        users.access_token(),
        users.id_token(),
        users.refresh_token(),
        elsewhere,
        jwt::tampered(&good),
        jwt::unsigned(&claims),
        "nonsense".to_owned(),
    ] {
        let answer = call(server, Method::GET, &path, &token).await;
        assert_management_error(
            &answer,
            401,
            "Unauthorized",
            "Invalid token",
            "invalid_token",
        );
    }
    assert_eq!(call(server, Method::GET, &path, &good).await.status, 200);
}

#[harness::test]
async fn an_expired_token_is_refused() {
    let server = Server::start("moves the clock");
    let token = server.management_token(&AUDITOR).await;
    server.advance(86_401).await;
    let path = grants_of(&User::ada(), "");
    let answer = call(&server, Method::GET, &path, &token).await;
    assert_management_error(
        &answer,
        401,
        "Unauthorized",
        "Invalid token",
        "invalid_token",
    );
}

#[harness::test]
async fn a_scope_opens_reading_and_another_deleting() {
    let server = Server::shared();
    let user = server.fresh_user();
    let refresh_token = server.login(&SPA_STRICT).user(&user).refresh_token().await;
    let grant = list(server, &user, "").await.remove(0);
    let reader = server.management_token(&AUDITOR).await;
    for path in [path_of(&grant), grants_of(&user, "")] {
        let answer = call(server, Method::DELETE, &path, &reader).await;
        assert_management_error(
            &answer,
            403,
            "Forbidden",
            "Insufficient scope, expected any of: delete:grants",
            "insufficient_scope",
        );
    }
    let audience = server.url("api/v2/");
    let form = [
        ("grant_type", "client_credentials"),
        ("audience", audience.as_str()),
        ("scope", "delete:grants"),
    ];
    let deleter = Tokens::expect(server.token(&OPERATOR, &form).await);
    assert_eq!(deleter.scope(), scopes("delete:grants"));
    let path = grants_of(&user, "");
    let answer = call(server, Method::GET, &path, &deleter.access_token()).await;
    assert_management_error(
        &answer,
        403,
        "Forbidden",
        "Insufficient scope, expected any of: read:grants",
        "insufficient_scope",
    );
    server.rotated(&SPA_STRICT, &refresh_token).await;
}

#[harness::test]
async fn a_missing_or_invalid_parameter_is_named() {
    let server = Server::shared();
    let token = server.management_token(&OPERATOR).await;
    for (method, path) in [
        (Method::GET, "/api/v2/grants"),
        (Method::DELETE, "/api/v2/grants"),
        (Method::DELETE, "/api/v2/grants?user_id="),
    ] {
        let answer = call(server, method, path, &token).await;
        assert_management_error(
            &answer,
            400,
            "Bad Request",
            "Query validation error: user_id is required",
            "invalid_query_string",
        );
    }
    let path = grants_of(&User::ada(), "&per_page=1000");
    let answer = call(server, Method::GET, &path, &token).await;
    assert_management_error(
        &answer,
        400,
        "Bad Request",
        "Query validation error: per_page must be between 1 and 100",
        "invalid_query_string",
    );
    let refresh_token = server.login(&SPA_STRICT).refresh_token().await;
    for id in ["nonsense", "gr1_AAAA", refresh_token.as_str()] {
        let path = format!("/api/v2/grants/{id}");
        let answer = call(server, Method::DELETE, &path, &token).await;
        assert_management_error(
            &answer,
            400,
            "Bad Request",
            "Path validation error: no such id",
            "invalid_uri",
        );
    }
    server.rotated(&SPA_STRICT, &refresh_token).await;
}

#[harness::test]
async fn other_methods_are_refused() {
    let server = Server::shared();
    let token = server.management_token(&OPERATOR).await;
    for (method, path) in [
        (Method::POST, "/api/v2/grants"),
        (Method::GET, "/api/v2/grants/gr1_AAAA"),
    ] {
        let answer = call(server, method, path, &token).await;
        assert_management_error(
            &answer,
            405,
            "Method Not Allowed",
            "Method not allowed",
            "method_not_allowed",
        );
    }
}
