//! Rules and Actions that send the browser elsewhere, and `/continue`.

use harness::{
    Browser, Callback, Landing, Scripts, Tokens,
    apps::{SPA_EMBEDDED, SPA_STRICT, User},
    assert_error_page,
    flow::Login,
    http, jwt,
};
use reqwest::{Method, Url};
use serde_json::{Value, json};

use super::{CLAIM, action, claims, rule, said};

const SECRET: &str = "a secret that the script and the page share, long enough for HS256";
const STALE: &str = "couldn't find your session";

/// A rule that has the user agree elsewhere, once per login, and believes only a signed answer.
const AGREEMENT: &str = "
    const jwt = require('jsonwebtoken');
    if (context.protocol !== 'redirect-callback') {
        const question = jwt.sign({ sub: user.user_id }, configuration.SECRET, { expiresIn: 300 });
        context.redirect = { url: `https://terms.example/ask?lang=en&token=${question}` };
        return callback(null, user, context);
    }
    const given = { ...context.request.query, ...context.request.body };
    const answer = jwt.verify(given.token, configuration.SECRET);
    if (answer.sub !== user.user_id || answer.state !== context.request.query.state) {
        return callback(new UnauthorizedError('An answer of somebody else.'));
    }
    if (!answer.agreed) return callback(new UnauthorizedError('You have to agree.'));
    context.idToken['https://example.com/claim'] = {
        agreed: answer.agreed, protocol: context.protocol, original: context.original_protocol,
    };
";

fn agreement() -> Scripts {
    Scripts::of_rule(&rule(AGREEMENT)).configuration("SECRET", SECRET)
}

/// A browser on its way to where a script sent it.
struct Away {
    browser: Browser,
    /// Where to.
    url: Url,
}

impl Away {
    /// Makes a request, logs in where asked, and goes where the browser is sent.
    async fn of(login: Login<'_>, browser: &Browser) -> Self {
        let url = login.browser(browser).land().await.callback().url;
        let browser = browser.clone();
        Self { browser, url }
    }

    fn get(&self, name: &str) -> String {
        let callback = Callback {
            url: self.url.clone(),
        };
        let value = callback.get(name);
        value.unwrap_or_else(|| panic!("no `{name}` at {}", self.url))
    }

    fn state(&self) -> String {
        self.get("state")
    }

    /// Comes back with parameters in the query.
    async fn back(&self, parameters: &[(&str, &str)]) -> Landing {
        go_on(&self.browser, &self.state(), parameters).await
    }

    /// What the page elsewhere answers, signed.
    fn answer(&self, agreed: bool) -> String {
        let question = claims(&self.get("token"));
        let answer = json!({
            "sub": question["sub"], "state": self.state(), "agreed": agreed, "exp": 4_102_444_800_u64,
        });
        jwt::sign_hs256(&answer, SECRET)
    }
}

async fn go_on(browser: &Browser, state: &str, parameters: &[(&str, &str)]) -> Landing {
    let mut url = browser.http().base().join("/continue").expect("a constant");
    url.query_pairs_mut()
        .append_pair("state", state)
        .extend_pairs(parameters);
    browser.open(url.as_str()).await
}

#[harness::test]
async fn a_login_goes_on_when_the_browser_comes_back_with_the_right_answer() {
    let server = agreement().start();
    let browser = server.browser();
    let login = server.login(&SPA_STRICT).browser(&browser);
    let code = login.parameter("state").to_owned();
    let away = Away::of(login, &browser).await;
    let address = away.url.as_str();
    assert!(address.starts_with("https://terms.example/ask?lang=en&token=ey"));
    assert!(away.state().starts_with("ct1_"), "{address}");
    let callback = away.back(&[("token", &away.answer(true))]).await.callback();
    assert_eq!(callback.target(), SPA_STRICT.callback);
    assert_eq!(callback.get("state"), Some(code));
    callback.code();
}

#[harness::test]
async fn what_the_rule_decides_at_continue_is_in_the_tokens() {
    let server = agreement().start();
    let browser = server.browser();
    let login = || {
        let login = server.login(&harness::apps::SPA_HYBRID);
        login.with("response_type", "id_token")
    };
    // With the login page, and in the session that the refusal left.
    let away = Away::of(login(), &browser).await;
    let refused = away.back(&[("token", &away.answer(false))]).await.told();
    assert_eq!(refused["error"], "unauthorized");
    assert_eq!(refused["error_description"], "You have to agree.");
    let away = Away::of(login(), &browser).await;
    let told = away.back(&[("token", &away.answer(true))]).await.told();
    let claims = claims(&told["id_token"]);
    assert_eq!(
        claims[CLAIM],
        json!({ "agreed": true, "protocol": "redirect-callback", "original": "oidc-implicit-profile" })
    );
}

#[harness::test]
async fn the_answer_may_come_in_a_form_too() {
    let server = agreement().start();
    let browser = server.browser();
    let away = Away::of(server.login(&SPA_STRICT), &browser).await;
    let path = format!("/continue?state={}", away.state());
    let form = [("token", away.answer(true))];
    let form = [(form[0].0, form[0].1.as_str())];
    let answer = browser.http().post_form(&path, &form).await;
    browser.follow(answer).await.callback().code();
}

