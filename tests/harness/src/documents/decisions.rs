//! The tables of decisions: each row has five cells, and the last names existing tests.

use std::{collections::BTreeSet, fs, path::Path};

use super::{links::repository, named};

const HEADING: &str = "| Decision | Auth0 | Ratchet | Because | Held by |";

/// First characters of a test's attribute.
const ATTRIBUTES: [&str; 3] = ["#[test]", "#[tokio::test", "#[harness::test"];

/// The tests in the Rust files below a folder, each with its path from there: `/token/errors::null_is_missing`.
fn tests_below(folder: &Path, prefix: &str, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("the folder can be read").path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let name = format!("{prefix}/{name}");
        if path.is_dir() {
            tests_below(&path, &name, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a file of text");
            let mut is_next = false;
            for line in text.lines().map(str::trim_start) {
                is_next |= ATTRIBUTES.iter().any(|begin| line.starts_with(begin));
                let function = line.split_once("fn ").filter(|_| is_next);
                if let Some((_, function)) = function {
                    let function = function.split('(').next().unwrap_or_default();
                    found.insert(format!("{name}::{function}"));
                    is_next = false;
                }
            }
        }
    }
}

/// The tests of the deployment, which are in Python: `test_alarms::test_an_alarm_rings_at_a_share`.
fn tests_of_the_deployment(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("the folder can be read").path();
        if path.extension().is_none_or(|extension| extension != "py") {
            continue;
        }
        let file = path.file_stem().unwrap_or_default().to_string_lossy();
        let text = fs::read_to_string(&path).expect("a file of text");
        for line in text.lines() {
            if let Some((name, _)) = line
                .strip_prefix("def test_")
                .and_then(|rest| rest.split_once('('))
            {
                found.insert(format!("{file}::test_{name}"));
            }
        }
    }
}

/// The names by which a decision may cite a test: a black-box test by its path below `tests/e2e`, one of the deployment
/// by its file, any other by an end of its path without `src`, `lib` and `mod`: `family::an_ended_family_stays_ended`,
/// `jwt::an_access_token_is_no_id_token`.
fn names_of_tests() -> BTreeSet<String> {
    let root = repository();
    let (mut black_box, mut others) = (BTreeSet::new(), BTreeSet::new());
    tests_below(&root.join("tests/e2e"), "", &mut black_box);
    for folder in ["shared", "infra", "functions"] {
        tests_below(&root.join(folder), &format!("/{folder}"), &mut others);
    }
    let mut names: BTreeSet<String> = black_box.iter().map(|name| name[1..].into()).collect();
    tests_of_the_deployment(&root.join("tests/deploy"), &mut names);
    for path in others {
        let path = path.replace("/src/", "/").replace("/lib::", "::");
        let path = path.replace("/mod::", "::");
        names.extend(path.match_indices('/').map(|(at, _)| path[at + 1..].into()));
    }
    names
}

/// The rows of a page's tables of decisions.
fn decisions(text: &str) -> Vec<&str> {
    let (mut rows, mut is_decision) = (Vec::new(), false);
    for line in text.lines() {
        let is_row = is_decision && line.starts_with('|');
        if is_row && !line.starts_with("| ---") {
            rows.push(line);
        }
        is_decision = is_row || line == HEADING;
    }
    rows
}

#[test]
fn every_decision_stands_once_and_names_tests_that_are_there() {
    let tests = names_of_tests();
    let mut known = BTreeSet::new();
    let folder = repository().join("infra/docs/decisions");
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("the folder can be read").path();
        let text = fs::read_to_string(&path).expect("a page of text");
        for row in decisions(&text) {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            assert_eq!(cells.len(), 5, "{}: {row}", path.display());
            assert!(cells.iter().all(|cell| !cell.is_empty()), "{row}");
            let held_by = cells[4];
            assert!(held_by == "none" || named(held_by).count() > 0, "{row}");
            for name in named(held_by) {
                let is_there = tests.contains(name);
                assert!(is_there, "{}: no test `{name}`", path.display());
            }
            assert!(known.insert(cells[0].to_owned()), "twice: {}", cells[0]);
        }
    }
    assert!(known.len() > 100, "{} decisions", known.len());
}
