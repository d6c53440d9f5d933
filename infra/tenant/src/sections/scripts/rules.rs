//! `rules`, as [Auth0's deploy CLI] exports them: each has a script, which names a file in `rules/`.
//!
//! [Auth0's deploy CLI]: https://auth0.com/docs/deploy-monitor/deploy-cli-tool

use std::collections::{BTreeMap, BTreeSet};

use ratchet_scripts::{Rule, engine::Program};
use serde::Deserialize;

use crate::{
    sections::{
        fields::{Whole, display_name},
        scripts::files::{ScriptFiles, Source},
    },
    yaml::path::{Checked, Fault, Notes, Path},
};

/// The stage of rules. Auth0 never put its other two stages to use.
const STAGE: &str = "login_success";

/// A rule as the file has it.
#[derive(Debug, Deserialize)]
pub(crate) struct RawRule {
    name: String,
    script: Option<String>,
    order: Option<Whole>,
    enabled: Option<bool>,
    stage: Option<String>,
}

/// Checks the rules; returns those that run. A rule without `order` runs after all rules with one.
pub(crate) fn check(
    raw: Option<Vec<RawRule>>,
    at: &Path,
    files: &ScriptFiles<'_>,
    notes: &mut Notes,
) -> Checked<Option<Vec<Rule>>> {
    let Some(raw) = raw else { return Ok(None) };
    let orders = orders(&raw, at)?;
    let mut names = BTreeSet::new();
    let mut rules = Vec::new();
    for (index, (raw, order)) in raw.into_iter().zip(orders).enumerate() {
        let at = at.index(index);
        let name = display_name(&at.key("name"), &raw.name)?;
        if !names.insert(name.clone()) {
            let message = format!("`{name}` is the name of another rule");
            return Err(Fault::new(at.key("name"), message));
        }
        if let Some((rule, source)) = raw.check(name, order, &at, files, notes)? {
            Program::check_rule(&rule).map_err(|error| source.fault(&error, &at.key("script")))?;
            rules.push(rule);
        }
    }
    rules.sort_by_key(|rule| rule.order);
    Ok(Some(rules))
}

impl RawRule {
    /// The rule; `None` if it does not run.
    fn check(
        self,
        name: String,
        order: u32,
        at: &Path,
        files: &ScriptFiles<'_>,
        notes: &mut Notes,
    ) -> Checked<Option<(Rule, Source)>> {
        let script = self.script.filter(|script| !script.is_empty());
        let source = script
            .map(|script| files.source(&script, &at.key("script"), notes))
            .transpose()?;
        if !self.enabled.unwrap_or(true) {
            return Ok(None);
        }
        if let Some(stage) = self.stage.filter(|stage| stage != STAGE) {
            let message = format!("rules of the stage `{stage}` do not run");
            notes.warn(at.key("stage"), message);
            return Ok(None);
        }
        let source = source.ok_or_else(|| Fault::new(at.clone(), "`script` is missing"))?;
        let script = source.text.clone();
        let rule = Rule {
            name,
            order,
            script,
        };
        Ok(Some((rule, source)))
    }
}

/// The order of each rule. No two rules share one, whether enabled or not, as at Auth0.
fn orders(raw: &[RawRule], at: &Path) -> Checked<Vec<u32>> {
    const MOST: u64 = 1_000_000;
    let mut taken = BTreeMap::new();
    for (index, rule) in raw.iter().enumerate() {
        let Some(order) = rule.order else { continue };
        let at = at.index(index).key("order");
        let order = order.count(&at, 0, MOST)?;
        if let Some(other) = taken.insert(order, index) {
            let message = format!("{order} is the order of `{}` already", raw[other].name);
            return Err(Fault::new(at, message));
        }
    }
    let mut next = taken.last_key_value().map_or(1, |(last, _)| last + 1);
    let placed: BTreeMap<_, _> = taken.into_iter().map(|(order, at)| (at, order)).collect();
    let order = |index: usize| {
        placed.get(&index).copied().unwrap_or_else(|| {
            next += 1;
            next - 1
        })
    };
    Ok((0..raw.len()).map(order).collect())
}

#[cfg(test)]
mod tests {
    use crate::testing::{Folder, error, tenant, warnings};

    const RULE: &str = "function (user, context, callback) { callback(null, user, context); }";

    fn names(text: &str) -> Vec<(u32, String)> {
        let rules = tenant(text).scripts.rules.unwrap();
        rules
            .into_iter()
            .map(|rule| (rule.order, rule.name))
            .collect()
    }

    #[test]
    fn enabled_rules_run_in_their_order_and_those_without_one_last() {
        let file = format!(
            "rules:
  - {{name: C, script: '{RULE}', order: 30}}
  - {{name: Last, script: '{RULE}'}}
  - {{name: Off, script: '{RULE}', order: 10, enabled: false}}
  - {{name: A, script: '{RULE}', order: 2, enabled: true, stage: login_success, id: rul_1}}
  - {{name: Really last, script: '{RULE}'}}"
        );
        let rules = [(2, "A"), (30, "C"), (31, "Last"), (32, "Really last")];
        assert_eq!(
            names(&file),
            rules.map(|(order, name)| (order, name.to_owned()))
        );
        assert_eq!(warnings(&file), Vec::<String>::new());
    }

