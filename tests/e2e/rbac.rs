//! Role-based access control: scopes limited by the user's permissions, wherever tokens are issued, and permissions in
//! tokens.

use harness::{
    Server, Tokens,
    apps::{
        App, M2M, PW_NATIVE, RBAC_API, RBAC_OFF_API, RBAC_PLAIN_API, RBAC_RFC9068_API, SPA_HYBRID,
        SPA_STRICT, THIRD_PARTY, User,
    },
    html, jwt, scopes, tenant,
};
use serde_json::{Value, json};

const ASKED: &str = "openid email offline_access read:reports write:reports delete:reports";
const ROLE_OF_READER: &str =
    "email: reader@example.com\n    email_verified: true\n    roles: [Reader]";

async fn tokens(server: &Server, user: &User, api: &str, scope: &str) -> Tokens {
    let login = server.login(&SPA_STRICT).user(user).audience(api);
    login.scope(scope).tokens().await
}

fn claims(tokens: &Tokens) -> Value {
    jwt::peek(&tokens.access_token()).1
}

#[track_caller]
fn assert_scope(tokens: &Tokens, expected: &str) {
    assert_eq!(tokens.scope(), scopes(expected), "{}", tokens.body);
    let claims = claims(tokens);
    let in_token = scopes(claims["scope"].as_str().unwrap_or_default());
    assert_eq!(in_token, scopes(expected), "{claims}");
}

/// The permissions of a token, sorted.
#[track_caller]
fn permissions(tokens: &Tokens) -> Vec<String> {
    let claims = claims(tokens);
    let list = claims["permissions"].as_array();
    let list = list.unwrap_or_else(|| panic!("no permissions in {claims}"));
    let names: Vec<_> = list.iter().filter_map(Value::as_str).collect();
    assert_eq!(names.len(), list.len(), "{claims}");
    scopes(&names.join(" "))
}

/// The tests' tenant, with other roles for the reader.
fn with_roles(roles: &str) -> String {
    let changed = ROLE_OF_READER.replace("[Reader]", roles);
    tenant::changed(ROLE_OF_READER, &changed)
}

#[harness::test]
async fn a_user_is_granted_the_requested_scopes_that_are_permitted() {
    let server = Server::shared();
    for (user, expected) in [
        (User::ada(), "openid email offline_access"),
        (User::reader(), "openid email offline_access read:reports"),
        (User::editor(), ASKED),
    ] {
        assert_scope(&tokens(server, &user, RBAC_API, ASKED).await, expected);
    }
}

#[harness::test]
async fn the_token_lists_all_permissions_for_every_requested_scope() {
    let server = Server::shared();
    let all = scopes("read:reports write:reports delete:reports");
    let tokens = tokens(server, &User::editor(), RBAC_API, "openid read:reports").await;
    assert_scope(&tokens, "openid read:reports");
    assert_eq!(permissions(&tokens), all);
}

#[harness::test]
async fn a_user_without_permissions_has_an_empty_list() {
    let server = Server::shared();
    let tokens = tokens(server, &User::ada(), RBAC_API, "read:reports").await;
    assert!(!tokens.has("scope"), "{}", tokens.body);
    let claims = claims(&tokens);
    assert_eq!(claims["permissions"], json!([]), "{claims}");
    assert_eq!(claims.get("scope"), None, "{claims}");
}

#[harness::test]
async fn the_dialect_of_rfc_9068_lists_permissions_too() {
    let server = Server::shared();
    let tokens = tokens(
        server,
        &User::reader(),
        RBAC_RFC9068_API,
        "openid read:reports write:reports",
    )
    .await;
    assert_scope(&tokens, "openid read:reports");
    assert_eq!(permissions(&tokens), ["read:reports"]);
    let (header, claims) = jwt::peek(&tokens.access_token());
    assert_eq!(header["typ"], "at+jwt");
    assert_eq!(claims["client_id"], SPA_STRICT.id, "{claims}");
    assert!(claims["jti"].is_string(), "{claims}");
    for absent in ["azp", "gty"] {
        assert_eq!(claims.get(absent), None, "{claims}");
    }
}

#[harness::test]
async fn permissions_are_listed_only_by_dialects_and_apis_that_say_so() {
    let server = Server::shared();
    let asked = "openid read:reports write:reports";
    let plain = tokens(server, &User::reader(), RBAC_PLAIN_API, asked).await;
    assert_scope(&plain, "openid read:reports");
    let off = tokens(server, &User::reader(), RBAC_OFF_API, asked).await;
    assert_scope(&off, asked);
    for tokens in [plain, off] {
        assert_eq!(claims(&tokens).get("permissions"), None);
    }
}

