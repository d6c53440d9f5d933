//! The parameters that a script sends along with the browser, and those that the browser brings back.

use harness::{
    Scripts, Tokens,
    apps::{SPA_EMBEDDED, SPA_STRICT, User},
    http, jwt,
};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    CLAIM, action, claims,
    redirect::{Away, SECRET, agreement, go_on},
    rule,
};

/// Addresses as scripts name them, and as the browser gets them, with `*` for our state.
const ADDRESSES: [(&str, &str); 14] = [
    (
        "https://app.example/x?state=1",
        "https://app.example/x?state=*",
    ),
    (
        "https://app.example/x?state",
        "https://app.example/x?state=*",
    ),
    (
        "https://app.example/x?%73tate=1&st%61te=2",
        "https://app.example/x?state=*",
    ),
    (
        "https://app.example/x?a=1&state=2&b=3",
        "https://app.example/x?a=1&b=3&state=*",
    ),
    (
        "https://app.example/x?state=1&state=2&a",
        "https://app.example/x?a&state=*",
    ),
    // Foreign parts of the address stay unchanged.
    (
        "https://app.example/x?a=%20+%2B&a=2&a",
        "https://app.example/x?a=%20+%2B&a=2&a&state=*",
    ),
    (
        "https://app.example/x?State=1&state%5B%5D=2&xstate=3",
        "https://app.example/x?State=1&state%5B%5D=2&xstate=3&state=*",
    ),
    (
        "https://app.example/x?%2573tate=1",
        "https://app.example/x?%2573tate=1&state=*",
    ),
    ("https://app.example/x?", "https://app.example/x?state=*"),
    (
        "https://app.example/x?a=1&",
        "https://app.example/x?a=1&state=*",
    ),
    (
        "https://app.example/x?a=1&&b=2",
        "https://app.example/x?a=1&&b=2&state=*",
    ),
    // A fragment never leaves the browser.
    (
        "https://app.example/x?state=1#state=2",
        "https://app.example/x?state=*#state=2",
    ),
    (
        "https://app.example/x#top?state=1",
        "https://app.example/x?state=*#top?state=1",
    ),
    (
        "https://app.example?state=1",
        "https://app.example/?state=*",
    ),
];

#[harness::test]
async fn a_browser_is_sent_away_with_one_state_and_comes_back_with_it() {
    let rule = rule(
        "const { way, to } = context.request.query;
         if (context.protocol !== 'redirect-callback' && way === 'rule') context.redirect = { url: to };",
    );
    let acting = action(
        "const { way, to } = event.request.query;
         if (way === 'action') api.redirect.sendUserTo(to);
         if (way === 'query') api.redirect.sendUserTo(to, { query: { state: '1', lang: 'en' } });",
    );
    let acting = format!("{acting}\nexports.onContinuePostLogin = async () => {{}};");
    let scripts = Scripts::of_rule(&rule).action("sending", &acting);
    let server = scripts.start();
    let browser = server.browser();
    for (to, expected) in ADDRESSES {
        for way in ["rule", "action", "query"] {
            let login = server.login(&SPA_STRICT).with("way", way).with("to", to);
            let away = Away::of(login, &browser).await;
            let expected = match way {
                "query" => expected.replace("state=*", "lang=en&state=*"),
                _ => expected.to_owned(),
            };
            let states = away.url.query_pairs().filter(|(name, _)| name == "state");
            let states: Vec<_> = states.map(|(_, value)| value.into_owned()).collect();
            assert_eq!(states.len(), 1, "{way}: {to}: {}", away.url);
            let sent = away.url.as_str().replace(&states[0], "*");
            assert_eq!(sent, expected, "{way}: {to}");
            go_on(&browser, &states[0], &[]).await.callback().code();
        }
    }
}