    #[test]
    fn a_section_that_is_empty_says_that_nothing_runs_and_an_absent_one_nothing() {
        assert_eq!(tenant("rules: []").scripts.rules, Some(Vec::new()));
        assert_eq!(tenant("clients: []").scripts.rules, None);
        assert_eq!(
            warnings("rules:\n  - {name: One, enabled: false}"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_rule_that_is_wrong_is_named_with_its_place() {
        for (file, message) in [
            (
                "rules:\n  - script: ./one.js".to_owned(),
                "2:5: rules[0]: `name` is missing",
            ),
            (
                "rules:\n  - name: One".to_owned(),
                "2:5: rules[0]: `script` is missing",
            ),
            (
                format!(
                    "rules:\n  - {{name: A, script: '{RULE}'}}\n  - {{name: A, enabled: false}}"
                ),
                "3:6: rules[1].name: `A` is the name of another rule",
            ),
            (
                format!(
                    "rules:\n  - {{name: A, order: 1, script: '{RULE}'}}\n  - name: B\n    order: 1\n    enabled: false"
                ),
                "4:5: rules[1].order: 1 is the order of `A` already",
            ),
            (
                "rules:\n  - name: A\n    order: -1".to_owned(),
                "3:5: rules[0].order: must be between 0 and 1000000",
            ),
            (
                "rules:\n  - name: A\n    script: ./a.js".to_owned(),
                "3:5: rules[0].script: names a file, but this tenant file lies in no folder",
            ),
        ] {
            assert_eq!(error(&file), message);
        }
    }

    #[test]
    fn a_rule_of_another_stage_does_not_run() {
        let file = format!("rules:\n  - name: A\n    stage: pre_authorize\n    script: '{RULE}'");
        assert_eq!(names(&file), []);
        assert_eq!(
            warnings(&file),
            ["3:5: rules[0].stage: rules of the stage `pre_authorize` do not run"]
        );
    }

    #[test]
    fn a_script_is_read_from_a_file_beside_the_tenant_file() {
        let folder = Folder::new("rules:\n  - {name: A, script: ./rules/A.js}");
        folder.write("rules/A.js", RULE.as_bytes());
        let tenant = folder.load().unwrap();
        assert_eq!(tenant.scripts.rules.unwrap()[0].script, RULE);
    }

    #[test]
    fn a_script_file_that_is_no_script_is_named_with_its_place() {
        let file = "rules:\n  - name: A\n    enabled: false\n    script: ";
        let said = |script: &str, content: Option<&[u8]>| {
            let folder = Folder::new(&format!("{file}{script}"));
            if let Some(content) = content {
                folder.write(script, content);
            }
            folder.error()
        };
        assert_eq!(
            said("./a.js", None),
            "tenant.yaml:4:5: rules[0].script: ./a.js: there is no such file"
        );
        assert_eq!(
            said("./a.js", Some(b"// \xff")),
            "tenant.yaml:4:5: rules[0].script: ./a.js: not UTF-8"
        );
        assert_eq!(
            said("./a.js", Some(&vec![b' '; 102_401])),
            "tenant.yaml:4:5: rules[0].script: ./a.js: must have at most 102400 bytes, not 102401"
        );
        assert_eq!(
            said("../a.js", None),
            "tenant.yaml:4:5: rules[0].script: must be a file in the folder of the tenant file"
        );
    }

    #[test]
    fn a_rule_that_does_not_compile_is_named_with_its_place_in_the_script() {
        let folder = Folder::new("rules:\n  - {name: A, script: ./rules/A.js}");
        let script = "function (user, context, callback) {\n  var x = ;\n}";
        folder.write("rules/A.js", script.as_bytes());
        let said = folder.error();
        assert!(said.starts_with("./rules/A.js:2:11: "), "{said}");
        folder.write("rules/A.js", b"var x = 1;");
        let said = folder.error();
        assert!(said.starts_with("./rules/A.js:1:1: "), "{said}");
        let said =
            error("rules:\n  - name: A\n    script: |\n      function (a) {\n        b c\n      }");
        let place = "3:5: rules[0].script: line 2, column 5 of the script: ";
        assert!(said.starts_with(place), "{said}");
        // Rules that do not run are not compiled.
        folder.write(
            "tenant.yaml",
            b"rules:\n  - {name: A, enabled: false, script: ./rules/A.js}",
        );
        assert!(folder.load().is_ok());
    }

    #[test]
    fn keywords_are_replaced_in_script_files_and_unknown_ones_are_left_alone() {
        let folder = Folder::new("rules:\n  - {name: A, script: a.js}");
        let script = "function (user, context, callback) {\n  // ## x ##\n  \
                      var a = '##HOST##', b = @@LIST@@, c = '##NO##';\n}";
        folder.write("a.js", script.as_bytes());
        let tenant = folder.load().unwrap();
        assert_eq!(
            tenant.scripts.rules.unwrap()[0].script,
            "function (user, context, callback) {\n  // ## x ##\n  \
             var a = 'app.example', b = [\"a\"], c = '##NO##';\n}"
        );
        assert_eq!(
            tenant.warnings,
            ["tenant.yaml:2:15: rules[0].script: a.js:3: the keyword `##NO##` has no value"]
        );
    }
}
