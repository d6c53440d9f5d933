//! `actions` and `triggers`, as [Auth0's deploy CLI] exports them. The code of an Action is a file in
//! `actions/<name>/`; the trigger `post-login` lists the Actions that run, in order.
//!
//! [Auth0's deploy CLI]: https://auth0.com/docs/deploy-monitor/deploy-cli-tool

use std::collections::BTreeMap;

use ratchet_domain::secret::Secret;
use ratchet_scripts::{
    Action,
    engine::{Program, is_module},
};
use serde::Deserialize;

use crate::{
    sections::{
        fields::{display_name, value_name},
        scripts::files::{ScriptFiles, Source},
    },
    yaml::path::{Checked, Fault, Notes, Path},
};

const POST_LOGIN: &str = "post-login";

/// Auth0's limits for the secrets of one Action ([limits]); an Action with its code then fits an item of the table.
///
/// [limits]: https://auth0.com/docs/customize/actions/limitations
const MAX_SECRETS: usize = 30;
const MAX_SECRET_BYTES: usize = 4096;

/// An Action as the file has it.
#[derive(Debug, Deserialize)]
pub(crate) struct RawAction {
    name: String,
    code: Option<String>,
    secrets: Option<Vec<RawSecret>>,
    dependencies: Option<Vec<RawDependency>>,
    deployed: Option<bool>,
    supported_triggers: Option<Vec<RawSupportedTrigger>>,
}

#[derive(Debug, Deserialize)]
struct RawSecret {
    name: String,
    value: Option<Secret>,
}

#[derive(Debug, Deserialize)]
struct RawDependency {
    name: String,
}

#[derive(Debug, Deserialize)]
struct RawSupportedTrigger {
    id: String,
}

/// `triggers` as the file has it. Triggers other than `post-login` cause a warning.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RawTriggers {
    #[serde(rename = "post-login")]
    post_login: Option<Vec<RawBinding>>,
}

#[derive(Debug, Deserialize)]
struct RawBinding {
    action_name: String,
}

/// A post-login Action of the file, bound or not bound.
struct Entry {
    action: Action,
    source: Source,
    at: Path,
    deployed: bool,
    bound: bool,
}

/// Checks the Actions and their bindings; returns the Actions that run.
pub(crate) fn check(
    actions: Option<Vec<RawAction>>,
    triggers: Option<RawTriggers>,
    root: &Path,
    files: &ScriptFiles<'_>,
    notes: &mut Notes,
) -> Checked<Option<Vec<Action>>> {
    let at = root.key("actions");
    let mut known = BTreeMap::new();
    for (index, raw) in actions.unwrap_or_default().into_iter().enumerate() {
        let at = at.index(index);
        let name = display_name(&at.key("name"), &raw.name)?;
        let entry = raw.check(&name, &at, files, notes)?;
        if known.insert(name.clone(), entry).is_some() {
            let message = format!("`{name}` is the name of another Action");
            return Err(Fault::new(at.key("name"), message));
        }
    }
    let Some(bindings) = triggers.and_then(|triggers| triggers.post_login) else {
        if known.values().flatten().any(|entry| entry.deployed) {
            let message = "without `triggers.post-login` in this file, what runs stays as it is";
            notes.warn(at, message);
        }
        return Ok(None);
    };
    let bindings_at = root.key("triggers").key(POST_LOGIN);
    let mut running = Vec::new();
    for (index, binding) in bindings.into_iter().enumerate() {
        let at = bindings_at.index(index).key("action_name");
        running.extend(bind(&binding.action_name, &mut known, &at, notes)?);
    }
    for entry in known.values().flatten() {
        if entry.deployed && !entry.bound {
            notes.warn(
                entry.at.clone(),
                "does not run, because no trigger binds it",
            );
        }
    }
    Ok(Some(running))
}

/// The bound Action; `None` if it does not run.
fn bind(
    name: &str,
    known: &mut BTreeMap<String, Option<Entry>>,
    at: &Path,
    notes: &mut Notes,
) -> Checked<Option<Action>> {
    let fault = |message: String| Err(Fault::new(at.clone(), message));
    let entry = match known.get_mut(name.trim()) {
        None => {
            return fault(format!(
                "`{name}` is not the name of an Action in this file"
            ));
        }
        Some(None) => return fault(format!("`{name}` does not support `{POST_LOGIN}`")),
        Some(Some(entry)) => entry,
    };
    entry.bound = true;
    if !entry.deployed {
        notes.warn(at.clone(), "does not run, because it is not deployed");
        return Ok(None);
    }
    Program::check_action(&entry.action)
        .map_err(|error| entry.source.fault(&error, &entry.at.key("code")))?;
    Ok(Some(entry.action.clone()))
}

