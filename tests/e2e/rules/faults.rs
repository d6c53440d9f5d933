//! Failing scripts, at every grant type that runs them: only their own request is denied, and no token or code is lost.

use harness::{
    Answer, Scripts, Server, Tokens,
    apps::{App, PW_NATIVE, SPA_LEEWAY, SPA_STRICT, User, WEB_CLASSIC},
    assert_oauth_error, http,
};
use tokio::task::JoinSet;

use super::{IDLE, action, custom_claim, rule, rule_with_claim, said};

/// The client's error: status, `error`, `error_description`.
type ExpectedError = (u16, &'static str, &'static str);

const DENIED: ExpectedError = (403, "access_denied", "Not on Sundays.");
const FAILED: ExpectedError = (500, "server_error", "A script of the login flow failed.");
/// An error that a script could catch counts as the script's own.
const TOO_DEEP: ExpectedError = (403, "access_denied", "Maximum call stack size exceeded");
const REDIRECT: ExpectedError = (403, "interaction_required", "External interaction required");
const SECOND_FACTOR: ExpectedError = (403, "mfa_required", "Multifactor authentication required");

/// Deeds of Rules, and the resulting errors.
const RULES: [(&str, ExpectedError); 22] = [
    (
        "(user, context, callback) => { throw new Error('Not on Sundays.'); }",
        DENIED,
    ),
    (
        "async (user, context, callback) => { throw new Error('Not on Sundays.'); }",
        DENIED,
    ),
    (
        "(user, context, callback) => callback(new Error('Not on Sundays.'))",
        DENIED,
    ),
    (
        "(user, context, callback) => callback('Not on Sundays.')",
        DENIED,
    ),
    (
        "(user, context, callback) => callback(new UnauthorizedError('Not on Sundays.'))",
        DENIED,
    ),
    (
        "(user, context, callback) => { throw new UnauthorizedError('Not on Sundays.'); }",
        DENIED,
    ),
    (
        "(user, context, callback) => setTimeout(() => callback(new Error('Not on Sundays.')), 20)",
        DENIED,
    ),
    ("(user, context, callback) => { for (;;); }", FAILED),
    (
        "async (user, context, callback) => { for (;;) await null; }",
        FAILED,
    ),
    (
        "(user, context, callback) => { const all = []; for (;;) all.push('x'.repeat(1 << 20) + all.length); }",
        FAILED,
    ),
    (
        "(user, context, callback) => { const all = []; for (;;) all.push(new Array(1000).fill(all.length)); }",
        FAILED,
    ),
    (
        "(user, context, callback) => { const f = () => f() + 1; f(); }",
        TOO_DEEP,
    ),
    ("(user, context, callback) => {}", FAILED),
    ("async (user, context, callback) => {}", FAILED),
    (
        "(user, context, callback) => { new Promise(() => {}); }",
        FAILED,
    ),
    (
        "(user, context, callback) => { callback(null, user, context); callback(null, user, context); }",
        FAILED,
    ),
    (
        "(user, context, callback) => { callback(null, user, context); callback(new Error('late')); }",
        FAILED,
    ),
    (
        "(user, context, callback) => {
            context.redirect = { url: 'https://example.com/more' };
            callback(null, user, context);
         }",
        REDIRECT,
    ),
    (
        "(user, context, callback) => { context.multifactor = { provider: 'any' }; callback(null, user, context); }",
        SECOND_FACTOR,
    ),
    (
        "(user, context, callback) => {
            context.accessToken['https://example.com/much'] = 'x'.repeat(110 * 1024);
            callback(null, user, context);
         }",
        FAILED,
    ),
    (
        "(user, context, callback) => { context.accessToken.scope = 7; callback(null, user, context); }",
        FAILED,
    ),
    (
        "(user, context, callback) => { context.idToken.self = context.idToken; callback(null, user, context); }",
        FAILED,
    ),
];

/// Deeds of Actions, and the resulting errors.
const ACTIONS: [(&str, ExpectedError); 6] = [
    ("api.access.deny('Not on Sundays.');", DENIED),
    ("throw new Error('Not on Sundays.');", DENIED),
    ("for (;;);", FAILED),
    ("await new Promise(() => {});", FAILED),
    (
        "api.redirect.sendUserTo('https://example.com/more');",
        REDIRECT,
    ),
    ("api.multifactor.enable('any');", SECOND_FACTOR),
];

/// A Rule that executes the statement that the request names, and sets a claim without one.
fn faulty_rule() -> String {
    let faults: Vec<&str> = RULES.iter().map(|(code, _)| *code).collect();
    let good = rule_with_claim("'good'");
    format!(
        "function (user, context, callback) {{
            const faults = [{}];
            const fault = faults[context.request.body.fault] || ({good});
            return fault(user, context, callback);
         }}",
        faults.join(", ")
    )
}