#[harness::test]
async fn an_action_sends_signed_data_and_reads_what_comes_back() {
    let script = "
        exports.onExecutePostLogin = async (event, api) => {
            if (event.request.query.ask !== 'yes') return;
            const token = api.redirect.encodeToken({
                secret: event.secrets.SECRET, expiresInSeconds: 60, payload: { plan: 'gold' },
            });
            api.redirect.sendUserTo('https://plans.example/choose', { query: { session_token: token } });
        };
        exports.onContinuePostLogin = async (event, api) => {
            const payload = api.redirect.validateToken({
                secret: event.secrets.SECRET, tokenParameterName: 'answer',
            });
            api.idToken.setCustomClaim('chosen', payload.chosen);
            api.accessToken.setCustomClaim('chosen', payload.chosen);
        };";
    let scripts = Scripts::new()
        .action("first", &action(""))
        .action("asking", script);
    let scripts = scripts.action("last", &action("api.idToken.setCustomClaim('last', true);"));
    let server = scripts.secret("SECRET", SECRET).start();
    let browser = server.browser();
    let login = || {
        let login = server.login(&harness::apps::SPA_HYBRID).with("ask", "yes");
        login.with("response_type", "id_token")
    };
    let away = Away::of(login(), &browser).await;
    assert!(
        away.url
            .as_str()
            .starts_with("https://plans.example/choose?")
    );
    let asked = claims(&away.get("session_token"));
    assert_eq!(asked["plan"], "gold");
    assert_eq!(asked["sub"], User::ada().id);
    let signed = |away: &Away, secret: &str| {
        let now = server.now();
        let answer = json!({
            "chosen": "silver", "state": away.state(), "sub": asked["sub"], "iss": asked["iss"],
            "iat": now, "exp": now + 60,
        });
        jwt::sign_hs256(&answer, secret)
    };
    let response = away
        .back(&[("answer", &signed(&away, SECRET))])
        .await
        .response();
    let chosen = claims(&response["id_token"]);
    assert_eq!(
        (&chosen["chosen"], &chosen["last"]),
        (&json!("silver"), &json!(true))
    );

    let away = Away::of(login(), &browser).await;
    let refused = away
        .back(&[("answer", &signed(&away, "not the secret that is shared"))])
        .await;
    assert_eq!(refused.response()["error"], "access_denied");
}

#[harness::test]
async fn a_user_is_read_anew_when_the_browser_comes_back() {
    let script = rule(
        "if (context.protocol !== 'redirect-callback') context.redirect = { url: 'https://elsewhere.example/' };",
    );
    let server = Scripts::of_rule(&script).start();
    let browser = server.browser();
    let away = Away::of(server.login(&SPA_STRICT), &browser).await;
    server.set_blocked(&User::ada(), true).await;
    let refused = away.back(&[]).await.callback();
    refused.assert_error("unauthorized", "user is blocked");
}

#[harness::test]
async fn a_login_ticket_leads_elsewhere_too_and_its_browser_comes_back() {
    let server = agreement().start();
    let (browser, ada) = (server.browser(), User::ada());
    let body = json!({
        "client_id": SPA_EMBEDDED.id, "username": ada.email, "password": ada.password,
        "realm": "Username-Password-Authentication",
        "credential_type": "http://auth0.com/oauth/grant-type/password-realm",
    });
    let request = browser.http().request(Method::POST, "/co/authenticate");
    let request = request.header("origin", "https://embedded.example.com");
    let answer: Value = http::send(request.json(&body)).await.json();
    let login = server.login(&SPA_EMBEDDED);
    let login = login.with(
        "login_ticket",
        answer["login_ticket"].as_str().expect("a ticket"),
    );
    let away = Away::of(login, &browser).await;
    away.back(&[("token", &away.answer(true))])
        .await
        .callback()
        .code();
}

#[harness::test]
async fn a_long_request_comes_back_whole() {
    let script = rule("if (context.protocol !== 'redirect-callback') context.redirect = { url: 'https://elsewhere.example/' };")
        .replace("callback(null", "context.idToken['https://example.com/claim'] = context.request.query; callback(null");
    let server = Scripts::of_rule(&script).start();
    let state = "s".repeat(2_000);
    let browser = server.browser();
    let login = server.login(&SPA_STRICT).with("state", &state);
    let verifier = login.code_verifier();
    let away = Away::of(login, &browser).await;
    let callback = away
        .back(&[("a", "1"), ("a", "2"), ("code", "kept")])
        .await
        .callback();
    assert_eq!(callback.get("state"), Some(state));
    let code = harness::Code {
        app: SPA_STRICT,
        value: callback.code(),
        redirect_uri: SPA_STRICT.callback.to_owned(),
        verifier: Some(verifier),
    };
    let tokens = Tokens::expect(server.exchange(&code).await);
    let query = &claims(&tokens.id_token())[CLAIM];
    assert_eq!(query["a"], json!(["1", "2"]));
    assert_eq!(query["code"], "kept");
}