#[harness::test]
async fn tokens_from_authorize_are_limited_too() {
    let server = Server::shared();
    let login = server.login(&SPA_HYBRID).user(&User::reader());
    let callback = login
        .audience(RBAC_API)
        .with("response_type", "token")
        .scope("openid read:reports write:reports")
        .callback()
        .await;
    let scope = callback.get("scope").unwrap_or_default();
    assert_eq!(scopes(&scope), scopes("openid read:reports"));
    let (_, claims) = jwt::peek(&callback.get("access_token").unwrap_or_default());
    let in_token = scopes(claims["scope"].as_str().unwrap_or_default());
    assert_eq!(in_token, scopes("openid read:reports"), "{claims}");
    assert_eq!(claims["permissions"], json!(["read:reports"]), "{claims}");
}

#[harness::test]
async fn consent_is_requested_for_the_permitted_scopes() {
    let server = Server::shared();
    let browser = server.browser();
    let user = User::reader();
    let first = server.login(&SPA_STRICT).user(&user).browser(&browser);
    first.without("audience").scope("openid").callback().await;
    let login = server.login(&THIRD_PARTY).user(&user).browser(&browser);
    let login = login.audience(RBAC_API).with("prompt", "consent");
    let page = login.scope(ASKED).open().await.page_at("/u/consent");
    let text = html::unescape(&page.text());
    assert!(text.contains("read:reports"), "{page}");
    assert!(!text.contains("write:reports"), "{page}");
}

#[harness::test]
async fn a_machine_has_the_permissions_of_its_client_grant() {
    let server = Server::shared();
    let form = [
        ("grant_type", "client_credentials"),
        ("audience", RBAC_API),
        ("scope", "read:reports"),
    ];
    let tokens = Tokens::expect(server.token(&M2M, &form).await);
    assert_scope(&tokens, "read:reports");
    assert_eq!(permissions(&tokens), scopes("read:reports write:reports"));
}

#[harness::test]
async fn a_refresh_sees_the_permissions_of_now_and_never_more_than_the_login_granted() {
    let server = Server::start("imports another tenant file");
    let app: &App = &SPA_STRICT;
    let user = User::reader();
    let first = tokens(&server, &user, RBAC_API, ASKED).await;
    let granted = "openid email offline_access read:reports";
    assert_scope(&first, granted);

    server.import_tenant(with_roles("[]")).await;
    let without = server.refreshed(app, &first.refresh_token()).await;
    assert_scope(&without, "openid email offline_access");
    assert_eq!(permissions(&without), Vec::<String>::new());

    server.import_tenant(with_roles("[Reader, Writer]")).await;
    let more = server.refreshed(app, &without.refresh_token()).await;
    assert_scope(&more, granted);
    assert_eq!(permissions(&more), scopes("read:reports write:reports"));

    let again = tokens(&server, &user, RBAC_API, ASKED).await;
    assert_scope(
        &again,
        "openid email offline_access read:reports write:reports",
    );
}

#[harness::test]
async fn a_narrowed_refresh_is_limited_too() {
    let server = Server::start("imports another tenant file");
    let first = tokens(&server, &User::reader(), RBAC_API, ASKED).await;
    server.import_tenant(with_roles("[Writer]")).await;
    let more = [("scope", "openid read:reports write:reports")];
    let answer = server
        .refresh_with(&SPA_STRICT, &first.refresh_token(), &more)
        .await;
    assert_scope(&Tokens::expect(answer), "openid");
}

#[harness::test]
async fn a_code_grants_the_permissions_at_its_exchange() {
    let server = Server::start("imports another tenant file");
    let login = server.login(&SPA_STRICT).user(&User::reader());
    let code = login.audience(RBAC_API).scope(ASKED).code().await;
    server.import_tenant(with_roles("[]")).await;
    let tokens = Tokens::expect(server.exchange(&code).await);
    assert_scope(&tokens, "openid email offline_access");
}

#[harness::test]
async fn a_password_gives_no_more_than_the_user_may() {
    let server = Server::shared();
    let reader = User::reader();
    let credentials = [
        ("grant_type", "password"),
        ("username", &*reader.email),
        ("password", reader.password),
        ("audience", RBAC_API),
    ];
    // Requested by name, and by the rule that a request without scopes is granted all.
    for (asked, expected) in [
        (Some(ASKED), "openid email offline_access read:reports"),
        (None, "read:reports"),
    ] {
        let mut form = credentials.to_vec();
        form.extend(asked.map(|scope| ("scope", scope)));
        let tokens = Tokens::expect(server.token(&PW_NATIVE, &form).await);
        assert_scope(&tokens, expected);
    }
}
