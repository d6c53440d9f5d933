//! The API that a request is for, and the clients that an API accepts.

use harness::{
    Launch, Server, Tokens,
    apps::{API, App, CLOSED_API, GRANTED_API, M2M, OPERATOR, SPA_STRICT, WEB_GRANTED, WEB_POST},
    assert_oauth_error, jwt, scopes, tenant,
};

async fn as_machine(server: &Server, app: &App, more: &[(&str, &str)]) -> harness::Answer {
    let mut form = vec![("grant_type", "client_credentials")];
    form.extend(more);
    server.token(app, &form).await
}

#[track_caller]
fn assert_no_client_grant(answer: &harness::Answer, api: &str) {
    let description = format!(
        "Client is not authorized to access '{api}'. You need to create a 'client-grant' \
         associated to this API. See: \
         https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants"
    );
    assert_oauth_error(answer, 403, "access_denied", &description);
}

#[harness::test]
async fn an_api_closed_to_users_is_refused_to_their_clients_only() {
    let server = Server::shared();
    for app in [SPA_STRICT, WEB_GRANTED] {
        let login = server.login(&app).audience(CLOSED_API).scope("openid");
        login.open().await.callback().assert_error(
            "invalid_request",
            &format!(
                "Client '{}' is not authorized to access resource server '{CLOSED_API}'.",
                app.id
            ),
        );
    }
    let answer = as_machine(server, &M2M, &[("audience", CLOSED_API)]).await;
    assert_eq!(Tokens::expect(answer).scope(), ["read:vault"]);
}

#[harness::test]
async fn an_api_that_wants_a_client_grant_gives_users_no_more_than_that_holds() {
    let server = Server::shared();
    let asked = "openid offline_access read:ledger write:ledger";
    let login = |app: &App| server.login(app).audience(GRANTED_API).scope(asked);
    let tokens = login(&WEB_GRANTED).tokens().await;
    let granted = scopes("openid offline_access read:ledger");
    assert_eq!(tokens.scope(), granted);
    // A refresh may omit the scope.
    let tokens = server
        .refreshed(&WEB_GRANTED, &tokens.refresh_token())
        .await;
    assert_eq!(tokens.scope(), granted);

    let refused = login(&WEB_POST).open().await.callback();
    refused.assert_error(
        "invalid_request",
        "Client 'web-post' is not authorized to access resource server \
         'https://granted.example.com'.",
    );
}

#[harness::test]
async fn a_client_grant_for_users_does_not_cover_the_client_itself() {
    let server = Server::shared();
    for app in [WEB_GRANTED, M2M] {
        let answer = as_machine(server, &app, &[("audience", GRANTED_API)]).await;
        assert_no_client_grant(&answer, GRANTED_API);
    }
}

#[harness::test]
async fn an_api_that_closes_refuses_refreshes_and_codes_and_burns_neither() {
    let server = Server::start("changes a live API");
    let login = || server.login(&WEB_GRANTED).audience(GRANTED_API);
    let scope = "openid offline_access read:ledger";
    let token = login().scope(scope).refresh_token().await;
    let code = login().scope(scope).code().await;
    let open = "user: { policy: require_client_grant }";
    server
        .import_tenant(tenant::changed(open, "user: { policy: deny_all }"))
        .await;
    let description = "Client 'web-granted' is not authorized to access resource server \
                       'https://granted.example.com'.";
    let answer = server.refresh(&WEB_GRANTED, &token).await;
    assert_oauth_error(&answer, 403, "invalid_request", description);
    let answer = server.exchange(&code).await;
    assert_oauth_error(&answer, 403, "invalid_request", description);

    server.import_tenant(tenant::base()).await;
    server.rotated(&WEB_GRANTED, &token).await;
    Tokens::expect(server.exchange(&code).await);
}