impl RawAction {
    /// The Action; `None` if it is not for logins.
    fn check(
        self,
        name: &str,
        at: &Path,
        files: &ScriptFiles<'_>,
        notes: &mut Notes,
    ) -> Checked<Option<Entry>> {
        let triggers = self.supported_triggers.unwrap_or_default();
        if !triggers.iter().any(|trigger| trigger.id == POST_LOGIN) {
            return Ok(None);
        }
        let code = self.code.filter(|code| !code.is_empty());
        let code = code.ok_or_else(|| Fault::new(at.clone(), "`code` is missing"))?;
        let source = files.source(&code, &at.key("code"), notes)?;
        let secrets = secrets(self.secrets, &at.key("secrets"))?;
        // An absent `deployed` means `true`: an operator who writes a file by hand wants its Actions to run.
        let deployed = self.deployed.unwrap_or(true);
        if deployed {
            missing_modules(self.dependencies, &at.key("dependencies"), notes);
        }
        Ok(Some(Entry {
            action: Action {
                name: name.to_owned(),
                code: source.text.clone(),
                secrets,
            },
            source,
            at: at.clone(),
            deployed,
            bound: false,
        }))
    }
}

fn secrets(raw: Option<Vec<RawSecret>>, at: &Path) -> Checked<BTreeMap<String, Secret>> {
    let raw = raw.unwrap_or_default();
    if raw.len() > MAX_SECRETS {
        let message = format!("must be at most {MAX_SECRETS}");
        return Err(Fault::new(at.clone(), message));
    }
    let mut secrets = BTreeMap::new();
    for (index, secret) in raw.into_iter().enumerate() {
        let at = at.index(index);
        let name = value_name(&at.key("name"), &secret.name)?;
        let Some(value) = secret.value else {
            let message = "`value` is missing; exports leave it out";
            return Err(Fault::new(at, message));
        };
        if value.expose().len() > MAX_SECRET_BYTES {
            let message = format!("must have at most {MAX_SECRET_BYTES} bytes");
            return Err(Fault::new(at.key("value"), message));
        }
        if secrets.insert(name.clone(), value).is_some() {
            let message = format!("`{name}` is given twice");
            return Err(Fault::new(at.key("name"), message));
        }
    }
    Ok(secrets)
}

