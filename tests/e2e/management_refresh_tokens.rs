//! `/api/v2/refresh-tokens` and `/api/v2/users/{id}/refresh-tokens` of the Management API.

use harness::{
    Server,
    apps::{
        API, AUDITOR, App, OPERATOR, PW_NATIVE, RFC9068_API, SPA_STRICT, User, WEB_CLASSIC,
        WEB_POST,
    },
    assert_unknown_refresh_token,
    flow::form_encoded,
    jwt,
    management::{
        assert_body_error, assert_empty, assert_inexistent, assert_missing_scope,
        assert_no_such_id, assert_query_error, of_user,
    },
};
use reqwest::Method;
use serde_json::{Value, json};

fn path_of(id: &str) -> String {
    format!("/api/v2/refresh-tokens/{id}")
}

/// A user's refresh tokens with their client, from one of the two lists.
async fn list(server: &Server, user: &User, query: &str) -> Vec<Value> {
    let user = form_encoded(&user.id);
    let path = format!("/api/v2/refresh-tokens?user_id={user}{query}");
    let page = server.shown(&AUDITOR, &path).await;
    page["refresh_tokens"].as_array().expect("a list").clone()
}

fn text<'a>(token: &'a Value, name: &str) -> &'a str {
    token[name]
        .as_str()
        .unwrap_or_else(|| panic!("`{name}` in {token}"))
}

/// The one refresh token of a user and a client.
async fn id_of(server: &Server, user: &User, app: &App) -> String {
    let tokens = list(server, user, &format!("&client_id={}", app.id)).await;
    assert_eq!(tokens.len(), 1, "{tokens:?}");
    text(&tokens[0], "id").to_owned()
}

#[harness::test]
async fn a_refresh_token_is_shown_with_its_session_and_never_itself() {
    let server = Server::shared();
    let user = server.fresh_user();
    let login = server.login(&SPA_STRICT).user(&user);
    let tokens = login
        .scope("openid offline_access read:orders")
        .tokens()
        .await;
    let (_, claims) = jwt::peek(&tokens.id_token());
    let rotated = server.rotated(&SPA_STRICT, &tokens.refresh_token()).await;
    let listed = list(server, &user, "").await;
    let [token] = listed.as_slice() else {
        panic!("{listed:?}");
    };
    assert_eq!(token["user_id"], user.id, "{token}");
    assert_eq!(token["client_id"], SPA_STRICT.id, "{token}");
    assert_eq!(token["session_id"], claims["sid"], "{token}");
    assert_eq!(token["rotating"], true, "{token}");
    let apis = json!([{ "audience": API, "scopes": "openid offline_access read:orders" }]);
    assert_eq!(token["resource_servers"], apis, "{token}");
    for time in [
        "created_at",
        "last_exchanged_at",
        "idle_expires_at",
        "expires_at",
    ] {
        assert!(text(token, time).ends_with('Z'), "{time} in {token}");
    }
    assert!(!token.to_string().contains(&rotated), "{token}");
    let id = text(token, "id");
    assert!(!id.contains(user.id.trim_start_matches("auth0|")), "{id}");
    // The id does not change.
    server.rotated(&SPA_STRICT, &rotated).await;
    let shown = server.shown(&AUDITOR, &path_of(id)).await;
    assert_eq!(shown["id"], token["id"]);
    assert_eq!(shown["created_at"], token["created_at"]);
}

#[harness::test]
async fn a_token_without_a_session_or_an_end_says_so() {
    let server = Server::shared();
    let user = server.fresh_user();
    let form = [
        ("grant_type", "password"),
        ("username", user.email.as_str()),
        ("password", user.password),
        ("scope", "openid offline_access"),
        ("audience", API),
    ];
    let answer = server.token(&PW_NATIVE, &form).await;
    assert_eq!(answer.status, 200, "{answer}");
    let listed = list(server, &user, "").await;
    assert_eq!(listed[0]["session_id"], Value::Null, "{listed:?}");
    assert_eq!(listed[0]["last_exchanged_at"], Value::Null, "{listed:?}");
    server.login(&WEB_CLASSIC).user(&user).refresh_token().await;
    let classic = list(server, &user, "&client_id=web-classic").await;
    assert_eq!(classic[0]["rotating"], false, "{classic:?}");
    assert_eq!(classic[0]["expires_at"], Value::Null, "{classic:?}");
}