/// An Action that executes the statement that the request names.
fn faulty_action() -> String {
    let faults = ACTIONS
        .iter()
        .map(|(statement, _)| format!("async (event, api) => {{ {statement} }}"));
    let faults: Vec<String> = faults.collect();
    action(&format!(
        "const fault = [{}][event.request.body.fault]; if (fault) return fault(event, api);",
        faults.join(", ")
    ))
}

async fn refresh(server: &Server, app: &App, token: &str, fault: usize) -> Answer {
    let fault = fault.to_string();
    server.refresh_with(app, token, &[("fault", &fault)]).await
}

#[track_caller]
fn assert_error(answer: &Answer, (status, error, description): ExpectedError) {
    assert_oauth_error(answer, status, error, description);
}

#[harness::test]
async fn a_rule_that_fails_at_a_refresh_burns_no_token() {
    let server = Scripts::of_rule(&faulty_rule()).start();
    let mut rotating = server.login(&SPA_STRICT).refresh_token().await;
    let fixed = server.login(&WEB_CLASSIC).refresh_token().await;
    for (fault, (code, expected)) in RULES.into_iter().enumerate() {
        println!("{code}");
        for _ in 0..2 {
            assert_error(
                &refresh(&server, &SPA_STRICT, &rotating, fault).await,
                expected,
            );
        }
        assert_error(
            &refresh(&server, &WEB_CLASSIC, &fixed, fault).await,
            expected,
        );
        // There is no leeway: the token whose refresh failed is still the current one.
        let tokens = server.refreshed(&SPA_STRICT, &rotating).await;
        assert_eq!(custom_claim(&tokens), "good");
        rotating = tokens.refresh_token();
        server.refreshed(&WEB_CLASSIC, &fixed).await;
    }
}

#[harness::test]
async fn when_the_rule_has_been_mended_the_token_works() {
    let broken = "(user, context, callback) => { throw new Error('Not on Sundays.'); }";
    let server = Scripts::of_rule(IDLE).start();
    let token = server.login(&SPA_STRICT).refresh_token().await;
    server.change_rule("rule", broken);
    assert_error(&server.refresh(&SPA_STRICT, &token).await, DENIED);
    server.change_rule("rule", &rule_with_claim("'mended'"));
    let tokens = server.refreshed(&SPA_STRICT, &token).await;
    assert_eq!(custom_claim(&tokens), "mended");
}

#[harness::test]
async fn an_action_that_fails_at_a_refresh_burns_no_token() {
    let server = Scripts::of_action(&faulty_action()).start();
    let mut token = server.login(&SPA_STRICT).refresh_token().await;
    for (fault, (statement, expected)) in ACTIONS.into_iter().enumerate() {
        println!("{statement}");
        assert_error(
            &refresh(&server, &SPA_STRICT, &token, fault).await,
            expected,
        );
        token = server.rotated(&SPA_STRICT, &token).await;
    }
}

#[harness::test]
async fn a_script_that_fails_at_a_password_grant_denies_that_alone() {
    let server = Scripts::of_rule(&faulty_rule()).start();
    let ada = User::ada();
    for (fault, (code, expected)) in RULES.into_iter().enumerate() {
        println!("{code}");
        let fault = fault.to_string();
        let form = [
            ("grant_type", "password"),
            ("username", ada.email.as_str()),
            ("password", ada.password),
            ("fault", fault.as_str()),
        ];
        assert_error(&server.token(&PW_NATIVE, &form).await, expected);
        Tokens::expect(server.token(&PW_NATIVE, &form[..3]).await);
    }
}

/// Fails for requests that ask for it, after all racing requests have made the same decision.
const FAILING_FOR_SOME: &str = "function (user, context, callback) {
    const fail = context.request.body.fail === 'yes';
    setTimeout(() => fail ? callback(new Error('Not on Sundays.')) : callback(null, user, context), 50);
}";

#[harness::test]
async fn of_eight_refreshes_that_race_those_whose_rule_fails_take_nothing_from_the_others() {
    let server = Scripts::of_rule(FAILING_FOR_SOME).start();
    let mut token = server.login(&SPA_LEEWAY).refresh_token().await;
    for _ in 0..3 {
        let client = server.http();
        let mut requests = JoinSet::new();
        for n in 0..8 {
            let fail = if n % 2 == 0 { "yes" } else { "no" };
            let form = [
                ("grant_type", "refresh_token"),
                ("refresh_token", token.as_str()),
                ("fail", fail),
            ];
            let request = server.request_as(&client, &SPA_LEEWAY, "/oauth/token", &form);
            requests.spawn(async move { (fail, http::send(request).await) });
        }
        let mut successors = Vec::new();
        for (fail, answer) in requests.join_all().await {
            if fail == "yes" {
                assert_error(&answer, DENIED);
            } else {
                successors.push(Tokens::expect(answer).refresh_token());
            }
        }
        successors.dedup();
        assert_eq!(successors.len(), 1, "{successors:#?}");
        // The failed clients retry inside the leeway and get the same successor as the others.
        assert_eq!(server.rotated(&SPA_LEEWAY, &token).await, successors[0]);
        token = successors.remove(0);
    }
    server.rotated(&SPA_LEEWAY, &token).await;
}

