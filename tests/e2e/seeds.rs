//! Examples and guarantees of Auth0's pages on refresh tokens that no other file covers: their requests word for word,
//! the ways to a refresh token, and the things that the end of one leaves unchanged.

use harness::{
    Launch, Server, Tokens,
    apps::{
        API, ASKING_API, App, LEGACY_SPA, M2M, NATIVE, PW_NATIVE, SPA_HYBRID, SPA_STRICT, User,
        WEB_CLASSIC, WEB_POST,
    },
    assert_unknown_refresh_token,
    flow::SCOPE,
    jwt, scopes,
};
use serde_json::json;

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const REALM: &str = "http://auth0.com/oauth/grant-type/password-realm";
const DATABASE: &str = "Username-Password-Authentication";

/// The members of a token answer.
fn members(tokens: &Tokens) -> String {
    let body = tokens.body.as_object().expect("an object");
    let mut names: Vec<&str> = body.keys().map(String::as_str).collect();
    names.sort_unstable();
    names.join(" ")
}

#[harness::test]
async fn the_documented_exchange_works_as_form_and_as_json() {
    let server = Server::shared();
    let token = server.login(&WEB_CLASSIC).refresh_token().await;
    let members_of = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &token),
        ("client_id", WEB_CLASSIC.id),
        ("client_secret", WEB_CLASSIC.secret()),
        ("scope", "openid profile"),
        ("audience", API),
    ];
    let http = server.http();
    let by_form = http.post_form("/oauth/token", &members_of).await;
    let body: serde_json::Map<_, _> = members_of
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    let by_json = http.post_json("/oauth/token", &json!(body)).await;
    for answer in [by_form, by_json] {
        let tokens = Tokens::expect(answer);
        assert_eq!(
            members(&tokens),
            "access_token expires_in id_token scope token_type"
        );
        assert_eq!(tokens.body["token_type"], "Bearer");
        assert_eq!(tokens.body["expires_in"], 86_400);
        assert_eq!(tokens.scope(), scopes("openid profile"));
        let (_, claims) = jwt::peek(&tokens.access_token());
        assert_eq!(claims["aud"], json!([API, server.url("userinfo")]));
    }
}

#[harness::test]
async fn audience_and_the_secret_of_a_public_client_are_optional() {
    let server = Server::shared();
    for app in [NATIVE, SPA_STRICT] {
        let first = server.login(&app).tokens().await;
        let body = json!({
            "grant_type": "refresh_token", "client_id": app.id,
            "refresh_token": first.refresh_token(),
        });
        let answer = server.http().post_json("/oauth/token", &body).await;
        let tokens = Tokens::expect(answer);
        assert_eq!(tokens.scope(), first.scope());
        let (_, claims) = jwt::peek(&tokens.access_token());
        assert_eq!(claims["aud"], json!([API, server.url("userinfo")]));
    }
}

#[harness::test]
async fn the_documented_delegation_works() {
    let server = Server::shared();
    let user = server.fresh_user();
    let login = server.login(&LEGACY_SPA).user(&user).without("audience");
    let login = login.scope("openid offline_access").with("device", "phone");
    let body = json!({
        "grant_type": JWT_BEARER, "client_id": LEGACY_SPA.id,
        "refresh_token": login.refresh_token().await, "scope": "openid profile",
    });
    let answer = server.http().post_json("/delegation", &body).await;
    assert_eq!(answer.status, 200, "{answer}");
    let token = answer.json()["id_token"]
        .as_str()
        .expect("a text")
        .to_owned();
    assert_eq!(jwt::peek(&token).1["sub"], user.id);
}

/// The form of a password grant of Ada for all scopes.
fn password_form(grant: &str) -> Vec<(&'static str, String)> {
    let ada = User::ada();
    [
        ("grant_type", grant),
        ("username", &ada.email),
        ("password", ada.password),
        ("realm", DATABASE),
        ("audience", API),
        ("scope", SCOPE),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}

/// A token request that succeeds.
async fn granted(server: &Server, app: &App, form: &[(&str, String)]) -> Tokens {
    let form: Vec<_> = form
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    Tokens::expect(server.token(app, &form).await)
}

#[harness::test]
async fn codes_and_passwords_give_a_refresh_token_fragments_and_machines_do_not() {
    let server = Server::shared();
    // With PKCE and without. The device flow is in `device/settling.rs`.
    let mut from = vec![
        (SPA_STRICT, server.login(&SPA_STRICT).tokens().await),
        (
            WEB_POST,
            server.login(&WEB_POST).without_pkce().tokens().await,
        ),
    ];
    for grant in ["password", REALM] {
        let tokens = granted(server, &PW_NATIVE, &password_form(grant)).await;
        from.push((PW_NATIVE, tokens));
    }
    for (app, tokens) in from {
        assert!(tokens.scope().contains(&"offline_access".to_owned()));
        server.rotated(&app, &tokens.refresh_token()).await;
    }

    for kind in [
        "token",
        "id_token",
        "token id_token",
        "code token",
        "code id_token",
        "code token id_token",
    ] {
        for mode in ["fragment", "form_post"] {
            let login = server.login(&SPA_HYBRID).with("response_type", kind);
            let landing = login.with("response_mode", mode).land().await;
            let response = match landing {
                harness::Landing::Page(page) => page.text(),
                harness::Landing::Callback(callback) => callback.url.to_string(),
            };
            assert!(response.contains("id_token") || response.contains("access_token"));
            assert!(!response.contains("refresh_token"), "{response}");
        }
    }
    let form = [
        ("grant_type", "client_credentials".to_owned()),
        ("audience", API.to_owned()),
    ];
    let machine = granted(server, &M2M, &form).await;
    assert_eq!(
        members(&machine),
        "access_token expires_in scope token_type"
    );
}

#[harness::test]
async fn neither_a_password_nor_a_refresh_asks_for_consent() {
    let server = Server::shared();
    let mut form = password_form("password");
    form.retain(|(name, _)| !["audience", "scope"].contains(name));
    form.push(("audience", ASKING_API.to_owned()));
    form.push(("scope", "openid offline_access read:diary".to_owned()));
    let tokens = granted(server, &PW_NATIVE, &form).await;
    assert!(tokens.scope().contains(&"read:diary".to_owned()));
    let next = server.refreshed(&PW_NATIVE, &tokens.refresh_token()).await;
    assert_eq!(next.scope(), tokens.scope());
}

#[harness::test]
async fn access_tokens_outlive_the_refresh_token_they_came_with() {
    let server = Server::shared();
    let user = server.fresh_user();
    let first = server.login(&SPA_STRICT).user(&user).tokens().await;
    let second = server.refreshed(&SPA_STRICT, &first.refresh_token()).await;
    // One token ends by reuse, the other by revocation.
    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &first.refresh_token()).await);
    let other = server.login(&WEB_POST).user(&user).tokens().await;
    server.revoke(&WEB_POST, &other.refresh_token()).await;
    for token in [
        first.access_token(),
        second.access_token(),
        other.access_token(),
    ] {
        let answer = server.http().get_with_bearer("/userinfo", &token).await;
        assert_eq!(answer.json()["sub"], user.id, "{answer}");
    }
}

