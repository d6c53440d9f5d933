//! The tables of `README.md`, `REFERENCE.md`, `infra/samples/README.md` and `.github/SECURITY.md` name tests: each test
//! exists, and no cell is empty.

mod book;
mod decisions;
mod limits;
mod links;
mod toolchain;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The folder `tests` of the repository.
fn folder_of_tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The tests below a folder, named as in the tables: `token/errors::null_is_missing`.
fn tests_below(folder: &Path, prefix: &str, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("the folder can be read").path();
        let name = path.file_stem().expect("a name").to_string_lossy();
        if path.is_dir() {
            tests_below(&path, &format!("{prefix}{name}/"), found);
            continue;
        }
        let text = fs::read_to_string(&path).expect("a file of text");
        let mut is_next = false;
        for line in text.lines() {
            // The compiler drops such a test, so that it never runs.
            let is_dropped = line.starts_with("#[test]") || line.starts_with("#[tokio::test");
            assert!(!is_dropped, "{}: use `#[harness::test]`", path.display());
            is_next |= line.starts_with("#[harness::test");
            let function = line.split_once("fn ").map(|(_, rest)| rest);
            if let (true, Some(function)) = (is_next, function) {
                let function = function.split('(').next().unwrap_or_default();
                found.insert(format!("{prefix}{name}::{function}"));
                is_next = false;
            }
        }
    }
}

/// The names of tests in a text: each text in backquotes that contains `::`.
fn named(text: &str) -> impl Iterator<Item = &str> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter(|name| name.contains("::"))
}

fn tests() -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    tests_below(&folder_of_tests().join("e2e"), "", &mut known);
    assert!(known.contains("token/errors::null_is_missing"), "{known:?}");
    known
}

/// The text of a document whose tables have been checked.
fn checked(document: &str, prefix: &str) -> String {
    let known = tests();
    let path = folder_of_tests().join(document);
    let text = fs::read_to_string(path).expect("the document is there");
    let mut names = 0;
    for line in text.lines().filter(|line| line.starts_with('|')) {
        let cells = line.trim_matches('|').split('|');
        for cell in cells {
            assert!(!cell.trim().is_empty(), "{document}: {line}");
        }
        for name in named(line) {
            let found = known.contains(&format!("{prefix}{name}"));
            assert!(found, "{document}: no test `{name}`");
            names += 1;
        }
    }
    assert!(names > 30, "{document} names {names} tests");
    text
}

#[test]
fn every_test_that_a_table_names_is_there_and_no_cell_is_empty() {
    for document in ["README.md", "REFERENCE.md"] {
        checked(document, "");
    }
}

#[test]
fn every_sample_has_a_row_that_names_its_test() {
    let text = checked("../infra/samples/README.md", "rules/samples/");
    for kind in ["rules", "actions"] {
        let samples = folder_of_tests().join("../infra/samples");
        let folder = samples.join(kind);
        for entry in fs::read_dir(folder).expect("the folder is there") {
            let name = entry.expect("the folder can be read").file_name();
            let name = name.to_string_lossy();
            let Some(sample) = name.strip_suffix(".js") else {
                continue;
            };
            let row = format!("| [`{sample}`]({kind}/{name}) |");
            let mut rows = text.lines().filter(|line| line.starts_with(&row));
            let tests = rows.next().map(|row| named(row).count());
            assert_eq!(tests, Some(1), "{sample}");
            assert_eq!(rows.next(), None, "{sample} twice");
        }
    }
}

/// True if a file of the repository has a test of this name, in Rust, Python or JavaScript.
fn is_there(file: &str, name: &str) -> bool {
    let path = folder_of_tests().join("..").join(file);
    let Ok(text) = fs::read_to_string(&path) else {
        return false;
    };
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("rs") => {
            let lines: Vec<&str> = text.lines().map(str::trim).collect();
            let function = format!("fn {name}(");
            lines.iter().enumerate().any(|(index, line)| {
                let before = &lines[index.saturating_sub(3)..index];
                let is_test = |line: &&str| {
                    let attribute = line.trim_start_matches("#[").split([']', '(']).next();
                    matches!(attribute, Some("test" | "tokio::test" | "harness::test"))
                };
                line.contains(&function) && before.iter().any(is_test)
            })
        }
        Some("py") => text.contains(&format!("\ndef {name}(")),
        Some("mjs") => text.contains(&format!("test('{name}',")),
        _ => false,
    }
}

#[test]
fn every_row_of_the_threat_model_names_tests_that_are_there() {
    const HEADING: &str = "| attempt | outcome | test |";
    let path = folder_of_tests().join("../.github/SECURITY.md");
    let text = fs::read_to_string(path).expect("the document is there");
    // `?7: what it shows` is a placeholder for a test that does not exist yet.
    let to_be_named: Vec<&str> = text
        .split('?')
        .skip(1)
        .filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        .filter_map(|rest| rest.split(['|', ',', ')']).next())
        .collect();
    assert!(
        to_be_named.is_empty(),
        "tests still to be named: {to_be_named:#?}"
    );
    for named in named(&text) {
        let (file, name) = named.split_once("::").expect("a file and a test");
        assert!(is_there(file, name), "no test `{named}`");
    }
    let (mut rows, mut is_model) = (0, false);
    for line in text.lines() {
        is_model = line == HEADING || is_model && line.starts_with('|');
        if !is_model || line == HEADING || line.starts_with("| ---") {
            continue;
        }
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 3, "{line}");
        assert!(cells.iter().all(|cell| !cell.is_empty()), "{line}");
        assert!(named(cells[2]).next().is_some(), "no test in: {line}");
        rows += 1;
    }
    assert!(rows > 40, "{rows} rows");
}
