//! Requirements of the OpenID Foundation's certification plans that no other test shows. `tests/OIDC.md` names the test
//! of every module of every plan.

mod basic;
mod config;
mod conformance;
mod form_post;
mod hybrid;
mod implicit;
mod repeated;
mod rp_logout;

use std::collections::BTreeMap;

use harness::{
    Browser, Landing, Server,
    apps::{User, WEB_CERTIFIED},
    flow::Login,
    html, jwt,
};
use serde_json::Value;

/// The parameters that the application receives, by name.
type ResponseParameters = BTreeMap<String, String>;

/// A run of a plan: a response type, in its default mode or by `form_post`.
#[derive(Clone, Copy, Debug)]
struct Run {
    response_type: &'static str,
    form_post: bool,
}

const IMPLICIT: [&str; 2] = ["id_token", "id_token token"];
const HYBRID: [&str; 3] = ["code id_token", "code token", "code id_token token"];

/// The runs of the plans Basic, Implicit, Hybrid and Form Post.
fn runs() -> impl Iterator<Item = Run> {
    let types = ["code"].into_iter().chain(IMPLICIT).chain(HYBRID);
    types.flat_map(|response_type| {
        [false, true].map(|form_post| Run {
            response_type,
            form_post,
        })
    })
}

impl Run {
    /// The plan's usual request: the scope `openid` and no API.
    fn ask<'a>(&self, server: &'a Server, browser: &Browser) -> Login<'a> {
        let login = server.login(&WEB_CERTIFIED).browser(browser);
        let login = login.without_pkce().without("audience").scope("openid");
        let login = login.with("response_type", self.response_type);
        if self.form_post {
            login.with("response_mode", "form_post")
        } else {
            login
        }
    }

    /// The parameters that the application receives without a page in between; asserts that they arrive in the right
    /// place.
    async fn response(&self, login: Login<'_>) -> ResponseParameters {
        let state = login.parameter("state").to_owned();
        let landing = login.open().await;
        let response = match (landing, self.form_post) {
            (Landing::Page(page), true) => form(&page),
            (Landing::Callback(callback), false) => {
                assert_eq!(callback.target(), WEB_CERTIFIED.callback);
                let by_fragment = self.response_type != "code";
                assert_eq!(callback.in_fragment(), by_fragment, "{}", callback.url);
                let value = |name: String| (name.clone(), callback.get(&name).unwrap_or_default());
                callback.names().into_iter().map(value).collect()
            }
            (landing, _) => panic!("{self:?} led to {landing:?}"),
        };
        assert_eq!(
            response.get("state"),
            Some(&state),
            "{self:?}: {response:?}"
        );
        response
    }

    /// The same for a successful answer.
    async fn granted(&self, login: Login<'_>) -> ResponseParameters {
        let response = self.response(login).await;
        for (word, parameter) in [
            ("code", "code"),
            ("token", "access_token"),
            ("id_token", "id_token"),
        ] {
            let wanted = self.response_type.split(' ').any(|named| named == word);
            assert_eq!(
                response.contains_key(parameter),
                wanted,
                "{self:?}: {response:?}"
            );
        }
        assert!(!response.contains_key("error"), "{self:?}: {response:?}");
        response
    }

    /// The claims of the ID token, from the answer or from the exchange of its code.
    async fn id_token(&self, server: &Server, response: &ResponseParameters) -> Value {
        jwt::peek(&self.id_token_text(server, response).await).1
    }

    async fn id_token_text(&self, server: &Server, response: &ResponseParameters) -> String {
        match response.get("id_token") {
            Some(id_token) => id_token.clone(),
            None => exchanged(server, &response["code"]).await.id_token(),
        }
    }
}

/// The fields of a page that delivers an answer by a form.
#[track_caller]
fn form(page: &harness::Answer) -> ResponseParameters {
    assert_eq!(page.status, 200, "{page}");
    let text = page.text();
    let form = html::tag(&text, "form");
    assert_eq!(
        (form["method"].as_str(), form["action"].as_str()),
        ("post", WEB_CERTIFIED.callback),
        "{page}"
    );
    html::hidden_fields(&text).into_iter().collect()
}

/// The tokens for a code.
async fn exchanged(server: &Server, code: &str) -> harness::Tokens {
    harness::Tokens::expect(exchange(server, code).await)
}

async fn exchange(server: &Server, code: &str) -> harness::Answer {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", WEB_CERTIFIED.callback),
    ];
    server.token(&WEB_CERTIFIED, &form).await
}

/// A browser with a session of the user.
async fn logged_in(server: &Server, user: &User) -> Browser {
    let browser = server.browser();
    let login = server.login(&WEB_CERTIFIED).user(user).browser(&browser);
    login.callback().await.code();
    browser
}