#[harness::test]
async fn reuse_ends_no_session() {
    let server = Server::shared();
    let user = server.fresh_user();
    let browser = server.browser();
    let login = || server.login(&SPA_STRICT).user(&user).browser(&browser);
    let first = login().refresh_token().await;
    let live = server.rotated(&SPA_STRICT, &first).await;
    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &first).await);
    assert_unknown_refresh_token(&server.refresh(&SPA_STRICT, &live).await);
    let fresh = login().with("prompt", "none").refresh_token().await;
    server.rotated(&SPA_STRICT, &fresh).await;
}

#[harness::test]
async fn an_unblocked_user_continues_with_the_earlier_token() {
    let server = Server::shared_local("blocks a user");
    let user = server.fresh_user();
    let token = server.login(&SPA_STRICT).user(&user).refresh_token().await;
    server.set_blocked(&user, true).await;
    let answer = server.refresh(&SPA_STRICT, &token).await;
    harness::assert_oauth_error(&answer, 403, "invalid_grant", "user is blocked");
    server.set_blocked(&user, false).await;
    server.rotated(&SPA_STRICT, &token).await;
}

#[harness::test]
async fn another_password_leaves_refresh_tokens_alone_where_the_tenant_says_so() {
    let server = Server::start("changes a password");
    let flags = "tenant: {flags: {revoke_refresh_tokens_on_password_change: false}}\n";
    server.import_tenant(flags.to_owned()).await;
    let token = server
        .login(&SPA_STRICT)
        .user(&User::zoe())
        .refresh_token()
        .await;
    let file =
        "users:\n  - { user_id: auth0|zoe, email: zoe@example.com, password: quite another }\n";
    server.import_tenant(file.to_owned()).await;
    server.rotated(&SPA_STRICT, &token).await;
}

#[harness::test]
async fn userinfo_may_be_asked_with_the_token_in_a_form() {
    let server = Server::shared();
    let user = server.fresh_user();
    let login = server.login(&SPA_STRICT).user(&user).scope("openid");
    let token = login.tokens().await.access_token();
    let form = [("access_token", token.as_str())];
    let answer = server.http().post_form("/userinfo", &form).await;
    assert_eq!(answer.json()["sub"], user.id, "{answer}");
}

#[harness::test]
async fn a_refreshed_id_token_has_the_claims_of_now() {
    let server = Server::start("changes a user");
    let login = server.login(&SPA_STRICT).user(&User::zoe());
    let first = login.tokens().await;
    assert_eq!(jwt::peek(&first.id_token()).1.get("given_name"), None);
    let file = "users:\n  - { user_id: auth0|zoe, email: zoe@example.com, given_name: Zoe }\n";
    server.import_tenant(file.to_owned()).await;
    let second = server.refreshed(&SPA_STRICT, &first.refresh_token()).await;
    assert_eq!(jwt::peek(&second.id_token()).1["given_name"], "Zoe");
}

/// True if a file of the folder contains these bytes.
fn is_stored(folder: &tempfile::TempDir, text: &str) -> bool {
    let files = std::fs::read_dir(folder.path()).expect("the folder is there");
    files.into_iter().any(|file| {
        let path = file.expect("the folder can be read").path();
        let bytes = std::fs::read(path).unwrap_or_default();
        bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    })
}

#[harness::test]
async fn refresh_tokens_are_not_stored() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let launch = Launch::new().data(&folder);
    let server = launch.start("reads the server's data");
    let first = server.login(&SPA_STRICT).refresh_token().await;
    let second = server.rotated(&SPA_STRICT, &first).await;
    let kept = server.login(&WEB_CLASSIC).refresh_token().await;
    server.refreshed(&WEB_CLASSIC, &kept).await;
    server.stop();
    assert!(
        is_stored(&folder, "auth0|ada"),
        "this is where they would be"
    );
    for token in [first, second, kept] {
        let secret = token.strip_prefix("rt1_").expect("the prefix");
        assert!(!is_stored(&folder, &secret[secret.len() - 40..]));
    }
}