#[harness::test]
async fn when_the_rule_fails_for_all_of_eight_the_token_is_the_live_one() {
    let server = Scripts::of_rule(FAILING_FOR_SOME).start();
    let token = server.login(&SPA_STRICT).refresh_token().await;
    let client = server.http();
    let mut requests = JoinSet::new();
    for _ in 0..8 {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token.as_str()),
            ("fail", "yes"),
        ];
        requests.spawn(http::send(server.request_as(
            &client,
            &SPA_STRICT,
            "/oauth/token",
            &form,
        )));
    }
    for answer in requests.join_all().await {
        assert_error(&answer, DENIED);
    }
    server.rotated(&SPA_STRICT, &token).await;
}

#[harness::test]
async fn while_a_rule_waits_others_are_served() {
    let waiting = "function (user, context, callback) {
        const wait = context.request.body.wait === 'yes' ? 3000 : 0;
        setTimeout(() => callback(null, user, context), wait);
    }";
    let server = Scripts::of_rule(waiting).start();
    let slow = server.login(&SPA_STRICT).refresh_token().await;
    let mut quick = server.login(&SPA_STRICT).refresh_token().await;
    let client = server.http();
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", slow.as_str()),
        ("wait", "yes"),
    ];
    let request = server.request_as(&client, &SPA_STRICT, "/oauth/token", &form);
    let waits = tokio::spawn(http::send(request));
    for _ in 0..3 {
        quick = server.rotated(&SPA_STRICT, &quick).await;
    }
    assert!(!waits.is_finished());
    let answer = waits.await.expect("the request is made");
    Tokens::expect(answer);
}

#[harness::test]
async fn while_rules_loop_without_end_others_are_served() {
    let looping = "function (user, context, callback) {
        if (context.request.body.loop === 'yes') for (;;);
        callback(null, user, context);
    }";
    let server = Scripts::of_rule(looping).start();
    let mut good = server.login(&SPA_STRICT).refresh_token().await;
    let bad = server.login(&SPA_STRICT).refresh_token().await;
    let client = server.http();
    let mut requests = JoinSet::new();
    for _ in 0..4 {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", bad.as_str()),
            ("loop", "yes"),
        ];
        let request = server.request_as(&client, &SPA_STRICT, "/oauth/token", &form);
        requests.spawn(http::send(request));
    }
    for _ in 0..3 {
        good = server.rotated(&SPA_STRICT, &good).await;
    }
    for answer in requests.join_all().await {
        assert_error(&answer, FAILED);
    }
    server.rotated(&SPA_STRICT, &bad).await;
}

/// The log line of a rejected refresh.
fn refusal<'a>(log: &'a str, reason: &str) -> Option<&'a str> {
    let mut lines = log.lines();
    lines.find(|line| line.contains("type=\"fertft\"") && line.contains(reason))
}

#[harness::test]
async fn each_failure_is_in_the_log_with_its_script_and_without_secrets() {
    let logging_all = rule("console.log(JSON.stringify([user, context]));");
    let scripts = Scripts::new()
        .rule("all", &logging_all)
        .rule("faulty", &faulty_rule());
    let server = scripts.start();
    let token = server.login(&SPA_STRICT).refresh_token().await;
    for fault in 0..RULES.len() {
        refresh(&server, &SPA_STRICT, &token, fault).await;
    }
    let next = server.rotated(&SPA_STRICT, &token).await;
    let log = server.stop();
    for reason in [
        "denied by a script: Not on Sundays.",
        "faulty: more CPU time than allowed",
        "faulty: more memory than allowed",
        "faulty: ended without an answer",
        "faulty: called back more than once",
        "a script asks for a redirect",
        "a script asks for a second factor",
        "more than 100 KB of custom claims",
    ] {
        assert!(
            refusal(&log, reason).is_some(),
            "`{reason}` is not in {log}"
        );
    }
    assert_eq!(said(&log, "type=\"fertft\""), RULES.len(), "{log}");
    assert!(log.contains("script=\"all\""), "{log}");
    for secret in [&token, &next, User::ada().password] {
        assert!(!log.contains(secret), "`{secret}` in the log");
    }
}