#[harness::test]
async fn the_list_is_filtered_and_paged() {
    let server = Server::shared();
    let user = server.fresh_user();
    for app in [SPA_STRICT, SPA_STRICT, WEB_POST] {
        server.login(&app).user(&user).refresh_token().await;
    }
    let revoked = server.login(&WEB_POST).user(&user).refresh_token().await;
    server.revoke(&WEB_POST, &revoked).await;
    assert_eq!(list(server, &user, "").await.len(), 3, "live ones alone");
    assert_eq!(list(server, &user, "&client_id=spa-strict").await.len(), 2);
    assert_eq!(list(server, &user, "&client_id=unknown").await.len(), 0);
    for (path, key) in [
        (of_user(&user, "/refresh-tokens?"), "tokens"),
        (
            format!("/api/v2/refresh-tokens?user_id={}&", form_encoded(&user.id)),
            "refresh_tokens",
        ),
    ] {
        let mut found = Vec::new();
        let mut from = String::new();
        for left in [1, 0] {
            let page = server.shown(&AUDITOR, &format!("{path}take=2{from}")).await;
            found.extend(page[key].as_array().expect("a list").clone());
            let next = page["next"].as_str().map(str::to_owned);
            assert_eq!(next.is_some(), left > 0, "{page}");
            from = next.map_or_else(String::new, |next| format!("&from={next}"));
        }
        assert_eq!(found, list(server, &user, "").await, "{path}");
    }
}

#[harness::test]
async fn fields_are_chosen() {
    let server = Server::shared();
    let user = server.fresh_user();
    server.login(&SPA_STRICT).user(&user).refresh_token().await;
    let names = |token: &Value| {
        let names = token.as_object().expect("an object").keys();
        names.cloned().collect::<Vec<_>>()
    };
    let some = list(server, &user, "&fields=client_id,id").await;
    assert_eq!(names(&some[0]), ["client_id", "id"]);
    let most = list(server, &user, "&fields=client_id,id&include_fields=false").await;
    assert!(!names(&most[0]).contains(&"id".to_owned()), "{most:?}");
    assert!(names(&most[0]).contains(&"user_id".to_owned()), "{most:?}");
}

#[harness::test]
async fn a_deleted_refresh_token_is_dead_and_no_other() {
    let server = Server::shared();
    let user = server.fresh_user();
    let gone = server.login(&SPA_STRICT).user(&user).refresh_token().await;
    let stays = server.login(&WEB_POST).user(&user).refresh_token().await;
    let rotated = server.rotated(&SPA_STRICT, &gone).await;
    let path = path_of(&id_of(server, &user, &SPA_STRICT).await);
    assert_empty(&server.manage(&OPERATOR, Method::DELETE, &path).await, 202);
    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &rotated).await);
    server.rotated(&WEB_POST, &stays).await;
    let answer = server.manage(&AUDITOR, Method::GET, &path).await;
    assert_inexistent(&answer, "refresh_token");
    // A second deletion changes nothing.
    assert_empty(&server.manage(&OPERATOR, Method::DELETE, &path).await, 202);
}

#[harness::test]
async fn all_refresh_tokens_of_a_user_are_deleted_at_once() {
    let server = Server::shared();
    let (user, other) = (server.fresh_user(), server.fresh_user());
    let browser = server.browser();
    let login = server.login(&SPA_STRICT).user(&user).browser(&browser);
    let first = login.refresh_token().await;
    let second = server.login(&WEB_POST).user(&user).refresh_token().await;
    let others = server.login(&WEB_POST).user(&other).refresh_token().await;
    let path = of_user(&user, "/refresh-tokens");
    assert_empty(&server.manage(&OPERATOR, Method::DELETE, &path).await, 202);
    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &first).await);
    assert_unknown_refresh_token(&server.refresh(&WEB_POST, &second).await);
    server.rotated(&WEB_POST, &others).await;
    assert_eq!(list(server, &user, "").await, Vec::<Value>::new());
    // The session continues.
    let silent = server.login(&SPA_STRICT).browser(&browser);
    silent.with("prompt", "none").open().await.callback().code();
}

#[harness::test]
async fn many_are_revoked_by_id_user_client_and_api() {
    let server = Server::shared();
    let user = server.fresh_user();
    let revoke = async |body: Value| {
        let path = "/api/v2/refresh-tokens/revoke";
        let answer = server
            .manage_with(&OPERATOR, Method::POST, path, &body)
            .await;
        assert_empty(&answer, 202);
    };
    let clients = async || {
        let tokens = list(server, &user, "").await;
        let mut names: Vec<_> = tokens
            .iter()
            .map(|token| {
                let api = &token["resource_servers"][0]["audience"];
                format!(
                    "{} {}",
                    text(token, "client_id"),
                    api.as_str().unwrap_or_default()
                )
            })
            .collect();
        names.sort();
        names
    };
    for app in [SPA_STRICT, WEB_POST, WEB_CLASSIC] {
        for api in [API, RFC9068_API] {
            let login = server.login(&app).user(&user).audience(api);
            login.refresh_token().await;
        }
    }
    assert_eq!(clients().await.len(), 6);
    revoke(json!({ "user_id": user.id, "client_id": "web-post", "audience": API })).await;
    assert_eq!(clients().await.len(), 5);
    assert!(!clients().await.contains(&format!("web-post {API}")));
    revoke(json!({ "user_id": user.id, "client_id": "web-post" })).await;
    assert_eq!(clients().await.len(), 4);
    let ids: Vec<_> = list(server, &user, "&client_id=web-classic").await;
    let ids: Vec<_> = ids.iter().map(|token| text(token, "id")).collect();
    revoke(json!({ "ids": ids })).await;
    assert_eq!(clients().await.len(), 2);
    revoke(json!({ "user_id": user.id })).await;
    assert_eq!(clients().await, Vec::<String>::new());
}

