//! The cost of a refresh, as DynamoDB counts it, once the function is warm.

use harness::{
    Answer, Cost, INVALID_CODE, Launch, Scripts, Server, Tokens,
    apps::{
        App, ONLINE_API, RBAC_API, SPA_LEEWAY, SPA_MANY, SPA_STRICT, THIRD_PARTY, User, WEB_BASIC,
        WEB_CLASSIC, WEB_POST,
    },
    assert_oauth_error, assert_unknown_refresh_token, jwt, scopes, tenant,
};

const REASON: &str = "reads what each request cost";

/// The budget of one rotating refresh with an ID token.
#[track_caller]
fn assert_within_budget(answer: &Answer) {
    let cost = answer.cost();
    assert_eq!(answer.status, 200, "{answer}");
    assert_eq!((cost.read_calls, cost.write_calls), (1.0, 1.0), "{cost:?}");
    assert!(cost.read_units <= 2.0, "{cost:?}");
    assert!(cost.write_units <= 1.0, "{cost:?}");
    assert!(cost.sign_calls <= 2.0, "{cost:?}");
}

/// Logs in and refreshes once, so that client and keys are in memory.
async fn warm(server: &Server, app: &App) -> String {
    let token = server.login(app).refresh_token().await;
    server.rotated(app, &token).await
}

#[harness::test]
async fn a_rotating_refresh_is_one_read_and_one_write() {
    let server = Server::shared_local(REASON);
    for app in [SPA_STRICT, SPA_LEEWAY, WEB_POST, WEB_BASIC] {
        let token = warm(server, &app).await;
        assert_within_budget(&server.refresh(&app, &token).await);
    }
}

#[harness::test]
async fn the_sixtieth_refresh_costs_what_the_first_did() {
    let server = Server::shared_local(REASON);
    let mut token = warm(server, &SPA_LEEWAY).await;
    for _ in 0..60 {
        let answer = server.refresh(&SPA_LEEWAY, &token).await;
        assert_within_budget(&answer);
        token = Tokens::expect(answer).refresh_token();
    }
}

#[harness::test]
async fn configuration_costs_an_environment_two_and_a_half_units_a_minute() {
    let server = Launch::new().start(REASON);
    let token = warm(&server, &SPA_STRICT).await;
    server.advance(60).await;
    let answer = server.refresh(&SPA_STRICT, &token).await;
    let cost = answer.cost();
    // Client, API, settings, keyring and signing keys, half a unit each, and the refresh itself.
    assert_eq!((cost.read_calls, cost.read_units), (6.0, 4.5), "{cost:?}");
    assert!(cost.write_units <= 1.0, "{cost:?}");
    let token = Tokens::expect(answer).refresh_token();
    server.advance(44).await;
    assert_within_budget(&server.refresh(&SPA_STRICT, &token).await);
}

#[harness::test]
async fn a_users_other_families_add_nothing() {
    let server = Server::shared_local(REASON);
    let user = server.fresh_user();
    let browser = server.browser();
    for _ in 0..20 {
        server
            .login(&SPA_STRICT)
            .user(&user)
            .browser(&browser)
            .refresh_token()
            .await;
    }
    let token = server
        .login(&SPA_STRICT)
        .browser(&browser)
        .refresh_token()
        .await;
    let token = server.rotated(&SPA_STRICT, &token).await;
    assert_within_budget(&server.refresh(&SPA_STRICT, &token).await);
}

#[harness::test]
async fn a_narrowed_refresh_costs_the_same() {
    let server = Server::shared_local(REASON);
    let token = warm(server, &SPA_STRICT).await;
    let more = [("scope", "openid read:orders")];
    assert_within_budget(&server.refresh_with(&SPA_STRICT, &token, &more).await);
}

/// The tests' tenant, in which the reader has this many more permissions of realistic length.
fn with_permissions(number: usize) -> String {
    let (mut scopes, mut permissions) = (Vec::new(), Vec::new());
    for n in 0..number {
        scopes.push(format!("      - value: read:thing-{n:03}\n"));
        permissions.push(format!("      - permission_name: read:thing-{n:03}\n"));
        permissions.push(format!("        resource_server_identifier: {RBAC_API}\n"));
    }
    let (api, roles) = ("      - value: delete:reports\n", "    roles: [Reader]\n");
    let file = tenant::changed(api, &format!("{api}{}", scopes.concat()));
    assert!(file.contains(roles));
    let with = format!("{roles}    permissions:\n{}", permissions.concat());
    file.replacen(roles, &with, 1)
}

