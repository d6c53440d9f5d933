//! The directions in which the crates may depend. Cargo refuses a circle and an undeclared dependency; this refuses a
//! new arrow that no circle betrays.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The crates of `shared`, and the others of ours that each may depend on. The arrows of `README.md` are these.
const SHARED: [(&str, &[&str]); 12] = [
    ("domain", &[]),
    ("jwt", &[]),
    ("system", &["domain"]),
    ("telemetry", &["domain", "system"]),
    ("aws", &["telemetry"]),
    ("outbound", &[]),
    ("protocol", &["domain", "system"]),
    ("keys", &["aws", "domain", "system", "telemetry"]),
    ("store", &["aws", "domain", "system", "telemetry"]),
    ("scripts", &["domain", "jwt", "outbound", "telemetry"]),
    (
        "core",
        &[
            "aws",
            "domain",
            "jwt",
            "keys",
            "outbound",
            "protocol",
            "scripts",
            "store",
            "system",
            "telemetry",
        ],
    ),
    (
        "lambda",
        &["core", "domain", "protocol", "system", "telemetry"],
    ),
];

const FUNCTIONS: [&str; 4] = ["authorize", "discovery", "revoke", "token"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The dependencies of a package, those of its tests left out.
fn dependencies(package: &Path) -> BTreeSet<String> {
    let manifest = fs::read_to_string(package.join("Cargo.toml")).unwrap();
    let section = manifest.split("\n[dependencies]\n").nth(1).unwrap();
    section
        .lines()
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Those of them that are ours, without the prefix of their names.
fn own_dependencies(package: &Path) -> BTreeSet<String> {
    let named = dependencies(package);
    let own = named
        .iter()
        .filter_map(|name| name.strip_prefix("ratchet-"));
    own.map(str::to_owned).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn every_shared_crate_depends_on_those_it_may_and_no_other() {
    for (name, may) in SHARED {
        let found = own_dependencies(&root().join("shared").join(name));
        assert_eq!(found, set(may), "{name}");
    }
}

#[test]
fn every_shared_crate_has_its_arrows_here() {
    let folders = fs::read_dir(root().join("shared")).unwrap();
    let found: BTreeSet<String> = folders
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("Cargo.toml").is_file())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(found, set(&SHARED.map(|(name, _)| name)));
}

#[test]
fn functions_know_neither_each_other_nor_aws() {
    let shared = set(&SHARED.map(|(name, _)| name));
    for name in FUNCTIONS {
        let package = root().join("functions").join(name);
        let foreign: Vec<_> = own_dependencies(&package)
            .difference(&shared)
            .cloned()
            .collect();
        assert!(foreign.is_empty(), "{name} depends on {foreign:?}");
        let is_aws = |name: &String| name.starts_with("aws-") || name == "ratchet-aws";
        let reaches = dependencies(&package).into_iter().find(is_aws);
        assert_eq!(reaches, None, "{name} reaches AWS by itself");
    }
}

#[test]
fn the_black_box_tests_depend_on_no_product_crate() {
    let named = own_dependencies(&root().join("tests"));
    let shared = SHARED.map(|(name, _)| name);
    let product = [&shared[..], &FUNCTIONS, &["admin", "local", "tenant"]].concat();
    let known: Vec<_> = named.intersection(&set(&product)).cloned().collect();
    assert!(known.is_empty(), "the tests depend on {known:?}");
}
