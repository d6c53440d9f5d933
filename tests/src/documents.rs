//! The tables of `README.md`, `REFERENCE.md` and `rules/README.md` name tests: each is there, and no cell is
//! empty.

use std::{collections::BTreeSet, fs, path::Path};

/// The tests below a folder, as the tables name them: `token/errors::null_is_missing`.
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
            is_next |= line.starts_with("#[test]") || line.starts_with("#[tokio::test]");
            let function = line.split_once("fn ").map(|(_, rest)| rest);
            if let (true, Some(function)) = (is_next, function) {
                let function = function.split('(').next().unwrap_or_default();
                found.insert(format!("{prefix}{name}::{function}"));
                is_next = false;
            }
        }
    }
}

/// The names of tests in a text: what stands in backquotes and has `::` in it.
fn named(text: &str) -> impl Iterator<Item = &str> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter(|name| name.contains("::"))
}

/// Every test of the black-box tests.
fn tests() -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests_below(&here.join("e2e"), "", &mut known);
    assert!(known.contains("token/errors::null_is_missing"), "{known:?}");
    known
}

/// The text of a document, whose tables have been checked.
fn checked(document: &str, prefix: &str) -> String {
    let known = tests();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(document);
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
    let text = checked("rules/README.md", "rules/samples/");
    for (folder, link) in [("rules", ""), ("actions", "../actions/")] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for entry in fs::read_dir(folder).expect("the folder is there") {
            let name = entry.expect("the folder can be read").file_name();
            let name = name.to_string_lossy();
            let Some(sample) = name.strip_suffix(".js") else {
                continue;
            };
            let row = format!("| [`{sample}`]({link}{name}) |");
            let mut rows = text.lines().filter(|line| line.starts_with(&row));
            let tests = rows.next().map(|row| named(row).count());
            assert_eq!(tests, Some(1), "{sample}");
            assert_eq!(rows.next(), None, "{sample} twice");
        }
    }
}
