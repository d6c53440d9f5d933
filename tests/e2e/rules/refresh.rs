//! Rules at `grant_type=refresh_token`: they run again, and their current effects count.

use harness::{
    Scripts, Server, Tokens,
    apps::{App, SPA_LEEWAY, SPA_STRICT, User, WEB_BASIC, WEB_CLASSIC, WEB_KEY, WEB_POST},
    assert_unknown_refresh_token, http, tenant,
};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{CLAIM, IDLE, claims, custom_claim, rule, rule_with_claim, said};

#[harness::test]
async fn custom_claims_are_in_the_tokens_of_the_login_and_of_every_refresh() {
    let server = Scripts::of_rule(&rule_with_claim("user.app_metadata.plan")).start();
    for app in [SPA_STRICT, SPA_LEEWAY, WEB_POST, WEB_CLASSIC] {
        let first = server.login(&app).tokens().await;
        assert_eq!(custom_claim(&first), "gold");
        let mut token = first.refresh_token();
        for _ in 0..3 {
            let tokens = server.refreshed(&app, &token).await;
            assert_eq!(custom_claim(&tokens), "gold");
            if tokens.has("refresh_token") {
                token = tokens.refresh_token();
            }
        }
    }
}

#[harness::test]
async fn a_changed_rule_shows_at_the_next_refresh_and_a_removed_one_is_gone() {
    let server = Scripts::of_rule(&rule_with_claim("'first'")).start();
    let first = server.login(&SPA_STRICT).tokens().await;
    assert_eq!(custom_claim(&first), "first");
    server.change_rule("rule", &rule_with_claim("'second'"));
    let second = server.refreshed(&SPA_STRICT, &first.refresh_token()).await;
    assert_eq!(custom_claim(&second), "second");
    server.change_scripts(&Scripts::new());
    let third = server.refreshed(&SPA_STRICT, &second.refresh_token()).await;
    assert_eq!(custom_claim(&third), Value::Null);
    server.change_scripts(&Scripts::of_rule(&rule_with_claim("'fourth'")));
    let fourth = server.refreshed(&SPA_STRICT, &third.refresh_token()).await;
    assert_eq!(custom_claim(&fourth), "fourth");
}

#[harness::test]
async fn a_rule_can_distinguish_a_refresh_from_a_login() {
    let server = Scripts::of_rule(&rule_with_claim("context.protocol")).start();
    let first = server.login(&SPA_STRICT).tokens().await;
    assert_eq!(custom_claim(&first), "oidc-basic-profile");
    let second = server.refreshed(&SPA_STRICT, &first.refresh_token()).await;
    assert_eq!(custom_claim(&second), "oauth2-refresh-token");
}

/// The parts of a token request that a Rule may read.
const REQUEST: &str = "{
    body: context.request.body, query: context.request.query, ip: context.request.ip,
    agent: context.request.userAgent, client: context.clientID, name: context.clientName,
    connection: context.connection, authentication: typeof context.authentication,
    session: typeof context.sessionID,
}";

#[harness::test]
async fn a_rule_at_a_refresh_sees_the_request_and_nothing_of_the_login() {
    let server = Scripts::of_rule(&rule_with_claim(REQUEST)).start();
    let token = server.login(&SPA_STRICT).refresh_token().await;
    let more = [("scope", "openid read:orders"), ("colour", "green")];
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &token),
        more[0],
        more[1],
    ];
    let request = server.request_as(
        &server.http(),
        &SPA_STRICT,
        "/oauth/token?here=there",
        &form,
    );
    let answer = http::send(request.header("user-agent", "a phone")).await;
    let tokens = Tokens::expect(answer);
    let expected = json!({
        "body": {
            "grant_type": "refresh_token", "client_id": "spa-strict",
            "scope": "openid read:orders", "colour": "green",
        },
        "query": { "here": "there" }, "ip": "127.0.0.1", "agent": "a phone",
        "client": "spa-strict", "name": "Strict SPA",
        "connection": "Username-Password-Authentication",
        "authentication": "undefined", "session": "undefined",
    });
    assert_eq!(custom_claim(&tokens), expected);

    let body = json!({
        "grant_type": "refresh_token", "client_id": "spa-strict",
        "refresh_token": tokens.refresh_token(), "audience": "https://api.example.com",
    });
    let tokens = Tokens::expect(server.http().post_json("/oauth/token", &body).await);
    let expected = json!({
        "grant_type": "refresh_token", "client_id": "spa-strict",
        "audience": "https://api.example.com",
    });
    assert_eq!(custom_claim(&tokens)["body"], expected);
}

