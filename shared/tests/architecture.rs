//! The allowed directions of dependencies, checked in the source code.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// A module at the root of the crate, and the other modules of the crate that it may use.
struct Module {
    name: &'static str,
    may_name: &'static [&'static str],
}

/// Every module of the crate. `README.md` shows the same arrows.
const MODULES: [Module; 14] = [
    module("domain", &[]),
    module("jwt", &[]),
    module("system", &["domain"]),
    module("password", &["domain"]),
    module("sealing", &["domain"]),
    module("http", &["domain", "system"]),
    module("config", &["domain", "scripts"]),
    module("telemetry", &["domain"]),
    module("aws", &["telemetry"]),
    module("clients", &["aws", "config"]),
    module("keys", &["aws", "domain", "system", "telemetry"]),
    module(
        "adapters",
        &["aws", "domain", "password", "system", "telemetry"],
    ),
    module("outbound", &["telemetry"]),
    module("scripts", &["domain", "jwt", "outbound", "telemetry"]),
];

/// The modules that combine the others, and may use all of them.
const ROOTS: [&str; 2] = ["app", "lambda"];

/// Names that the domain must not contain, because it is pure.
const IMPURE: [&str; 6] = [
    "aws_config",
    "aws_sdk",
    "tokio",
    "SystemTime",
    "async fn",
    "std::env",
];

const fn module(name: &'static str, may_name: &'static [&'static str]) -> Module {
    Module { name, may_name }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The code of a file without comments and tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]").next().unwrap();
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The modules of the crate that a file uses: `crate::http::…`, and each of `use crate::{http::…, keys}`.
fn named_modules(code: &str) -> BTreeSet<&str> {
    let mut named = BTreeSet::new();
    for (at, prefix) in code.match_indices("crate::") {
        let path = &code[at + prefix.len()..];
        match path.strip_prefix('{') {
            Some(group) => named.extend(first_segments(group)),
            None => named.extend(identifier(path)),
        }
    }
    named
}

/// The first segment of each path of a group, after its opening brace.
fn first_segments(group: &str) -> Vec<&str> {
    let (mut depth, mut begins, mut segments) = (1, 0, Vec::new());
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        let ends = (character == ',' && depth == 1) || depth == 0;
        if ends {
            segments.extend(identifier(group[begins..at].trim_start()));
            begins = at + 1;
        }
        if depth == 0 {
            break;
        }
    }
    segments
}

fn identifier(path: &str) -> Option<&str> {
    let end = path.find(|c: char| c != '_' && !c.is_ascii_alphanumeric());
    let name = &path[..end.unwrap_or(path.len())];
    (!name.is_empty()).then_some(name)
}

/// A module's files: `src/keys.rs`, or those below `src/keys`.
fn files_of(module: &str) -> Vec<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src")
        .join(module);
    let file = path.with_extension("rs");
    if file.is_file() {
        vec![file]
    } else {
        rust_files(&path)
    }
}

#[test]
fn named_modules_are_found_in_paths_and_in_groups() {
    let code = "use crate::keys::Signer; use crate::{\n adapters::dynamo::{Store, keys::{A, B}},\n http,\n};
                fn f() { crate::app::g(); }";
    let named = named_modules(code);
    assert_eq!(named, BTreeSet::from(["adapters", "app", "http", "keys"]));
}

#[test]
fn every_module_has_a_rule() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let there: BTreeSet<String> = fs::read_dir(source)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_owned())
        .map(|name| name.into_string().unwrap())
        .filter(|name| name != "lib")
        .collect();
    let ruled = MODULES.iter().map(|module| module.name).chain(ROOTS);
    assert_eq!(there, ruled.map(str::to_owned).collect());
}

#[test]
fn dependencies_point_one_way_inside_the_crate() {
    for Module { name, may_name } in MODULES {
        for file in files_of(name) {
            let code = code(&file);
            for named in named_modules(&code) {
                assert!(
                    named == name || may_name.contains(&named),
                    "{} names {named}",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn the_domain_is_pure() {
    for file in files_of("domain") {
        let code = code(&file);
        for name in IMPURE {
            assert!(!code.contains(name), "{} names {name}", file.display());
        }
    }
}

#[test]
fn functions_know_the_core_and_neither_each_other_nor_aws() {
    let functions = Path::new(env!("CARGO_MANIFEST_DIR")).join("../functions");
    let names = ["authorize", "discovery", "revoke", "token"];
    for name in names {
        let manifest = fs::read_to_string(functions.join(name).join("Cargo.toml")).unwrap();
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap();
        assert!(
            !dependencies.contains("aws-"),
            "{name} reaches AWS by itself"
        );
        for other in names.iter().filter(|other| **other != name) {
            let depends = dependencies
                .lines()
                .any(|line| line.starts_with(&format!("{other}.")));
            assert!(!depends, "{name} depends on {other}");
        }
    }
}

#[test]
fn the_black_box_tests_know_no_type_of_ours() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests");
    for package in ["", "harness"] {
        let manifest = fs::read_to_string(tests.join(package).join("Cargo.toml")).unwrap();
        for name in [
            "shared",
            "token",
            "authorize",
            "revoke",
            "discovery",
            "tenant",
        ] {
            let depends = manifest.lines().any(|line| {
                line.starts_with(&format!("{name}.")) || line.starts_with(&format!("{name} = "))
            });
            assert!(!depends, "the tests depend on {name}");
        }
        assert!(!manifest.contains("{ path ="), "a dependency by its path");
    }
}
