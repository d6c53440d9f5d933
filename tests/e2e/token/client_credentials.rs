//! `grant_type=client_credentials` (RFC 6749 section 4.4).

use harness::{
    Server, Tokens,
    apps::{API, App, M2M, ONLINE_API, SPA_STRICT, WEB_KEY, WEB_POST},
    assert_oauth_error, jwt, scopes,
};

async fn ask(server: &Server, app: &App, more: &[(&str, &str)]) -> harness::Answer {
    let mut form = vec![("grant_type", "client_credentials")];
    form.extend(more);
    server.token(app, &form).await
}

#[harness::test]
async fn a_machine_gets_an_access_token_and_nothing_else() {
    let server = Server::shared();
    let tokens = Tokens::expect(ask(server, &M2M, &[("audience", API)]).await);
    assert_eq!(tokens.body["token_type"], "Bearer");
    assert_eq!(tokens.body["expires_in"], 86_400);
    assert_eq!(tokens.scope(), scopes("read:orders"));
    assert!(
        !tokens.has("refresh_token") && !tokens.has("id_token"),
        "{}",
        tokens.body
    );
}

#[harness::test]
async fn offline_access_and_openid_give_a_machine_nothing_more() {
    let server = Server::shared();
    let more = [
        ("audience", API),
        ("scope", "openid offline_access read:orders"),
    ];
    let answer = ask(server, &M2M, &more).await;
    assert!(!answer.text().contains("refresh_token"), "{answer}");
    assert!(!answer.text().contains("id_token"), "{answer}");
}

#[harness::test]
async fn a_key_is_as_good_as_a_secret() {
    let server = Server::shared();
    let tokens = Tokens::expect(ask(server, &WEB_KEY, &[("audience", API)]).await);
    let (_, claims) = jwt::peek(&tokens.access_token());
    assert_eq!(claims["sub"], "web-key@clients", "{claims}");
}

#[harness::test]
async fn an_audience_is_required() {
    let server = Server::shared();
    let answer = ask(server, &M2M, &[]).await;
    let description =
        "No audience parameter was provided, and no default audience has been configured";
    assert_oauth_error(&answer, 403, "access_denied", description);
}

#[harness::test]
async fn an_unknown_audience_is_refused() {
    let server = Server::shared();
    let answer = ask(server, &M2M, &[("audience", "https://unknown.example.com")]).await;
    let description = "Service not found: https://unknown.example.com";
    assert_oauth_error(&answer, 403, "access_denied", description);
}

#[harness::test]
async fn an_api_needs_a_client_grant() {
    let server = Server::shared();
    let answer = ask(server, &M2M, &[("audience", ONLINE_API)]).await;
    let description = "Client is not authorized to access 'https://online.example.com'. \
                       You need to create a 'client-grant' associated to this API. \
                       See: https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants";
    assert_oauth_error(&answer, 403, "access_denied", description);
}

#[harness::test]
async fn a_scope_outside_the_client_grant_is_never_granted() {
    let server = Server::shared();
    let answer = ask(
        server,
        &M2M,
        &[("audience", API), ("scope", "write:orders")],
    )
    .await;
    let description = "Client has not been granted scopes: write:orders";
    assert_oauth_error(&answer, 403, "access_denied", description);
}

#[harness::test]
async fn only_clients_with_the_grant_type_may_use_it() {
    let server = Server::shared();
    for app in [SPA_STRICT, WEB_POST] {
        let answer = ask(server, &app, &[("audience", API)]).await;
        let description = "Grant type 'client_credentials' not allowed for the client.";
        assert_oauth_error(&answer, 403, "unauthorized_client", description);
    }
}
