//! `/api/v2/device-credentials` of the Management API: the older view of refresh tokens.

use harness::{
    Server,
    apps::{AUDITOR, OPERATOR, SPA_STRICT, User, WEB_CLASSIC},
    assert_unknown_refresh_token,
    flow::form_encoded,
    management::{
        assert_empty, assert_management_error, assert_missing_scope, assert_no_such_id,
        assert_query_error,
    },
};
use reqwest::Method;
use serde_json::{Value, json};

fn path(user: &User, query: &str) -> String {
    let user = form_encoded(&user.id);
    format!("/api/v2/device-credentials?user_id={user}{query}")
}

async fn list(server: &Server, user: &User, query: &str) -> Vec<Value> {
    let list = server.shown(&AUDITOR, &path(user, query)).await;
    list.as_array().expect("a list").clone()
}

#[harness::test]
async fn refresh_tokens_are_listed_by_their_type() {
    let server = Server::shared();
    let user = server.fresh_user();
    for app in [SPA_STRICT, WEB_CLASSIC] {
        server.login(&app).user(&user).refresh_token().await;
    }
    let rotating = list(server, &user, "&type=rotating_refresh_token").await;
    let [credential] = rotating.as_slice() else {
        panic!("{rotating:?}");
    };
    assert_eq!(
        *credential,
        json!({
            "id": credential["id"], "type": "rotating_refresh_token", "user_id": user.id,
            "client_id": SPA_STRICT.id,
        })
    );
    // As at Auth0, a list without a type has the non-rotating refresh tokens alone.
    for query in ["", "&type=refresh_token"] {
        let others = list(server, &user, query).await;
        assert_eq!(others.len(), 1, "{others:?}");
        assert_eq!(others[0]["client_id"], WEB_CLASSIC.id);
        assert_eq!(others[0]["type"], "refresh_token");
    }
    assert_eq!(
        list(server, &user, "&type=public_key").await,
        Vec::<Value>::new()
    );
    let filtered = list(server, &user, "&client_id=spa-strict").await;
    assert_eq!(filtered, Vec::<Value>::new());
    let named = list(server, &user, "&type=refresh_token&fields=type,user_id").await;
    assert_eq!(
        named,
        [json!({ "type": "refresh_token", "user_id": user.id })]
    );
}

#[harness::test]
async fn the_list_is_paged() {
    let server = Server::shared();
    let user = server.fresh_user();
    for _ in 0..3 {
        server.login(&SPA_STRICT).user(&user).refresh_token().await;
    }
    let of_type = "&type=rotating_refresh_token";
    for (query, number) in [
        ("", 3),
        ("&per_page=2", 2),
        ("&per_page=2&page=1", 1),
        ("&page=9", 0),
    ] {
        let list = list(server, &user, &format!("{of_type}{query}")).await;
        assert_eq!(list.len(), number, "{query}");
    }
    let query = format!("{of_type}&per_page=2&page=1&include_totals=true");
    let page = server.shown(&AUDITOR, &path(&user, &query)).await;
    for (name, value) in [("start", 2), ("limit", 2), ("total", 3)] {
        assert_eq!(page[name], value, "{page}");
    }
    let shown = page["device_credentials"].as_array().map(Vec::len);
    assert_eq!(shown, Some(1), "{page}");
}

#[harness::test]
async fn a_deleted_credential_is_a_revoked_refresh_token() {
    let server = Server::shared();
    let user = server.fresh_user();
    let token = server.login(&SPA_STRICT).user(&user).refresh_token().await;
    let credential = list(server, &user, "&type=rotating_refresh_token")
        .await
        .remove(0);
    let id = credential["id"].as_str().expect("an id");
    let path = format!("/api/v2/device-credentials/{id}");
    let answer = server.manage(&AUDITOR, Method::DELETE, &path).await;
    assert_missing_scope(&answer, "delete:device_credentials");
    for _ in 0..2 {
        assert_empty(&server.manage(&OPERATOR, Method::DELETE, &path).await, 204);
    }
    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &token).await);
}

#[harness::test]
async fn a_missing_or_invalid_parameter_is_named() {
    let server = Server::shared();
    let user = server.fresh_user();
    let answer = server
        .manage(&AUDITOR, Method::GET, "/api/v2/device-credentials")
        .await;
    assert_query_error(&answer, "user_id is required");
    for (query, reason) in [
        (
            "&type=password",
            "type must be public_key, refresh_token or rotating_refresh_token",
        ),
        ("&per_page=1001", "per_page must be between 1 and 1000"),
        ("&page=-1", "page and per_page must be numbers"),
    ] {
        let answer = server
            .manage(&AUDITOR, Method::GET, &path(&user, query))
            .await;
        assert_query_error(&answer, reason);
    }
    let nonsense = "/api/v2/device-credentials/dcr_0000000000000001";
    assert_no_such_id(&server.manage(&OPERATOR, Method::DELETE, nonsense).await);
    let answer = server.http().get(&path(&user, "")).await;
    assert_management_error(
        &answer,
        401,
        "Unauthorized",
        "Missing authentication",
        "missing_authentication",
    );
}
