//! `grant_type=password` and `password-realm`: tokens for a name and a password.

use harness::{
    Answer, Launch, Server, Tokens,
    apps::{
        API, App, M2M, ONLINE_API, PW_KIOSK, PW_NATIVE, PW_PARTNER, PW_WEB, RFC9068_API,
        SPA_STRICT, User,
    },
    assert_oauth_error, jwt, scopes, tenant,
};
use serde_json::{Value, json};

const REALM: &str = "http://auth0.com/oauth/grant-type/password-realm";
const DATABASE: &str = "Username-Password-Authentication";

/// The form of a password grant, with additional parameters.
fn form<'a>(user: &'a User, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut form = vec![
        ("grant_type", "password"),
        ("username", &user.email),
        ("password", user.password),
    ];
    for (name, value) in more {
        form.retain(|(known, _)| known != name);
        form.push((name, value));
    }
    form
}

async fn ask(server: &Server, app: &App, user: &User, more: &[(&str, &str)]) -> Answer {
    server.token(app, &form(user, more)).await
}

fn claims(token: &str) -> Value {
    jwt::peek(token).1
}

fn wrong(answer: &Answer) {
    assert_oauth_error(answer, 403, "invalid_grant", "Wrong email or password.");
}

#[harness::test]
async fn a_name_and_a_password_give_tokens_to_public_and_confidential_clients() {
    let server = Server::shared();
    let ada = User::ada();
    for app in [PW_NATIVE, PW_WEB] {
        let more = [
            ("audience", API),
            ("scope", "openid email offline_access read:orders"),
        ];
        let answer = ask(server, &app, &ada, &more).await;
        assert_eq!(answer.header("set-cookie"), None, "{answer}");
        let tokens = Tokens::expect(answer);
        assert_eq!(tokens.scope(), scopes(more[1].1));
        let access = claims(&tokens.access_token());
        assert_eq!(access["sub"], ada.id);
        assert_eq!(access["azp"], app.id);
        assert_eq!(access["gty"], "password");
        let id = claims(&tokens.id_token());
        assert_eq!(id["email"], ada.email);
        for absent in ["sid", "nonce", "auth_time"] {
            assert!(id.get(absent).is_none(), "{id}");
        }
        let next = server.rotated(&app, &tokens.refresh_token()).await;
        assert_ne!(next, tokens.refresh_token());
    }
}

#[harness::test]
async fn without_a_scope_all_of_the_apis_are_granted_and_named() {
    let server = Server::shared();
    let tokens = Tokens::expect(ask(server, &PW_NATIVE, &User::ada(), &[("audience", API)]).await);
    assert_eq!(tokens.scope(), ["read:orders", "write:orders"]);
    assert!(!tokens.has("id_token") && !tokens.has("refresh_token"));
    let empty = [("audience", API), ("scope", "")];
    let tokens = Tokens::expect(ask(server, &PW_NATIVE, &User::ada(), &empty).await);
    assert_eq!(tokens.scope(), ["read:orders", "write:orders"]);
}

#[harness::test]
async fn without_an_audience_the_token_is_for_userinfo() {
    let server = Server::shared();
    let userinfo = format!("{}userinfo", server.issuer());
    for more in [vec![], vec![("audience", userinfo.as_str())]] {
        let tokens = Tokens::expect(ask(server, &PW_NATIVE, &User::ada(), &more).await);
        assert_eq!(tokens.scope(), scopes("openid profile email address phone"));
        let userinfo = server
            .http()
            .get_with_bearer("/userinfo", &tokens.access_token())
            .await;
        assert_eq!(userinfo.json()["sub"], User::ada().id, "{userinfo}");
    }
}

#[harness::test]
async fn no_refresh_token_where_api_or_client_do_not_allow_one() {
    let server = Server::shared();
    let scope = "openid offline_access read:orders read:stock";
    for (app, audience) in [(PW_NATIVE, ONLINE_API), (PW_KIOSK, API)] {
        let more = [("audience", audience), ("scope", scope)];
        let tokens = Tokens::expect(ask(server, &app, &User::ada(), &more).await);
        assert!(!tokens.has("refresh_token"), "{}", tokens.body);
        assert!(!tokens.scope().contains(&"offline_access".to_owned()));
    }
}