#[harness::test]
async fn the_management_api_is_there_for_machines_with_a_grant() {
    let server = Server::shared();
    let api = server.url("api/v2/");
    let answer = as_machine(server, &OPERATOR, &[("audience", &api)]).await;
    let tokens = Tokens::expect(answer);
    let granted = "read:grants delete:grants read:sessions delete:sessions read:refresh_tokens \
                   delete:refresh_tokens read:device_credentials delete:device_credentials";
    assert_eq!(tokens.scope(), scopes(granted));
    assert_eq!(tokens.body["expires_in"], 86_400);
    let (_, claims) = jwt::peek(&tokens.access_token());
    assert_eq!(claims["aud"], api, "{claims}");
    assert_eq!(claims["sub"], "operator@clients", "{claims}");
    assert_eq!(claims["gty"], "client-credentials", "{claims}");

    let answer = as_machine(server, &M2M, &[("audience", &api)]).await;
    assert_no_client_grant(&answer, &api);
    let login = server.login(&SPA_STRICT).audience(&api).scope("openid");
    let refused = login.open().await.callback();
    assert_eq!(refused.get("error").as_deref(), Some("invalid_request"));
}

#[harness::test]
async fn a_refresh_token_is_for_the_session_or_beyond_it() {
    let server = Server::shared();
    let login = server.login(&SPA_STRICT);
    let both = login.scope("openid online_access offline_access");
    both.open().await.callback().assert_error(
        "invalid_request",
        "Cannot request both online_access and offline_access scopes",
    );
    // Alone, `online_access` is an unknown scope like any other.
    let login = server.login(&SPA_STRICT).scope("openid online_access");
    let tokens = login.tokens().await;
    assert_eq!(tokens.scope(), ["openid"]);
    assert!(!tokens.has("refresh_token"), "{}", tokens.body);
}

#[harness::test]
async fn userinfo_as_audience_gives_an_opaque_token_that_is_good_there() {
    let server = Server::shared();
    let login = server.login(&SPA_STRICT).audience(&server.url("userinfo"));
    let tokens = login.scope("openid email read:orders").tokens().await;
    assert_eq!(tokens.scope(), scopes("openid email"));
    let token = tokens.access_token();
    assert!(!jwt::is_jws(&token), "{token}");
    let answer = server.http().get_with_bearer("/userinfo", &token).await;
    assert_eq!(answer.json()["email"], "ada@example.com", "{answer}");
}

#[harness::test]
async fn resource_names_no_api_by_default() {
    let server = Server::shared();
    let login = server.login(&SPA_STRICT).without("audience");
    let tokens = login.with("resource", API).scope("openid").tokens().await;
    assert!(!jwt::is_jws(&tokens.access_token()), "{}", tokens.body);
    let answer = as_machine(server, &M2M, &[("resource", API)]).await;
    let description =
        "No audience parameter was provided, and no default audience has been configured";
    assert_oauth_error(&answer, 403, "access_denied", description);
}

#[harness::test]
async fn resource_stands_for_audience_where_the_tenant_takes_both() {
    let line = "friendly_name: Ratchet Tests";
    let both = format!("{line}\n  resource_parameter_profile: compatibility");
    let file = tenant::changed(line, &both);
    let server = Launch::new().tenant(file).start("changes a tenant setting");
    let for_api = |tokens: &Tokens, api: &str| {
        let (_, claims) = jwt::peek(&tokens.access_token());
        assert!(claims["aud"].to_string().contains(api), "{claims}");
    };
    let login = server.login(&SPA_STRICT).without("audience");
    let tokens = login.with("resource", API).tokens().await;
    for_api(&tokens, API);
    let more = [("resource", "https://unknown.example.com")];
    let answer = server
        .refresh_with(&SPA_STRICT, &tokens.refresh_token(), &more)
        .await;
    let description = "Service not found: https://unknown.example.com";
    assert_oauth_error(&answer, 403, "access_denied", description);
    let answer = as_machine(&server, &M2M, &[("resource", API)]).await;
    for_api(&Tokens::expect(answer), API);
    // `audience` wins if a request has both.
    let more = [("resource", API), ("audience", CLOSED_API)];
    let answer = as_machine(&server, &M2M, &more).await;
    for_api(&Tokens::expect(answer), CLOSED_API);
}
