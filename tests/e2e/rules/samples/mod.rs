//! The samples of `../../rules` and `../../actions`: what each promises, at a login and at a refresh. Every test
//! has a tenant of its own in which its sample runs as it stands in its file.

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

use e2e::{
    Answer, Launch, Server, Tokens,
    apps::{App, SPA_STRICT, User},
    assert_oauth_error, jwt,
};
use serde_json::{Value, json};

const TENANT: &str = include_str!("../../../fixtures/samples.yaml");

/// What of a tenant runs at a login.
#[derive(Default)]
struct Scripts {
    rules: Vec<Value>,
    actions: Vec<Value>,
    configuration: Vec<Value>,
}

/// The tenant with one rule of the samples.
fn rule(name: &str) -> Scripts {
    Scripts::default().rule(name)
}

/// The tenant with one Action of the samples and its secrets.
fn action(name: &str, secrets: &[(&str, &str)]) -> Scripts {
    let secrets: Vec<Value> = secrets
        .iter()
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect();
    let action = json!({
        "name": name, "code": text("actions", name), "secrets": secrets, "deployed": true,
        "supported_triggers": [{ "id": "post-login", "version": "v3" }],
    });
    Scripts {
        actions: vec![action],
        ..Scripts::default()
    }
}

/// The text of a sample.
fn text(folder: &str, name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let path = path.join(name).with_extension("js");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

impl Scripts {
    /// A further rule of the samples.
    fn rule(self, name: &str) -> Self {
        self.script(name, &text("rules", name))
    }

    /// A further rule.
    fn script(mut self, name: &str, script: &str) -> Self {
        let order = self.rules.len() + 1;
        self.rules.push(json!({
            "name": name, "script": script, "order": order, "enabled": true,
            "stage": "login_success",
        }));
        self
    }

    /// A value of `configuration`.
    fn config(mut self, key: &str, value: &str) -> Self {
        self.configuration.push(json!({ "key": key, "value": value }));
        self
    }

    /// The tenant file. JSON is YAML.
    fn file(&self) -> String {
        let bindings: Vec<Value> = self
            .actions
            .iter()
            .map(|action| json!({ "action_name": action["name"], "display_name": action["name"] }))
            .collect();
        format!(
            "{TENANT}\nrules: {}\nrulesConfigs: {}\nactions: {}\ntriggers: {}\n",
            json!(self.rules),
            json!(self.configuration),
            json!(self.actions),
            json!({ "post-login": bindings }),
        )
    }

    /// A server with that tenant.
    fn start(self) -> Option<Server> {
        self.launch().start("has a tenant of its own")
    }

    fn launch(&self) -> Launch {
        Launch::new().tenant(self.file())
    }
}

/// Sets `configuration` anew while the server runs.
async fn configure(server: &Server, key: &str, value: &str) {
    let file = format!("rulesConfigs: {}\n", json!([{ "key": key, "value": value }]));
    server.import_tenant(file).await;
}

/// Changes what is known of a user while the server runs.
async fn change(server: &Server, user: &User, fields: &str) {
    let (id, email) = (&user.id, &user.email);
    let file = format!("users:\n  - {{ user_id: {id:?}, email: {email}, {fields} }}\n");
    server.import_tenant(file).await;
}

/// Tokens of a login at the application without a secret.
async fn tokens(server: &Server, user: &User) -> Tokens {
    server.login(&SPA_STRICT).user(user).tokens().await
}

/// The next tokens.
async fn next(server: &Server, tokens: &Tokens) -> Tokens {
    server.refreshed(&SPA_STRICT, &tokens.refresh_token()).await
}

/// Asserts that a login ends at the application with that error.
async fn assert_login(server: &Server, app: &App, user: &User, error: &str, description: &str) {
    let login = server.login(app).user(user);
    login.callback().await.assert_error(error, description);
}

/// Asserts that a refresh is denied in these words and leaves the token as good as it was.
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

/// What an ID token says of that name in the samples' namespace.
fn told(tokens: &Tokens, name: &str) -> Value {
    claim(&tokens.id_token(), name)
}

/// The same of the access token.
fn told_to_api(tokens: &Tokens, name: &str) -> Value {
    claim(&tokens.access_token(), name)
}

fn claim(token: &str, name: &str) -> Value {
    jwt::peek(token).1[format!("https://claims.example.com/{name}")].clone()
}
