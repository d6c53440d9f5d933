//! The directions in which the code may depend, read from the code itself.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// What the modules of a folder must not name.
const FORBIDDEN: [(&str, &[&str]); 5] = [
    (
        "src/domain",
        &[
            "crate::http",
            "crate::adapters",
            "crate::app",
            "crate::config",
            "crate::keys",
            "crate::sealing::",
            "crate::system",
            "crate::telemetry",
            "aws_sdk",
            "aws_config",
            "tokio",
            "SystemTime",
            "async fn",
            "std::env",
        ],
    ),
    (
        "src/http",
        &[
            "crate::adapters",
            "crate::app",
            "crate::config",
            "crate::keys",
            "aws_sdk",
            "async fn",
        ],
    ),
    (
        "src/engine",
        &[
            "crate::adapters",
            "crate::app",
            "crate::http",
            "crate::keys",
            "crate::sealing",
        ],
    ),
    (
        "src/keys",
        &["crate::adapters", "crate::app", "crate::http"],
    ),
    (
        "src/adapters",
        &["crate::app", "crate::http", "crate::keys"],
    ),
];

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

/// A file without comments and without its tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]").next().unwrap();
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn dependencies_point_one_way_inside_the_crate() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (folder, forbidden) in FORBIDDEN {
        let files = rust_files(&root.join(folder));
        assert!(!files.is_empty(), "{folder} has moved");
        for file in files {
            let code = code(&file);
            for name in forbidden {
                assert!(!code.contains(name), "{} names {name}", file.display());
            }
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
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/Cargo.toml");
    let manifest = fs::read_to_string(manifest).unwrap();
    for name in [
        "shared",
        "token",
        "authorize",
        "revoke",
        "discovery",
        "tenant",
        "path =",
    ] {
        let depends = manifest.lines().any(|line| {
            line.starts_with(&format!("{name}.")) || line.starts_with(&format!("{name} = "))
        });
        assert!(!depends, "the tests depend on {name}");
    }
}