#[harness::test]
async fn a_missing_or_invalid_parameter_is_named_and_nothing_is_revoked() {
    let server = Server::shared();
    let user = server.fresh_user();
    let refresh_token = server.login(&SPA_STRICT).user(&user).refresh_token().await;
    let id = id_of(server, &user, &SPA_STRICT).await;
    let answer = server
        .manage(&AUDITOR, Method::GET, "/api/v2/refresh-tokens")
        .await;
    assert_query_error(&answer, "user_id is required");
    let shape = "it is not what this endpoint takes";
    let which = "it must name ids, or user_id, or user_id and client_id, or these and audience";
    for (body, reason) in [
        (json!({}), which),
        (json!({ "client_id": "spa-strict" }), which),
        (json!({ "user_id": user.id, "audience": API }), which),
        (json!({ "user_id": user.id, "ids": [id] }), which),
        (json!({ "ids": [] }), "ids must be 1 to 100"),
        (
            json!({ "ids": vec![id.clone(); 101] }),
            "ids must be 1 to 100",
        ),
        (
            json!({ "ids": [id, "x"] }),
            "ids contains what is no id of a refresh token",
        ),
        (json!({ "user": user.id }), shape),
        (json!("x"), shape),
    ] {
        let path = "/api/v2/refresh-tokens/revoke";
        let answer = server
            .manage_with(&OPERATOR, Method::POST, path, &body)
            .await;
        assert_body_error(&answer, reason);
    }
    for id in ["nonsense", "ri1_AAAA", refresh_token.as_str()] {
        let answer = server.manage(&OPERATOR, Method::DELETE, &path_of(id)).await;
        assert_no_such_id(&answer);
        let answer = server.manage(&OPERATOR, Method::GET, &path_of(id)).await;
        assert_inexistent(&answer, "refresh_token");
    }
    let unknown = User {
        id: "auth0|mistyped".to_owned(),
        ..User::ada()
    };
    for method in [Method::GET, Method::DELETE] {
        let path = of_user(&unknown, "/refresh-tokens");
        let answer = server.manage(&OPERATOR, method, &path).await;
        assert_inexistent(&answer, "user");
    }
    server.rotated(&SPA_STRICT, &refresh_token).await;
}

#[harness::test]
async fn each_call_wants_its_scope() {
    let server = Server::shared();
    let user = server.fresh_user();
    let refresh_token = server.login(&SPA_STRICT).user(&user).refresh_token().await;
    let one = path_of(&id_of(server, &user, &SPA_STRICT).await);
    let all = of_user(&user, "/refresh-tokens");
    let many = "/api/v2/refresh-tokens/revoke".to_owned();
    for (method, path) in [
        (Method::DELETE, &one),
        (Method::DELETE, &all),
        (Method::POST, &many),
    ] {
        let answer = server.manage(&AUDITOR, method, path).await;
        assert_missing_scope(&answer, "delete:refresh_tokens");
    }
    let token = server
        .management_token_for(&OPERATOR, "delete:refresh_tokens")
        .await;
    for path in [&one, &all, &"/api/v2/refresh-tokens".to_owned()] {
        let answer = server.http().get_with_bearer(path, &token).await;
        assert_missing_scope(&answer, "read:refresh_tokens");
    }
    server.rotated(&SPA_STRICT, &refresh_token).await;
}

/// Deserializers accept an array as an object whose members are in order.
#[harness::test]
async fn a_body_is_an_object() {
    let server = Server::shared();
    let user = server.fresh_user();
    let token = server.login(&SPA_STRICT).user(&user).refresh_token().await;
    let id = id_of(server, &user, &SPA_STRICT).await;
    let revoke = "/api/v2/refresh-tokens/revoke".to_owned();
    let access = of_user(&user, "/revoke-access");
    for (path, body) in [
        (&revoke, json!([[id], null, null, null])),
        (&revoke, json!([null, user.id, SPA_STRICT.id, null])),
        (&access, json!([null, false])),
        (&access, json!([])),
        (&access, json!("x")),
        (&access, json!(null)),
    ] {
        let answer = server
            .manage_with(&OPERATOR, Method::POST, path, &body)
            .await;
        assert_body_error(&answer, "it is not what this endpoint takes");
    }
    let token = server.rotated(&SPA_STRICT, &token).await;
    let answer = server
        .manage_with(&OPERATOR, Method::POST, &access, &json!({}))
        .await;
    assert_empty(&answer, 202);
    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &token).await);
}
