//! The error that an application receives when a Rule or an Action denies a login in a browser.

use harness::{
    Scripts, Server,
    apps::{SPA_HYBRID, SPA_STRICT},
    flow::Login,
};

use super::{action, rule, said};

const FAILED: (&str, &str) = ("server_error", "A script of the login flow failed.");
const FACTOR: (&str, &str) = ("access_denied", "Multifactor authentication required");

/// The statement of a Rule, and the resulting error.
const RULES: [(&str, (&str, &str)); 11] = [
    (
        "return callback(new UnauthorizedError('Only on weekdays.'));",
        ("unauthorized", "Only on weekdays."),
    ),
    (
        "return callback(new Error('a & b = \"ü\"'));",
        ("access_denied", "a & b = 'u'"),
    ),
    ("throw new Error('thrown');", ("access_denied", "thrown")),
    (
        "throw new UnauthorizedError('thrown');",
        ("unauthorized", "thrown"),
    ),
    ("for (;;);", FAILED),
    ("return;", FAILED),
    ("callback(null, user, context);", FAILED),
    ("context.multifactor = { provider: 'guardian' };", FACTOR),
    ("context.redirect = { url: 'javascript:alert(1)' };", FAILED),
    ("context.redirect = { url: '/relative' };", FAILED),
    ("context.accessToken.scope = 7;", FAILED),
];

/// The same for an Action.
const ACTIONS: [(&str, (&str, &str)); 5] = [
    (
        "api.access.deny('Not you.');",
        ("access_denied", "Not you."),
    ),
    ("throw new Error('thrown');", ("access_denied", "thrown")),
    ("for (;;);", FAILED),
    ("api.multifactor.enable('any');", FACTOR),
    (
        "api.refreshToken.revoke('Begin anew.');",
        ("access_denied", "Begin anew."),
    ),
];

/// One script that executes the statement that the request names.
fn choosing(denials: &[(&str, (&str, &str))]) -> String {
    let cases = denials.iter().enumerate();
    let cases: Vec<_> = cases
        .map(|(case, (statement, _))| format!("case '{case}': {statement} break;"))
        .collect();
    format!("switch (request.query.deed) {{ {} }}", cases.join("\n"))
}

fn login(server: &Server, case: usize) -> Login<'_> {
    server.login(&SPA_STRICT).with("deed", &case.to_string())
}

#[harness::test]
async fn every_denial_by_a_rule_is_reported_to_the_application() {
    let script = rule(&format!(
        "const request = context.request; {}",
        choosing(&RULES)
    ));
    let server = Scripts::of_rule(&script).start();
    for (case, (what, (error, description))) in RULES.into_iter().enumerate() {
        let login = login(&server, case);
        let state = login.parameter("state").to_owned();
        let callback = login.callback().await;
        assert_eq!(callback.target(), SPA_STRICT.callback, "{what}");
        assert_eq!(callback.get("error").as_deref(), Some(error), "{what}");
        callback.assert_error(error, description);
        assert_eq!(callback.get("state"), Some(state), "{what}");
        assert_eq!(callback.names().len(), 3, "{}", callback.url);
    }
    login(&server, 99).tokens().await;
    let log = server.stop();
    assert_eq!(said(&log, "type=\"f\" "), RULES.len(), "{log}");
}

#[harness::test]
async fn every_denial_by_an_action_is_reported_to_the_application() {
    let script = action(&format!(
        "const request = event.request; {}",
        choosing(&ACTIONS)
    ));
    let server = Scripts::of_action(&script).start();
    for (case, (_, (error, description))) in ACTIONS.into_iter().enumerate() {
        let callback = login(&server, case).callback().await;
        callback.assert_error(error, description);
    }
    login(&server, 99).tokens().await;
}

#[harness::test]
async fn a_refusal_travels_as_the_answer_would_have() {
    let script = rule("if (!context.request.query.pass) throw new UnauthorizedError('No.');");
    let server = Scripts::of_rule(&script).start();
    for (mode, response_type) in [
        ("query", "code"),
        ("fragment", "token id_token"),
        ("fragment", "code id_token"),
        ("form_post", "code"),
        ("form_post", "id_token"),
        ("web_message", "code"),
    ] {
        let login = server.login(&SPA_HYBRID).with("response_mode", mode);
        let login = login.with("response_type", response_type);
        let response = login.land().await.response();
        assert_eq!(response["error"], "unauthorized", "{mode}");
        assert_eq!(response["error_description"], "No.", "{mode}");
        assert_eq!(response.len(), 3, "{response:?}");
    }
}

#[harness::test]
async fn a_denied_user_stays_logged_in_for_other_applications() {
    let script = rule(&format!(
        "if (context.clientID === '{}') throw new UnauthorizedError('Not here.');",
        SPA_STRICT.id
    ));
    let server = Scripts::of_rule(&script).start();
    let browser = server.browser();
    let refused = server.login(&SPA_STRICT).browser(&browser).callback().await;
    refused.assert_error("unauthorized", "Not here.");
    let silent = server.login(&SPA_HYBRID).browser(&browser);
    silent.with("prompt", "none").callback().await.code();
    // No second password prompt, and another denial.
    let again = server.login(&SPA_STRICT).browser(&browser).open().await;
    again.callback().assert_error("unauthorized", "Not here.");
    let anew = server.login(&SPA_STRICT).browser(&browser);
    anew.with("prompt", "login")
        .open()
        .await
        .page_at("/u/login");
}

#[harness::test]
async fn a_message_is_cut_to_what_an_address_takes() {
    let script = rule("throw new Error('ü'.repeat(100000));");
    let server = Scripts::of_rule(&script).start();
    let refused = server.login(&SPA_STRICT).callback().await;
    refused.assert_error("access_denied", &"u".repeat(500));
}