#[harness::test]
async fn permissions_cost_a_refresh_nothing() {
    let file = with_permissions(150);
    let server = Launch::new().tenant(file).start(REASON);
    let login = server.login(&SPA_STRICT).user(&User::reader());
    let asked = "openid offline_access read:reports read:thing-000 read:thing-149";
    let token = login.audience(RBAC_API).scope(asked).refresh_token().await;
    let token = server.rotated(&SPA_STRICT, &token).await;
    let answer = server.refresh(&SPA_STRICT, &token).await;
    assert_within_budget(&answer);
    let tokens = Tokens::expect(answer);
    assert_eq!(tokens.scope(), scopes(asked));
    let (_, claims) = jwt::peek(&tokens.access_token());
    let permissions = claims["permissions"].as_array().map(Vec::len);
    assert_eq!(permissions, Some(151), "{claims}");
}

#[harness::test]
async fn scripts_cost_a_refresh_no_call() {
    let rule = "function (user, context, callback) {
        context.idToken['https://example.com/plan'] = user.app_metadata.plan;
        callback(null, user, context);
    }";
    let action = "exports.onExecutePostLogin = async (event, api) => {
        api.accessToken.setCustomClaim('https://example.com/plan', event.user.app_metadata.plan);
    };";
    let server = Scripts::of_rule(rule).action("action", action).start();
    for app in [SPA_STRICT, SPA_LEEWAY, WEB_POST] {
        let token = warm(&server, &app).await;
        assert_within_budget(&server.refresh(&app, &token).await);
    }
    let parent = warm(&server, &SPA_LEEWAY).await;
    server.rotated(&SPA_LEEWAY, &parent).await;
    let cost = server.refresh(&SPA_LEEWAY, &parent).await.cost();
    assert_eq!((cost.read_calls, cost.write_calls), (1.0, 0.0), "{cost:?}");
}

#[harness::test]
async fn a_refresh_for_another_api_costs_the_same() {
    let server = Server::shared_local(REASON);
    let token = warm(server, &SPA_MANY).await;
    let more = [("audience", ONLINE_API)];
    let answer = server.refresh_with(&SPA_MANY, &token, &more).await;
    let token = Tokens::expect(answer).refresh_token();
    assert_within_budget(&server.refresh_with(&SPA_MANY, &token, &more).await);
}

#[harness::test]
async fn a_replay_inside_the_leeway_writes_nothing() {
    let server = Server::shared_local(REASON);
    let parent = warm(server, &SPA_LEEWAY).await;
    let child = server.rotated(&SPA_LEEWAY, &parent).await;
    for _ in 0..3 {
        let answer = server.refresh(&SPA_LEEWAY, &parent).await;
        let cost = answer.cost();
        assert_eq!(Tokens::expect(answer).refresh_token(), child);
        assert_eq!(
            (cost.read_calls, cost.write_calls, cost.write_units),
            (1.0, 0.0, 0.0)
        );
        assert!(cost.read_units <= 2.0, "{cost:?}");
    }
}

#[harness::test]
async fn a_token_that_stays_costs_no_more_than_one_that_rotates() {
    let server = Server::shared_local(REASON);
    let token = server.login(&WEB_CLASSIC).refresh_token().await;
    server.refreshed(&WEB_CLASSIC, &token).await;
    let answer = server.refresh(&WEB_CLASSIC, &token).await;
    assert_eq!(answer.status, 200, "{answer}");
    let cost = answer.cost();
    assert!(
        cost.read_calls <= 1.0 && cost.write_calls <= 1.0,
        "{cost:?}"
    );
    assert!(
        cost.read_units <= 2.0 && cost.write_units <= 1.0,
        "{cost:?}"
    );
}

/// Tokens that the server never sealed for this client, derived from one that it did.
fn forgeries(token: &str) -> Vec<String> {
    let body = token
        .strip_prefix("rt1_")
        .expect("refresh tokens have a prefix");
    let flipped = |at: usize| {
        let other = if &body[at..=at] == "A" { "B" } else { "A" };
        format!("rt1_{}{other}{}", &body[..at], &body[at + 1..])
    };
    let mut forged: Vec<String> = (0..body.len() - 1).step_by(7).map(flipped).collect();
    forged.extend([
        "rt1_".to_owned(),
        "rt1_AAAA".to_owned(),
        "nonsense".to_owned(),
        format!("rt1_{}", "A".repeat(body.len())),
        format!("rt1_{}", "A".repeat(20_000)),
        token[..token.len() - 1].to_owned(),
        token[..token.len() / 2].to_owned(),
        format!("{token}A"),
        format!("{token}="),
        format!("{token}\n"),
        format!(" {token}"),
        body.to_owned(),
        token.to_uppercase(),
        format!("rt2_{body}"),
        format!("{token}.{token}"),
    ]);
    forged
}

