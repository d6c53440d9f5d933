//! Scripts of a login: `rules`, `rulesConfigs`, `actions` and `triggers`.

mod actions;
mod files;
mod rules;

pub(crate) use self::files::ScriptFiles;
pub(super) use self::{
    actions::{RawAction, RawTriggers},
    rules::RawRule,
};

use std::collections::BTreeMap;

use ratchet_domain::secret::Secret;
use serde::Deserialize;

use crate::{
    model::ScriptEntries,
    sections::fields::value_name,
    yaml::path::{Checked, Fault, Notes, Path},
};

/// The sections as the file has them.
#[derive(Debug, Default)]
pub(crate) struct RawScripts {
    pub(crate) rules: Option<Vec<RawRule>>,
    pub(crate) configuration: Option<Vec<RawConfiguration>>,
    pub(crate) actions: Option<Vec<RawAction>>,
    pub(crate) triggers: Option<RawTriggers>,
}

/// A value of `rulesConfigs` as the file has it.
#[derive(Debug, Deserialize)]
pub(crate) struct RawConfiguration {
    key: String,
    value: Secret,
}

/// Checks the sections, and compiles the scripts that run.
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
        let key = value_name(&at, &entry.key)?;
        if values.insert(key.clone(), entry.value).is_some() {
            return Err(Fault::new(at, format!("`{key}` is given twice")));
        }
    }
    Ok(Some(values).filter(|values| !values.is_empty()))
}

#[cfg(test)]
mod tests {
    use crate::testing::{error, tenant, warnings};

    #[test]
    fn rules_configs_are_read_as_keys_and_values() {
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
