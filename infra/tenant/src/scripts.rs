//! What of the file runs at a login: `rules`, `rulesConfigs`, `actions` and `triggers`.

use std::collections::BTreeMap;

use serde::Deserialize;
use shared::domain::{
    login_flow::{Action, Rule},
    secret::Secret,
};

use crate::{
    actions::{self, RawAction, RawTriggers},
    path::{Checked, Fault, Notes, Path},
    rules::{self, RawRule},
    script_files::ScriptFiles,
};

/// What of the file runs at a login. A section that the file does not have is `None`, and what is in the
/// table stays; one that it has replaces what is there.
#[derive(Debug, Clone, Default)]
pub struct ScriptEntries {
    /// The rules that are enabled, in ascending order.
    pub rules: Option<Vec<Rule>>,
    /// The Actions that are deployed and bound to `post-login`, in the order of their bindings.
    pub actions: Option<Vec<Action>>,
    /// `rulesConfigs`. An empty list counts as absent: that is what every export has, because Auth0 does
    /// not give the values away.
    pub configuration: Option<BTreeMap<String, Secret>>,
}

impl ScriptEntries {
    /// Whether the file says anything about scripts.
    pub fn is_empty(&self) -> bool {
        self.rules.is_none() && self.actions.is_none() && self.configuration.is_none()
    }
}

/// The sections as they are written.
#[derive(Debug, Default)]
pub(crate) struct RawScripts {
    pub(crate) rules: Option<Vec<RawRule>>,
    pub(crate) configuration: Option<Vec<RawConfiguration>>,
    pub(crate) actions: Option<Vec<RawAction>>,
    pub(crate) triggers: Option<RawTriggers>,
}

/// A value of `rulesConfigs` as it is written.
#[derive(Debug, Deserialize)]
pub(crate) struct RawConfiguration {
    key: String,
    value: Secret,
}

/// Checks the sections, and compiles what runs.
pub(crate) fn check(
    raw: RawScripts,
    root: &Path,
    files: &ScriptFiles<'_>,
    notes: &mut Notes,
) -> Checked<ScriptEntries> {
    Ok(ScriptEntries {
        rules: rules::check(raw.rules, &root.key("rules"), files, notes)?,
        configuration: configuration(raw.configuration, &root.key("rulesConfigs"))?,
        actions: actions::check(raw.actions, raw.triggers, root, files, notes)?,
    })
}

fn configuration(
    raw: Option<Vec<RawConfiguration>>,
    at: &Path,
) -> Checked<Option<BTreeMap<String, Secret>>> {
    let mut values = BTreeMap::new();
    for (index, entry) in raw.unwrap_or_default().into_iter().enumerate() {
        let at = at.index(index).key("key");
        let key = key(&at, &entry.key)?;
        if values.insert(key.clone(), entry.value).is_some() {
            return Err(Fault::new(at, format!("`{key}` is given twice")));
        }
    }
    Ok(Some(values).filter(|values| !values.is_empty()))
}

/// The name of a value: what Auth0 takes as one.
pub(crate) fn key(at: &Path, key: &str) -> Checked<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if key.is_empty() || key.len() > 128 || !key.chars().all(is_name) {
        let message = "must have 1 to 128 letters, digits, `_` or `-`";
        return Err(Fault::new(at.clone(), message));
    }
    Ok(key.to_owned())
}

#[cfg(test)]
mod tests {
    use crate::testing::{error, tenant, warnings};

    #[test]
    fn configuration_is_told_by_its_keys() {
        let file = "rulesConfigs:\n  - {key: API_KEY, value: s3cret}\n  - {key: region, value: eu}";
        let values = tenant(file).scripts.configuration.unwrap();
        let values: Vec<_> = values
            .iter()
            .map(|(key, value)| (key.as_str(), value.expose()))
            .collect();
        assert_eq!(values, [("API_KEY", "s3cret"), ("region", "eu")]);
        assert_eq!(warnings(file), Vec::<String>::new());
    }

    #[test]
    fn the_empty_configuration_of_an_export_takes_nothing_away() {
        assert!(tenant("rulesConfigs: []").scripts.is_empty());
        assert!(tenant("clients: []").scripts.is_empty());
    }

    #[test]
    fn configuration_that_is_wrong_is_named() {
        for (file, message) in [
            (
                "rulesConfigs:\n  - {key: A, value: x}\n  - {key: A, value: y}",
                "3:6: rulesConfigs[1].key: `A` is given twice",
            ),
            (
                "rulesConfigs:\n  - {key: a b, value: x}",
                "2:6: rulesConfigs[0].key: must have 1 to 128 letters, digits, `_` or `-`",
            ),
            (
                "rulesConfigs:\n  - key: A\n    value: [x]",
                "3:5: rulesConfigs[0].value: must be a text",
            ),
            (
                "rulesConfigs:\n  - key: A",
                "2:5: rulesConfigs[0]: `value` is missing",
            ),
        ] {
            assert_eq!(error(file), message);
        }
    }
}
