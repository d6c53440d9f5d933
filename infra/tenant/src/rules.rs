//! `rules`: accepted, so that a tenant's file needs no editing, but not run yet.

use serde::Deserialize;

use crate::{
    fields::display_name,
    path::{Checked, Notes, Path},
};

/// A rule as it is written.
#[derive(Debug, Deserialize)]
pub(crate) struct RawRule {
    name: String,
    enabled: Option<bool>,
}

/// Warns if there is a rule that would run at Auth0.
pub(crate) fn check(raw: Option<Vec<RawRule>>, at: &Path, notes: &mut Notes) -> Checked<()> {
    let rules = raw.unwrap_or_default();
    for (index, rule) in rules.iter().enumerate() {
        display_name(&at.index(index).key("name"), &rule.name)?;
    }
    if rules.iter().any(|rule| rule.enabled.unwrap_or(true)) {
        notes.warn(at.clone(), "rules are not run yet");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::testing::{error, warnings};

    #[test]
    fn an_enabled_rule_is_worth_one_warning() {
        let file = "rules:
  - {name: One, script: ./one.js, order: 1, enabled: true, stage: login_success}
  - {name: Two, script: ./two.js, order: 2}
rulesConfigs:
  - {key: SECRET, value: x}";
        assert_eq!(warnings(file), ["1:1: rules: rules are not run yet"]);
        assert_eq!(
            warnings("rules:\n  - {name: One, enabled: false}"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_rule_has_a_name() {
        assert_eq!(
            error("rules:\n  - script: ./one.js"),
            "2:5: rules[0]: `name` is missing"
        );
    }
}