#[harness::test]
async fn a_realm_is_a_connections_name_or_another_of_its_realms() {
    let server = Server::shared();
    let mary = User::mary();
    for realm in ["Staff", "employees"] {
        let more = [("grant_type", REALM), ("realm", realm), ("audience", API)];
        let tokens = Tokens::expect(ask(server, &PW_WEB, &mary, &more).await);
        assert_eq!(claims(&tokens.access_token())["sub"], mary.id);
        assert_eq!(claims(&tokens.access_token())["gty"], "password");
        wrong(&ask(server, &PW_WEB, &User::ada(), &more).await);
    }
    let more = [("grant_type", REALM), ("realm", DATABASE)];
    Tokens::expect(ask(server, &PW_WEB, &User::ada(), &more).await);
    wrong(&ask(server, &PW_WEB, &mary, &more).await);
}

#[harness::test]
async fn a_realm_that_is_null_or_left_out_is_the_default_directory() {
    let server = Server::shared();
    let ada = User::ada();
    for realm in [Value::Null, json!("")] {
        // The body that auth0-python sends.
        let body = json!({
            "client_id": PW_NATIVE.id, "grant_type": REALM, "realm": realm, "username": ada.email,
            "password": ada.password, "scope": null, "audience": API, "organization": null,
        });
        Tokens::expect(server.http().post_json("/oauth/token", &body).await);
    }
    Tokens::expect(ask(server, &PW_NATIVE, &ada, &[("grant_type", REALM)]).await);
}

#[harness::test]
async fn a_realm_that_is_not_there_or_not_the_clients_is_refused() {
    let server = Server::shared();
    for realm in ["Nowhere", "staff", "a#b"] {
        let more = [("grant_type", REALM), ("realm", realm)];
        let answer = ask(server, &PW_NATIVE, &User::ada(), &more).await;
        let text = format!("Unknown realm '{realm}'");
        assert_oauth_error(&answer, 403, "invalid_request", &text);
    }
    for realm in ["Staff", "employees"] {
        let more = [("grant_type", REALM), ("realm", realm)];
        let answer = ask(server, &PW_NATIVE, &User::mary(), &more).await;
        let text = "The connection is not enabled for this client";
        assert_oauth_error(&answer, 403, "unauthorized_client", text);
    }
}

#[harness::test]
async fn without_a_default_directory_password_needs_a_realm() {
    let file = tenant::changed(
        "  default_directory: Username-Password-Authentication\n",
        "",
    );
    let server = Launch::new().tenant(file).start("has no default directory");
    let ada = User::ada();
    let text = "Authorization server not configured with default connection.";
    for grant in ["password", REALM] {
        let answer = ask(&server, &PW_NATIVE, &ada, &[("grant_type", grant)]).await;
        assert_oauth_error(&answer, 500, "server_error", text);
    }
    let more = [("grant_type", REALM), ("realm", DATABASE)];
    Tokens::expect(ask(&server, &PW_NATIVE, &ada, &more).await);
}

#[harness::test]
async fn wrong_passwords_and_unknown_names_sound_alike() {
    let server = Server::shared();
    let user = server.fresh_user();
    let long = "a".repeat(5_000);
    for (name, password) in [
        (user.email.as_str(), "wrong"),
        ("unknown@example.com", "wrong"),
        ("unknown@example.com", user.password),
        (long.as_str(), "wrong"),
        (" ", "wrong"),
    ] {
        let more = [("username", name), ("password", password)];
        wrong(&ask(server, &PW_NATIVE, &user, &more).await);
    }
}

#[harness::test]
async fn a_blocked_user_is_reported_for_the_right_password_only() {
    let server = Server::shared();
    let user = User::blocked();
    let answer = ask(server, &PW_NATIVE, &user, &[]).await;
    assert_oauth_error(&answer, 403, "invalid_grant", "user is blocked");
    wrong(&ask(server, &PW_NATIVE, &user, &[("password", "wrong")]).await);
}

#[harness::test]
async fn what_is_missing_is_named() {
    let server = Server::shared();
    for missing in ["username", "password"] {
        let answer = ask(server, &PW_NATIVE, &User::ada(), &[(missing, "")]).await;
        let text = format!("Missing required parameter: {missing}");
        assert_oauth_error(&answer, 400, "invalid_request", &text);
    }
}

