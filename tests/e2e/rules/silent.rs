//! Rules and Actions at silent authentication: they run as at any login, but no page can be shown.

use harness::{
    Browser, Scripts, Server,
    apps::{SPA_HYBRID, SPA_STRICT, User},
    flow::Login,
};

use super::{CLAIM, action, claims, rule, rule_with_claim, said};

/// A Rule that denies in the way that the request names.
const DENYING_RULE: &str = "
    const deed = context.request.query.deed;
    if (deed === 'unauthorized') return callback(new UnauthorizedError('Not you.'));
    if (deed === 'error') return callback(new Error('Not now.'));
    if (deed === 'redirect') context.redirect = { url: 'https://elsewhere.example/' };
    if (deed === 'factor') context.multifactor = { provider: 'any' };
    if (deed === 'loop') for (;;);
";

/// The errors of the denials if no page can be shown.
const REFUSALS: [(&str, &str, &str); 5] = [
    ("unauthorized", "unauthorized", "Not you."),
    ("error", "access_denied", "Not now."),
    (
        "redirect",
        "interaction_required",
        "External interaction required",
    ),
    (
        "factor",
        "login_required",
        "Multifactor authentication required",
    ),
    ("loop", "server_error", "A script of the login flow failed."),
];

async fn logged_in(server: &Server) -> Browser {
    let browser = server.browser();
    server
        .login(&SPA_STRICT)
        .browser(&browser)
        .callback()
        .await
        .code();
    browser
}

fn silent<'a>(server: &'a Server, browser: &Browser, mode: &str) -> Login<'a> {
    let login = server.login(&SPA_HYBRID).browser(browser);
    login
        .with("prompt", "none")
        .with("response_mode", mode)
        .with("response_type", "token id_token")
}

#[harness::test]
async fn claims_follow_every_silent_answer() {
    let script =
        rule_with_claim("({ protocol: context.protocol, prompt: context.request.query.prompt })");
    let server = Scripts::of_rule(&script).start();
    let browser = logged_in(&server).await;
    for mode in ["fragment", "web_message", "form_post"] {
        let response = silent(&server, &browser, mode).open().await.response();
        for token in ["access_token", "id_token"] {
            let claim = &claims(&response[token])[CLAIM];
            assert_eq!(claim["protocol"], "oidc-implicit-profile", "{mode}");
            assert_eq!(claim["prompt"], "none", "{mode}");
        }
    }
}

#[harness::test]
async fn a_denial_of_silent_authentication_is_reported_and_keeps_the_session() {
    let server = Scripts::of_rule(&rule(DENYING_RULE)).start();
    let browser = logged_in(&server).await;
    for (denial, error, description) in REFUSALS {
        for mode in ["fragment", "web_message", "form_post"] {
            let login = silent(&server, &browser, mode).with("deed", denial);
            let state = login.parameter("state").to_owned();
            let response = login.open().await.response();
            assert_eq!(response["error"], error, "{mode}");
            assert_eq!(response["error_description"], description, "{mode}");
            assert_eq!(response["state"], state);
            assert_eq!(response.len(), 3, "{response:?}");
        }
    }
    let good = silent(&server, &browser, "fragment")
        .open()
        .await
        .response();
    assert!(good.contains_key("id_token"), "{good:?}");
    let log = server.stop();
    assert_eq!(said(&log, "type=\"fsa\" "), 15, "{log}");
    assert_eq!(said(&log, "type=\"ssa\" "), 1, "{log}");
    assert_eq!(said(&log, "type=\"f\" "), 0, "{log}");
}

#[harness::test]
async fn an_action_knows_that_it_may_not_redirect() {
    let script = action(&format!(
        "api.idToken.setCustomClaim('{CLAIM}', api.redirect.canRedirect());
         if (event.request.query.insist) api.redirect.sendUserTo('https://elsewhere.example/');"
    ));
    let server = Scripts::of_action(&script).start();
    let browser = logged_in(&server).await;
    let response = silent(&server, &browser, "fragment")
        .open()
        .await
        .response();
    assert_eq!(claims(&response["id_token"])[CLAIM], false);
    let login = server.login(&SPA_HYBRID).browser(&browser);
    let seen = login
        .with("response_type", "id_token")
        .open()
        .await
        .response();
    assert_eq!(claims(&seen["id_token"])[CLAIM], true);

    let insisting = silent(&server, &browser, "fragment").with("insist", "yes");
    let response = insisting.open().await.response();
    assert_eq!(response["error"], "interaction_required");
}

#[harness::test]
async fn a_blocked_user_reaches_no_script() {
    let server = Scripts::of_rule(&rule("console.log('the rule runs');")).start();
    let browser = logged_in(&server).await;
    server.set_blocked(&User::ada(), true).await;
    let response = silent(&server, &browser, "fragment")
        .open()
        .await
        .response();
    assert_eq!(response["error"], "unauthorized");
    assert_eq!(response["error_description"], "user is blocked");
    assert_eq!(said(&server.stop(), "the rule runs"), 1);
}
