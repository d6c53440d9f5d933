//! The samples of `infra/samples`: the effect of each at a login and at a refresh. Every test has its own tenant, which
//! runs the sample's file unchanged.

mod access;
mod access_facts;
mod actions;
mod actions_redirect;
mod actions_refresh;
mod claims;
mod metadata;
mod network;
mod protocols;
mod redirect;
mod second_factor;
mod tokens;

use std::{fs, path::Path};

use harness::{
    Answer, Browser, Callback, Code, Landing, Launch, Scripts, Server, Tokens,
    apps::{App, SPA_STRICT, User, WEB_POST},
    assert_oauth_error,
    flow::form_encoded,
    html, jwt,
};
use serde_json::{Value, json};

const TENANT: &str = include_str!("../../../fixtures/samples.yaml");

/// The tenant of the samples, with some of them.
#[derive(Default)]
struct Sample(Scripts);

/// The tenant with one Rule of the samples.
fn rule(name: &str) -> Sample {
    Sample::default().rule(name)
}

/// The tenant with one Action of the samples and its secrets.
fn action(name: &str, secrets: &[(&str, &str)]) -> Sample {
    let scripts = Scripts::new().action(name, &text("actions", name));
    let add = |scripts: Scripts, secret: &(&str, &str)| scripts.secret(secret.0, secret.1);
    Sample(secrets.iter().fold(scripts, add))
}

/// The text of a sample.
fn text(folder: &str, name: &str) -> String {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/samples");
    let path = samples.join(folder).join(name).with_extension("js");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

impl Sample {
    /// Another Rule of the samples.
    fn rule(self, name: &str) -> Self {
        self.script(name, &text("rules", name))
    }

    fn script(self, name: &str, code: &str) -> Self {
        Self(self.0.rule(name, code))
    }

    /// A value of `configuration`.
    fn config(self, key: &str, value: &str) -> Self {
        Self(self.0.configuration(key, value))
    }

    /// A server with that tenant.
    fn start(&self) -> Server {
        self.launch().start("has a tenant of its own")
    }

    fn launch(&self) -> Launch {
        self.0.launch(Launch::new().tenant(TENANT.to_owned()))
    }
}

/// Changes `configuration` while the server runs.
async fn configure(server: &Server, key: &str, value: &str) {
    let file = format!(
        "rulesConfigs: {}\n",
        json!([{ "key": key, "value": value }])
    );
    server.import_tenant(file).await;
}

/// Replaces the tenant's Rules by this one while the server runs. A text with a function is a Rule.
async fn replace_rules(server: &Server, code: &str) {
    let rule = json!([{ "name": "later", "script": code, "order": 1 }]);
    server.import_tenant(format!("rules: {rule}\n")).await;
}

/// Changes the data of a user while the server runs.
async fn change(server: &Server, user: &User, fields: &str) {
    let (id, email) = (&user.id, &user.email);
    let file = format!("users:\n  - {{ user_id: {id:?}, email: {email}, {fields} }}\n");
    server.import_tenant(file).await;
}

/// Tokens of a login at the application without a secret.
async fn tokens(server: &Server, user: &User) -> Tokens {
    server.login(&SPA_STRICT).user(user).tokens().await
}

async fn next(server: &Server, tokens: &Tokens) -> Tokens {
    server.refreshed(&SPA_STRICT, &tokens.refresh_token()).await
}

/// The next tokens, requested with these scopes.
async fn next_for(server: &Server, tokens: &Tokens, scope: &str) -> Tokens {
    let (token, wanted) = (tokens.refresh_token(), [("scope", scope)]);
    Tokens::expect(server.refresh_with(&SPA_STRICT, &token, &wanted).await)
}

/// The destination of a script's redirect: from `Location`, or from the refresh page that follows a form.
fn sent_to(landing: Landing) -> Callback {
    let page = match landing {
        Landing::Callback(callback) => return callback,
        Landing::Page(page) => page,
    };
    let refreshes = html::tags(&page.text(), "meta").into_iter();
    let content = refreshes
        .filter(|meta| meta.get("http-equiv").is_some_and(|kind| kind == "refresh"))
        .find_map(|meta| {
            meta.get("content")?
                .strip_prefix("0;url=")
                .map(str::to_owned)
        });
    let target = content.unwrap_or_else(|| panic!("not sent anywhere: {page}"));
    let url = page.url.join(&target).expect("a URL");
    Callback { url }
}

/// Returns from there with these additional parameters.
async fn come_back(browser: &Browser, away: &Callback, answer: &str) -> Callback {
    let state = form_encoded(&away.get("state").expect("`state` is given along"));
    let path = format!("/continue?state={state}&{answer}");
    browser.open(&path).await.callback()
}

/// The tokens for a code of the web shop, requested without PKCE.
async fn exchanged(server: &Server, callback: &Callback) -> Tokens {
    let code = Code {
        app: WEB_POST,
        value: callback.code(),
        redirect_uri: WEB_POST.callback.to_owned(),
        verifier: None,
    };
    Tokens::expect(server.exchange(&code).await)
}

/// Asserts that a login ends at the application with this error.
async fn assert_login(server: &Server, app: &App, user: &User, error: &str, description: &str) {
    let login = server.login(app).user(user);
    login.callback().await.assert_error(error, description);
}

/// Asserts that a refresh is denied with this description and leaves the token valid.
async fn assert_refresh(server: &Server, tokens: &Tokens, description: &str) {
    let token = tokens.refresh_token();
    for _ in 0..2 {
        let answer = server.refresh(&SPA_STRICT, &token).await;
        assert_denied(&answer, description);
    }
}

#[track_caller]
fn assert_denied(answer: &Answer, description: &str) {
    assert_oauth_error(answer, 403, "access_denied", description);
}

/// The value of this claim of the samples' namespace in the ID token.
fn id_token_claim(tokens: &Tokens, name: &str) -> Value {
    claim(&tokens.id_token(), name)
}

/// The same in the access token.
fn access_token_claim(tokens: &Tokens, name: &str) -> Value {
    claim(&tokens.access_token(), name)
}

fn claim(token: &str, name: &str) -> Value {
    jwt::peek(token).1[format!("https://claims.example.com/{name}")].clone()
}
