//! The oldest supported compiler is the same wherever it is named.

use std::fs;

use super::links::repository;

/// The text between two others in a file, where the first stands once.
fn between(file: &str, open: &str, close: char) -> String {
    let text = fs::read_to_string(repository().join(file)).expect("a file of text");
    let parts: Vec<&str> = text.split(open).collect();
    assert_eq!(parts.len(), 2, "{file}: {open}");
    parts[1].split(close).next().unwrap_or_default().to_owned()
}

#[test]
fn the_supported_compiler_is_the_one_that_everything_is_built_with() {
    let supported = between("Cargo.toml", "rust-version = \"", '"');
    let channel = between("rust-toolchain.toml", "channel = \"", '"');
    let image = between(".devcontainer/devcontainer.json", "\"image\": \"rust:", '-');
    let release: Vec<&str> = channel.split('.').take(2).collect();
    assert_eq!(release.join("."), supported);
    assert_eq!(image, supported);
}

#[test]
fn only_the_job_for_the_newest_compiler_replaces_the_supported_one() {
    for (workflow, expected) in [("ci.yml", "RUSTUP_TOOLCHAIN: stable"), ("release.yml", "")] {
        let file = repository().join(".github/workflows").join(workflow);
        let text = fs::read_to_string(file).expect("a file of text");
        let named = text
            .lines()
            .filter(|line| line.contains("RUSTUP_TOOLCHAIN:"));
        let named: Vec<&str> = named.map(str::trim).collect();
        assert_eq!(named.join(", "), expected, "{workflow}");
    }
}
