//! Rules and Actions that send the browser elsewhere, and `/continue`.

use harness::{
    Browser, Callback, Landing, Scripts,
    apps::{SPA_STRICT, User},
    assert_error_page,
    flow::Login,
    http, jwt,
};
use reqwest::{Method, Url};
use serde_json::json;

use super::{CLAIM, claims, rule, said};

pub(super) const SECRET: &str =
    "a secret that the script and the page share, long enough for HS256";
const STALE: &str = "couldn't find your session";

/// A Rule that has the user agree on another site, once per login, and accepts only a signed answer.
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
        return callback(new UnauthorizedError('An answer of another user.'));
    }
    if (!answer.agreed) return callback(new UnauthorizedError('You have to agree.'));
    context.idToken['https://example.com/claim'] = {
        agreed: answer.agreed, protocol: context.protocol, original: context.original_protocol,
    };
";

pub(super) fn agreement() -> Scripts {
    Scripts::of_rule(&rule(AGREEMENT)).configuration("SECRET", SECRET)
}

/// A browser after a script's redirect.
pub(super) struct Away {
    pub(super) browser: Browser,
    pub(super) url: Url,
}

impl Away {
    /// Sends a request, logs in where required, and follows the script's redirect.
    pub(super) async fn of(login: Login<'_>, browser: &Browser) -> Self {
        let url = login.browser(browser).land().await.callback().url;
        let browser = browser.clone();
        Self { browser, url }
    }

    pub(super) fn get(&self, name: &str) -> String {
        let callback = Callback {
            url: self.url.clone(),
        };
        let value = callback.get(name);
        value.unwrap_or_else(|| panic!("no `{name}` at {}", self.url))
    }

    pub(super) fn state(&self) -> String {
        self.get("state")
    }

    /// Returns with parameters in the query.
    pub(super) async fn back(&self, parameters: &[(&str, &str)]) -> Landing {
        go_on(&self.browser, &self.state(), parameters).await
    }

    /// The signed answer of the other site.
    pub(super) fn answer(&self, agreed: bool) -> String {
        let question = claims(&self.get("token"));
        let answer = json!({
            "sub": question["sub"], "state": self.state(), "agreed": agreed, "exp": 4_102_444_800_u64,
        });
        jwt::sign_hs256(&answer, SECRET)
    }
}

pub(super) async fn go_on(browser: &Browser, state: &str, parameters: &[(&str, &str)]) -> Landing {
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
async fn the_rules_decision_at_continue_is_in_the_tokens() {
    let server = agreement().start();
    let browser = server.browser();
    let login = || {
        let login = server.login(&harness::apps::SPA_HYBRID);
        login.with("response_type", "id_token")
    };
    // First with the login page, then in the session that the denial left.
    let away = Away::of(login(), &browser).await;
    let refused = away
        .back(&[("token", &away.answer(false))])
        .await
        .response();
    assert_eq!(refused["error"], "unauthorized");
    assert_eq!(refused["error_description"], "You have to agree.");
    let away = Away::of(login(), &browser).await;
    let response = away.back(&[("token", &away.answer(true))]).await.response();
    let claims = claims(&response["id_token"]);
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
    refused.assert_error("unauthorized", "An answer of another user.");
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

    // Another browser, without a session or with its own, and another session in this one.
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