#[harness::test]
async fn an_unknown_audience_is_refused_before_the_password_is_looked_at() {
    let server = Server::shared();
    let more = [
        ("audience", "https://nowhere.example.com"),
        ("password", "wrong"),
    ];
    let answer = ask(server, &PW_NATIVE, &User::ada(), &more).await;
    let text = "Service not found: https://nowhere.example.com";
    assert_oauth_error(&answer, 403, "access_denied", text);
}

#[harness::test]
async fn only_first_party_clients_with_the_grant_may_ask() {
    let server = Server::shared();
    let ada = User::ada();
    for (app, grant) in [
        (PW_PARTNER, "password"),
        (SPA_STRICT, "password"),
        (SPA_STRICT, REALM),
        (M2M, "password"),
        (PW_KIOSK, REALM),
    ] {
        let answer = ask(server, &app, &ada, &[("grant_type", grant)]).await;
        let text = format!("Grant type '{grant}' not allowed for the client.");
        assert_oauth_error(&answer, 403, "unauthorized_client", &text);
    }
}

#[harness::test]
async fn a_confidential_client_has_to_authenticate() {
    let server = Server::shared();
    let unauthenticated = App {
        proof: harness::apps::Proof::Post("not-the-secret-0123456789abcdef"),
        ..PW_WEB
    };
    let answer = ask(server, &unauthenticated, &User::ada(), &[]).await;
    assert_oauth_error(&answer, 401, "access_denied", "Unauthorized");
}

#[harness::test]
async fn the_newer_dialect_has_no_gty() {
    let server = Server::shared();
    let tokens = Tokens::expect(
        ask(
            server,
            &PW_NATIVE,
            &User::ada(),
            &[("audience", RFC9068_API)],
        )
        .await,
    );
    let access = claims(&tokens.access_token());
    assert!(access.get("gty").is_none(), "{access}");
}

#[harness::test]
async fn a_success_reads_four_times_and_writes_the_family_and_its_count_alone() {
    let server = Server::shared_local("reads what each request cost");
    let user = server.fresh_user();
    let more = [("audience", API), ("scope", "openid read:orders")];
    Tokens::expect(ask(server, &PW_NATIVE, &user, &more).await);
    let answer = ask(server, &PW_NATIVE, &user, &more).await;
    // The name, then user and failures at once, then the failures again.
    let cost = answer.cost();
    assert_eq!((cost.read_calls, cost.write_calls), (4.0, 0.0), "{cost:?}");
    assert!(cost.read_units <= 4.0, "{cost:?}");
    let more = [("audience", API), ("scope", "openid offline_access")];
    let answer = ask(server, &PW_NATIVE, &user, &more).await;
    let cost = answer.cost();
    assert_eq!((cost.read_calls, cost.write_calls), (4.0, 2.0), "{cost:?}");
    assert!(cost.write_units <= 2.0, "{cost:?}");
}

#[harness::test]
async fn neither_log_nor_table_hold_a_password() {
    let launch = Launch::new().env("RUST_LOG", "trace,hyper=info,aws=info,h2=info");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = launch
        .data(&folder)
        .start("reads the server's log and data");
    let ada = User::ada();
    let typed = "a-wrong-password-that-a-user-typed";
    ask(&server, &PW_NATIVE, &ada, &[]).await;
    wrong(&ask(&server, &PW_NATIVE, &ada, &[("password", typed)]).await);
    wrong(
        &ask(
            &server,
            &PW_NATIVE,
            &ada,
            &[("username", "unknown"), ("password", typed)],
        )
        .await,
    );
    let log = server.stop();
    for secret in [typed, ada.password] {
        assert!(!log.contains(secret), "`{secret}` in the log");
        for file in std::fs::read_dir(folder.path()).expect("the folder is there") {
            let path = file.expect("the folder can be read").path();
            let bytes = std::fs::read(&path).unwrap_or_default();
            let found = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!found, "`{secret}` in {}", path.display());
        }
    }
    for code in ["sepft", "fepft", "fp", "fu"] {
        assert!(log.contains(code), "no `{code}` in the log");
    }
}