#[harness::test]
async fn a_rule_sees_no_token_no_code_no_secret_and_no_password() {
    let server = Scripts::of_rule(&rule_with_claim("JSON.stringify([user, context])")).start();
    let ada = User::ada();
    for app in [SPA_STRICT, WEB_POST, WEB_BASIC, WEB_KEY] {
        let code = server.login(&app).code().await;
        let first = Tokens::expect(server.exchange(&code).await);
        let token = first.refresh_token();
        let second = server.refreshed(&app, &token).await;
        for tokens in [&first, &second] {
            let text = custom_claim(tokens);
            let text = text.as_str().expect("a text");
            assert!(text.contains(&ada.email), "{text}");
            let verifier = code.verifier.as_deref().unwrap_or("no verifier");
            for secret in [
                &token,
                &second.refresh_token(),
                &code.value,
                verifier,
                ada.password,
            ] {
                assert!(!text.contains(secret), "`{secret}` in {text}");
            }
            for name in [
                "client_secret",
                "client_assertion\"",
                "refresh_token\":\"rt",
                "$argon2",
            ] {
                assert!(!text.contains(name), "`{name}` in {text}");
            }
        }
    }
}

#[harness::test]
async fn reserved_and_plain_claims_of_rules_are_passed_over() {
    let names = [
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "nbf",
        "jti",
        "azp",
        "gty",
        "nonce",
        "sid",
        "acr",
        "amr",
        "auth_time",
        "at_hash",
        "c_hash",
        "client_id",
        "cnf",
        "permissions",
        "role",
        "https://acme.auth0.com/role",
        "https://webtask.io/role",
        "https://acme.webtask.run/role",
    ];
    let listed = json!(names).to_string();
    let statement = format!(
        "for (const name of {listed}) {{ context.accessToken[name] = context.idToken[name] = 'mine'; }}
         context.idToken['{CLAIM}'] = context.accessToken['{CLAIM}'] = 'set';"
    );
    let server = Scripts::of_rule(&rule(&statement)).start();
    let first = server.login(&SPA_STRICT).tokens().await;
    let second = server.refreshed(&SPA_STRICT, &first.refresh_token()).await;
    for tokens in [first, second] {
        assert_eq!(custom_claim(&tokens), "set");
        for token in [tokens.access_token(), tokens.id_token()] {
            let claims = claims(&token);
            for name in names {
                assert_ne!(claims[name], "mine", "{claims}");
            }
            assert_eq!(claims["sub"], User::ada().id);
            assert_eq!(claims["iss"], server.issuer());
        }
    }
}

#[harness::test]
async fn a_rules_change_of_the_user_is_in_the_tokens_and_not_stored() {
    let server = Scripts::of_rule(&rule("user.nickname = 'Countess';")).start();
    let first = server.login(&SPA_STRICT).tokens().await;
    assert_eq!(claims(&first.id_token())["nickname"], "Countess");
    let second = server.refreshed(&SPA_STRICT, &first.refresh_token()).await;
    assert_eq!(claims(&second.id_token())["nickname"], "Countess");
    server.change_rule("rule", IDLE);
    let third = server.refreshed(&SPA_STRICT, &second.refresh_token()).await;
    assert_eq!(claims(&third.id_token())["nickname"], "ada");
}

/// Counts its runs at a refresh in `app_metadata`, and reports the previous value.
const COUNTING: &str = "function (user, context, callback) {
    const count = user.app_metadata.count || 0;
    context.idToken['https://example.com/claim'] = count;
    context.accessToken['https://example.com/claim'] = count;
    if (context.protocol !== 'oauth2-refresh-token') return callback(null, user, context);
    auth0.users.updateAppMetadata(user.user_id, { count: count + 1 })
        .then(() => callback(null, user, context), callback);
}";

#[harness::test]
async fn metadata_that_a_rule_writes_at_a_refresh_is_there_at_the_next() {
    let server = Scripts::of_rule(COUNTING).start();
    let mut tokens = server.login(&SPA_STRICT).tokens().await;
    for count in 0..4 {
        tokens = server.refreshed(&SPA_STRICT, &tokens.refresh_token()).await;
        assert_eq!(custom_claim(&tokens), count);
    }
    let again = server.login(&SPA_STRICT).tokens().await;
    assert_eq!(custom_claim(&again), 4);
}