/// Warns of modules that the engine's library lacks: `require` fails, which the script may handle.
fn missing_modules(raw: Option<Vec<RawDependency>>, at: &Path, notes: &mut Notes) {
    let names = raw
        .unwrap_or_default()
        .into_iter()
        .map(|module| module.name);
    let missing: Vec<_> = names
        .filter(|name| !is_module(name))
        .map(|name| format!("`{name}`"))
        .collect();
    if !missing.is_empty() {
        let message = format!("`require` does not find {}", missing.join(", "));
        notes.warn(at.clone(), message);
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Folder, error, tenant, warnings};

    const CODE: &str = "exports.onExecutePostLogin = async (event, api) => {};";

    /// A file with one bound Action.
    fn bound(action: &str) -> String {
        format!(
            "actions:\n  - name: A\n    supported_triggers: [{{id: post-login, version: v3}}]\n{action}\n\
             triggers:\n  post-login:\n    - {{action_name: A, display_name: Something}}"
        )
    }

    fn names(text: &str) -> Vec<String> {
        let actions = tenant(text).scripts.actions.unwrap();
        actions.into_iter().map(|action| action.name).collect()
    }

    #[test]
    fn bound_actions_run_in_the_order_of_their_bindings() {
        let file = format!(
            "actions:
  - {{name: A, code: '{CODE}', supported_triggers: [{{id: post-login, version: v3}}], deployed: true,
     runtime: node18, status: built, dependencies: [{{name: lodash, version: 4.17.21}}]}}
  - {{name: B, code: '{CODE}', supported_triggers: [{{id: post-login}}],
     secrets: [{{name: KEY, value: s3cret, updated_at: 2024-01-01T00:00:00Z}}]}}
triggers:
  post-login:
    - {{action_name: B, display_name: B}}
    - {{action_name: A, display_name: A}}"
        );
        assert_eq!(names(&file), ["B", "A"]);
        assert_eq!(warnings(&file), Vec::<String>::new());
        let actions = tenant(&file).scripts.actions.unwrap();
        assert_eq!(actions[0].secrets["KEY"].expose(), "s3cret");
        assert_eq!(actions[1].code, CODE);
    }

    #[test]
    fn an_action_that_does_not_run_is_a_warning() {
        let file = format!(
            "actions:
  - {{name: Draft, code: '{CODE}', supported_triggers: [{{id: post-login}}], deployed: false}}
  - {{name: Loose, code: '{CODE}', supported_triggers: [{{id: post-login}}]}}
  - {{name: Machine, code: ./no.js, supported_triggers: [{{id: credentials-exchange}}]}}
triggers:
  post-login: [{{action_name: Draft, display_name: Draft}}]
  credentials-exchange: [{{action_name: Machine}}]
  post-logn: []
  post-user-registration: []"
        );
        assert_eq!(names(&file), Vec::<String>::new());
        assert_eq!(
            warnings(&file),
            [
                "3:5: actions[1]: does not run, because no trigger binds it",
                "6:17: triggers.post-login[0].action_name: does not run, because it is not deployed",
                "7:3: triggers.credentials-exchange: not supported yet",
                "8:3: triggers.post-logn: unknown key",
            ]
        );
    }

    #[test]
    fn without_bindings_the_running_actions_stay() {
        let file = format!(
            "actions:\n  - {{name: A, code: '{CODE}', supported_triggers: [{{id: post-login}}]}}"
        );
        assert!(tenant(&file).scripts.actions.is_none());
        assert_eq!(
            warnings(&file),
            ["1:1: actions: without `triggers.post-login` in this file, what runs stays as it is"]
        );
        assert!(tenant("actions: []\ntriggers: {}").scripts.is_empty());
        let none = tenant("actions: []\ntriggers: {post-login: []}");
        assert!(none.scripts.actions.unwrap().is_empty());
    }

    #[test]
    fn modules_that_are_not_there_are_listed() {
        let dependencies =
            "dependencies: [{name: lodash, version: 1}, {name: pg, version: latest}, {name: knex}]";
        let file = bound(&format!("    code: '{CODE}'\n    {dependencies}"));
        assert_eq!(
            warnings(&file),
            ["5:5: actions[0].dependencies: `require` does not find `pg`, `knex`"]
        );
    }

    #[test]
    fn an_action_that_is_wrong_is_named_with_its_place() {
        for (file, message) in [
            (bound(""), "2:5: actions[0]: `code` is missing".to_owned()),
            (
                bound("    code: ./a.js"),
                "4:5: actions[0].code: names a file, but this tenant file lies in no folder"
                    .to_owned(),
            ),
            (
                bound(&format!("    code: '{CODE}'\n    secrets: [{{name: KEY}}]")),
                "5:15: actions[0].secrets[0]: `value` is missing; exports leave it out".to_owned(),
            ),
            (
                bound(&format!("    code: '{CODE}'\n    secrets: [{{name: KEY, value: [1]}}]")),
                "5:27: actions[0].secrets[0].value: must be a text".to_owned(),
            ),
            (
                bound(&format!(
                    "    code: '{CODE}'\n    secrets: [{{name: K, value: a}}, {{name: K, value: b}}]"
                )),
                "5:37: actions[0].secrets[1].name: `K` is given twice".to_owned(),
            ),
            (
                bound(&format!("    code: '{CODE}'\n  - name: A")),
                "5:5: actions[1].name: `A` is the name of another Action".to_owned(),
            ),
            (
                "triggers:\n  post-login:\n    - action_name: A".to_owned(),
                "3:7: triggers.post-login[0].action_name: `A` is not the name of an Action in this \
                 file"
                    .to_owned(),
            ),
            (
                "actions: [{name: A, code: x}]\ntriggers:\n  post-login:\n    - action_name: A"
                    .to_owned(),
                "4:7: triggers.post-login[0].action_name: `A` does not support `post-login`"
                    .to_owned(),
            ),
        ] {
            assert_eq!(error(&file), message);
        }
    }

    #[test]
    fn an_action_that_does_not_compile_is_named_with_its_place_in_the_code() {
        let folder = Folder::new(&bound("    code: ./actions/A/code.js"));
        let code = "exports.onExecutePostLogin = async (event, api) => {\n  await;\n};";
        folder.write("actions/A/code.js", code.as_bytes());
        let said = folder.error();
        assert!(said.starts_with("./actions/A/code.js:2:8: "), "{said}");
    }

    #[test]
    fn code_is_read_from_a_file_beside_the_tenant_file() {
        let folder = Folder::new(&bound("    code: ./actions/A/code.js"));
        assert_eq!(
            folder.error(),
            "tenant.yaml:4:5: actions[0].code: ./actions/A/code.js: there is no such file"
        );
        folder.write("actions/A/code.js", CODE.as_bytes());
        let tenant = folder.load().unwrap();
        assert_eq!(tenant.scripts.actions.unwrap()[0].code, CODE);
    }
}