#[harness::test]
async fn a_forged_answer_is_refused_by_the_rule() {
    let server = agreement().start();
    let browser = server.browser();
    let away = Away::of(server.login(&SPA_STRICT), &browser).await;
    let other = Away::of(server.login(&SPA_STRICT), &server.browser()).await;
    let forged = jwt::sign_hs256(
        &json!({ "sub": User::ada().id }),
        "another secret altogether",
    );
    let refused = away.back(&[("token", &forged)]).await.callback();
    refused.assert_error("access_denied", "invalid signature");
    let away = Away::of(server.login(&SPA_STRICT), &browser).await;
    let refused = away
        .back(&[("token", &other.answer(true))])
        .await
        .callback();
    refused.assert_error("unauthorized", "An answer of somebody else.");
}

#[harness::test]
async fn a_browser_comes_back_once_in_its_own_session_and_in_time() {
    let script = rule(
        "if (context.protocol !== 'redirect-callback') context.redirect = { url: 'https://elsewhere.example/' };",
    );
    let server = Scripts::of_rule(&script).start();
    let browser = server.browser();
    let begin = || Away::of(server.login(&SPA_STRICT), &browser);
    let away = begin().await;
    away.back(&[]).await.callback().code();
    assert_error_page(&away.back(&[]).await.page(), STALE);

    // Another browser, without a session or with one of its own, and another session in this one.
    let away = begin().await;
    let stranger = server.browser();
    assert_error_page(&go_on(&stranger, &away.state(), &[]).await.page(), STALE);
    Away::of(server.login(&SPA_STRICT), &stranger).await;
    assert_error_page(&go_on(&stranger, &away.state(), &[]).await.page(), STALE);
    let zoe = User::zoe();
    let other = server.login(&SPA_STRICT).user(&zoe).with("prompt", "login");
    Away::of(other, &browser).await;
    assert_error_page(&away.back(&[]).await.page(), STALE);

    let away = begin().await;
    browser.open("/v2/logout").await;
    assert_error_page(&away.back(&[]).await.page(), STALE);

    let (on_time, late) = (begin().await, begin().await);
    server.advance(3_590).await;
    on_time.back(&[]).await.callback().code();
    server.advance(10).await;
    assert_error_page(&late.back(&[]).await.page(), STALE);
}

#[harness::test]
async fn no_other_state_continues_a_login_and_this_one_continues_nothing_else() {
    let script = rule(
        "if (context.protocol !== 'redirect-callback') context.redirect = { url: 'https://elsewhere.example/' };",
    );
    let server = Scripts::of_rule(&script).start();
    let browser = server.browser();
    let away = Away::of(server.login(&SPA_STRICT), &browser).await;
    let anew = server.login(&SPA_STRICT).browser(&browser);
    let page = anew
        .with("prompt", "login")
        .open()
        .await
        .page_at("/u/login");
    let login = Callback {
        url: page.url.clone(),
    };
    let login = login.get("state").expect("a state");
    assert!(login.starts_with("tx1_"));
    let swapped = away.state().replacen("ct1_", "tx1_", 1);
    let grafted = login.replacen("tx1_", "ct1_", 1);
    for state in [login.as_str(), &grafted, "ct1_AAAA", "nonsense", ""] {
        assert_error_page(&go_on(&browser, state, &[]).await.page(), STALE);
    }
    assert_error_page(&browser.open("/continue").await.page(), STALE);
    for path in ["/authorize/resume", "/u/login", "/u/consent"] {
        for state in [away.state(), swapped.clone()] {
            let opened = browser.open(&format!("{path}?state={state}")).await;
            assert_error_page(&opened.page(), STALE);
        }
    }
    let put = browser.http().request(Method::PUT, "/continue");
    assert_eq!(http::send(put).await.status, 405);
    away.back(&[]).await.callback().code();
}

#[harness::test]
async fn a_rule_that_always_redirects_does_so_once() {
    let script = rule(
        "console.log('the rule runs'); context.redirect = { url: 'https://elsewhere.example/#top' };",
    );
    let server = Scripts::of_rule(&script).start();
    let browser = server.browser();
    let away = Away::of(server.login(&SPA_STRICT), &browser).await;
    let address = away.url.as_str();
    assert!(address.starts_with("https://elsewhere.example/?state=ct1_"));
    assert!(address.ends_with("#top"), "{address}");
    let url = away.url.clone();
    let state = url.query_pairs().next().expect("a state").1.into_owned();
    go_on(&browser, &state, &[]).await.callback().code();
    assert_eq!(said(&server.stop(), "the rule runs"), 2);
}

/// Addresses as scripts name them, and as the browser is sent there, `*` being our state.
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
    // What is not ours stays as it is written.
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
    let told = away
        .back(&[("answer", &signed(&away, SECRET))])
        .await
        .told();
    let chosen = claims(&told["id_token"]);
    assert_eq!(
        (&chosen["chosen"], &chosen["last"]),
        (&json!("silver"), &json!(true))
    );

    let away = Away::of(login(), &browser).await;
    let refused = away
        .back(&[("answer", &signed(&away, "not the secret that is shared"))])
        .await;
    assert_eq!(refused.told()["error"], "access_denied");
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