/// Adds a mark to `app_metadata` whenever it runs at a refresh.
const MARKING: &str = "async function (user, context, callback) {
    const marks = Object.keys(user.app_metadata).filter((name) => name.startsWith('mark'));
    context.accessToken['https://example.com/claim'] = marks.length;
    context.idToken['https://example.com/claim'] = marks.length;
    if (context.request.body.mark) {
        const mark = 'mark' + context.request.body.mark;
        const times = (user.app_metadata[mark] || 0) + 1;
        await auth0.users.updateAppMetadata(user.user_id, { [mark]: times });
        console.log('marked ' + mark);
    }
    callback(null, user, context);
}";

/// Presents a token this many times at once, each with its own mark.
async fn refresh_at_once(server: &Server, app: &App, token: &str, marks: u32) -> Vec<Tokens> {
    let client = server.http();
    let mut requests = JoinSet::new();
    for mark in 0..marks {
        let mark = mark.to_string();
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("mark", mark.as_str()),
        ];
        requests.spawn(http::send(server.request_as(
            &client,
            app,
            "/oauth/token",
            &form,
        )));
    }
    let answers = requests.join_all().await;
    answers.into_iter().map(Tokens::expect).collect()
}

#[harness::test]
async fn rules_run_once_for_each_of_eight_requests_that_race() {
    let server = Scripts::of_rule(MARKING).start();
    let token = server.login(&SPA_LEEWAY).refresh_token().await;
    let answers = refresh_at_once(&server, &SPA_LEEWAY, &token, 8).await;
    let successor = answers[0].refresh_token();
    for tokens in &answers {
        assert_eq!(tokens.refresh_token(), successor);
    }
    let after = server.refreshed(&SPA_LEEWAY, &successor).await;
    assert_eq!(custom_claim(&after), 8);
    let log = server.stop();
    for mark in 0..8 {
        assert_eq!(said(&log, &format!("marked mark{mark}")), 1, "{log}");
    }
}

#[harness::test]
async fn a_retry_inside_the_leeway_runs_the_rules_of_now_and_gets_the_same_token() {
    let server = Scripts::of_rule(&rule_with_claim("'first'")).start();
    let token = server.login(&SPA_LEEWAY).refresh_token().await;
    let first = server.refreshed(&SPA_LEEWAY, &token).await;
    assert_eq!(custom_claim(&first), "first");
    server.change_rule("rule", &rule_with_claim("'second'"));
    let retried = server.refreshed(&SPA_LEEWAY, &token).await;
    assert_eq!(custom_claim(&retried), "second");
    assert_eq!(retried.refresh_token(), first.refresh_token());
}

#[harness::test]
async fn a_rejected_refresh_runs_no_rule() {
    let server = Scripts::of_rule(&rule("console.log('ran ' + context.protocol);")).start();
    let first = server.login(&SPA_STRICT).refresh_token().await;
    let second = server.rotated(&SPA_STRICT, &first).await;
    // A forged token, another client's, a reused one, one of an ended family.
    for (app, token) in [
        (&SPA_STRICT, "rt1_forged"),
        (&SPA_LEEWAY, second.as_str()),
        (&SPA_STRICT, first.as_str()),
        (&SPA_STRICT, second.as_str()),
    ] {
        assert_unknown_refresh_token(&server.refresh(app, token).await);
    }
    let user = User::zoe();
    let blocked = server.login(&SPA_STRICT).user(&user).refresh_token().await;
    server.set_blocked(&user, true).await;
    assert_eq!(server.refresh(&SPA_STRICT, &blocked).await.status, 403);

    let log = server.stop();
    assert_eq!(said(&log, "ran oidc-basic-profile"), 2, "{log}");
    assert_eq!(said(&log, "ran oauth2-refresh-token"), 1, "{log}");
}

#[harness::test]
async fn a_throttled_refresh_runs_no_rule() {
    let scripts = Scripts::of_rule(&rule("console.log('ran ' + context.protocol);"));
    let server = scripts.start();
    let rotation = "rotation_type: non-rotating";
    let limited = format!("rate_limit: {{burst: 3, per_minute: 1}}\n      {rotation}");
    let file = tenant::client_changed(&WEB_CLASSIC, &[(rotation, &limited)]);
    server.import_tenant(file).await;
    let token = server.login(&WEB_CLASSIC).refresh_token().await;
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(server.refresh(&WEB_CLASSIC, &token).await.status);
    }
    assert_eq!(statuses, [200, 200, 200, 429, 429]);
    let log = server.stop();
    assert_eq!(said(&log, "ran oauth2-refresh-token"), 3, "{log}");
}
