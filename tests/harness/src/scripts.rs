//! A tenant's scripts, as files beside its tenant file.

use serde_json::json;

use crate::{launch::Launch, server::Server, tenant};

const REASON: &str = "needs scripts of its own in the tenant";

/// Rules and Actions of a tenant, in the order of execution.
#[derive(Clone, Debug, Default)]
pub struct Scripts {
    rules: Vec<Script>,
    actions: Vec<Script>,
    secrets: Vec<(String, String)>,
    configuration: Vec<(String, String)>,
}

#[derive(Clone, Debug)]
struct Script {
    name: String,
    code: String,
}

impl Scripts {
    pub fn new() -> Self {
        Self::default()
    }

    /// One Rule with the name `rule`.
    pub fn of_rule(code: &str) -> Self {
        Self::new().rule("rule", code)
    }

    /// One Action with the name `action`.
    pub fn of_action(code: &str) -> Self {
        Self::new().action("action", code)
    }

    #[must_use]
    pub fn rule(mut self, name: &str, code: &str) -> Self {
        self.rules.push(Script::new(name, code));
        self
    }

    /// With another Action, bound to `post-login`.
    #[must_use]
    pub fn action(mut self, name: &str, code: &str) -> Self {
        self.actions.push(Script::new(name, code));
        self
    }

    /// With a secret for every Action.
    #[must_use]
    pub fn secret(mut self, name: &str, value: &str) -> Self {
        self.secrets.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a value of `configuration`.
    #[must_use]
    pub fn configuration(mut self, key: &str, value: &str) -> Self {
        self.configuration.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Starts a server whose tenant has these scripts; with `BASE_URL` set, the test is ignored.
    pub fn start(&self) -> Server {
        self.launch(Launch::new()).start(REASON)
    }

    /// Adds these scripts to the options of a server that may have its own tenant.
    pub fn launch(&self, launch: Launch) -> Launch {
        let launch = self.files().into_iter().fold(launch, |launch, file| {
            let (name, code) = file;
            launch.file(&name, &code)
        });
        launch.and_tenant(&self.sections())
    }

    /// The sections of the tenant file. JSON is YAML.
    pub fn sections(&self) -> String {
        let rules = (1..).zip(&self.rules).map(|(order, rule)| {
            json!({ "name": rule.name, "script": rule.path("rules"), "order": order, "enabled": true, "stage": "login_success" })
        });
        let secrets = self.secrets.iter();
        let secrets: Vec<_> = secrets
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect();
        let actions = self.actions.iter().map(|action| {
            json!({
                "name": action.name, "code": action.path("actions"), "secrets": secrets, "deployed": true,
                "supported_triggers": [{ "id": "post-login", "version": "v3" }],
            })
        });
        let bindings = self.actions.iter();
        let bindings = bindings
            .map(|action| json!({ "action_name": action.name, "display_name": action.name }));
        let configuration = self.configuration.iter();
        let configuration = configuration.map(|(key, value)| json!({ "key": key, "value": value }));
        format!(
            "rules: {}\nrulesConfigs: {}\nactions: {}\ntriggers: {}\n",
            json!(rules.collect::<Vec<_>>()),
            json!(configuration.collect::<Vec<_>>()),
            json!(actions.collect::<Vec<_>>()),
            json!({ "post-login": bindings.collect::<Vec<_>>() }),
        )
    }

    fn files(&self) -> Vec<(String, String)> {
        let of = |folder: &'static str| {
            move |script: &Script| (script.path(folder), script.code.clone())
        };
        let rules = self.rules.iter().map(of("rules"));
        rules
            .chain(self.actions.iter().map(of("actions")))
            .collect()
    }
}

impl Script {
    fn new(name: &str, code: &str) -> Self {
        Self {
            name: name.to_owned(),
            code: code.to_owned(),
        }
    }

    fn path(&self, folder: &str) -> String {
        format!("./{folder}/{}.js", self.name)
    }
}

impl Server {
    /// Changes a Rule of a running server; the next request runs the new code.
    pub fn change_rule(&self, name: &str, code: &str) {
        self.write_file(&Script::new(name, code).path("rules"), code);
    }

    /// Changes an Action of a running server; the next request runs the new code.
    pub fn change_action(&self, name: &str, code: &str) {
        self.write_file(&Script::new(name, code).path("actions"), code);
    }

    /// Replaces the set of scripts of a running server; the rest of the tenant is [`tenant::base`].
    pub fn change_scripts(&self, scripts: &Scripts) {
        for (name, code) in scripts.files() {
            self.write_file(&name, &code);
        }
        let file = format!("{}\n{}", tenant::base(), scripts.sections());
        self.write_file("tenant.yaml", &file);
    }
}