/// The writes of a code's exchange. A transaction costs two units for each item that it writes or compares.
#[harness::test]
async fn the_exchange_of_a_code_pays_for_a_consent_only_where_the_code_rests_on_one() {
    let server = Server::shared_local(REASON);
    let user = server.fresh_user();
    let browser = server.browser();
    for (app, scope, calls, units) in [
        (SPA_STRICT, "openid", 1.0, 1.0),
        // Code, family and session in a transaction, and the count of families by itself.
        (SPA_STRICT, "openid offline_access", 2.0, 7.0),
        // Code and consent.
        (THIRD_PARTY, "openid", 1.0, 4.0),
        // All four in a transaction, and the count.
        (THIRD_PARTY, "openid offline_access", 2.0, 9.0),
    ] {
        for _ in 0..2 {
            let login = server.login(&app).user(&user).browser(&browser);
            let code = login.scope(scope).code().await;
            let answer = server.exchange(&code).await;
            let cost = answer.cost();
            assert_eq!(answer.status, 200, "{answer}");
            assert_eq!(
                (cost.write_calls, cost.write_units),
                (calls, units),
                "{cost:?}"
            );
        }
    }
}

#[harness::test]
async fn a_press_for_a_consent_is_one_write_and_reads_no_consent() {
    let server = Server::shared_local(REASON);
    let user = server.fresh_user();
    let browser = server.browser();
    let login = || server.login(&THIRD_PARTY).user(&user).browser(&browser);
    login().callback().await.code();
    let landing = login().with("prompt", "consent").open().await;
    let page = landing.page_at("/u/consent");
    let answer = browser.answer_consent(&page, "accept").await;
    let cost = answer.cost();
    assert_eq!(answer.status, 303, "{answer}");
    // The session, stored with its user, is the only read.
    assert_eq!((cost.read_calls, cost.write_calls), (1.0, 1.0), "{cost:?}");
    assert!(cost.write_units <= 1.0, "{cost:?}");
}

#[harness::test]
async fn a_forged_token_calls_nothing() {
    let server = Server::shared_local(REASON);
    let token = warm(server, &SPA_STRICT).await;
    for forged in forgeries(&token) {
        let answer = server.refresh(&SPA_STRICT, &forged).await;
        assert_unknown_refresh_token(&answer);
        assert_eq!(answer.cost(), Cost::NOTHING, "{forged}");
    }
    server.rotated(&SPA_STRICT, &token).await;
}

#[harness::test]
async fn a_foreign_clients_token_calls_nothing() {
    let server = Server::shared_local(REASON);
    for app in [SPA_LEEWAY, WEB_POST] {
        warm(server, &app).await;
    }
    let token = warm(server, &SPA_STRICT).await;
    for thief in [SPA_LEEWAY, WEB_POST] {
        let answer = server.refresh(&thief, &token).await;
        assert_unknown_refresh_token(&answer);
        assert_eq!(answer.cost(), Cost::NOTHING);
    }
}

#[harness::test]
async fn a_code_presented_as_a_refresh_token_calls_nothing() {
    let server = Server::shared_local(REASON);
    warm(server, &SPA_STRICT).await;
    let code = server.login(&SPA_STRICT).code().await;
    let answer = server.refresh(&SPA_STRICT, &code.value).await;
    assert_unknown_refresh_token(&answer);
    assert_eq!(answer.cost(), Cost::NOTHING);
}

#[harness::test]
async fn a_request_that_cannot_be_read_calls_nothing() {
    let server = Server::shared_local(REASON);
    warm(server, &SPA_STRICT).await;
    let body = "grant_type=refresh_token&client_id=spa-strict&client_id=spa-strict";
    let kind = "application/x-www-form-urlencoded";
    let answer = server.http().post_bytes("/oauth/token", kind, body).await;
    assert_eq!((answer.status, answer.cost()), (400, Cost::NOTHING));
}

#[harness::test]
async fn an_exchange_that_is_refused_counts_no_family() {
    let server = Server::shared_local(REASON);
    let user = server.fresh_user();
    let browser = server.browser();
    let login = || server.login(&THIRD_PARTY).user(&user).browser(&browser);
    let first = login().refresh_token().await;
    let code = login().scope("openid offline_access").code().await;
    server.rotated(&THIRD_PARTY, &first).await;
    assert_unknown_refresh_token(&server.refresh(&THIRD_PARTY, &first).await);
    for _ in 0..2 {
        let answer = server.exchange(&code).await;
        assert_oauth_error(&answer, 403, "invalid_grant", INVALID_CODE);
        let cost = answer.cost();
        assert!(cost.write_units < 1.0, "{cost:?}");
    }
}
