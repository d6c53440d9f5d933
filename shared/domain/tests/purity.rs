//! The domain decides and does nothing else: times and random bits come in as arguments.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Words that the source of the domain must not contain, because it is pure.
const IMPURE: [&str; 5] = [
    "tokio",
    "SystemTime",
    "Instant::now",
    "async fn",
    "std::env",
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
fn the_domain_is_pure() {
    let files = rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(files.len() > 50, "{} files", files.len());
    for file in files {
        let code = code(&file);
        for name in IMPURE {
            assert!(!code.contains(name), "{} names {name}", file.display());
        }
    }
}

#[test]
fn the_domain_reaches_neither_aws_nor_a_runtime() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let manifest = fs::read_to_string(manifest).unwrap();
    for name in ["aws-config", "aws-sdk", "lambda_http", "tokio"] {
        let depends = manifest.lines().any(|line| line.starts_with(name));
        assert!(!depends, "the domain depends on {name}");
    }
}
