//! The constants match the tenant files.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{App, Proof, User, apis, clients};

const TENANT: &str = include_str!("../../../fixtures/tenant.yaml");
const SAMPLES: &str = include_str!("../../../fixtures/samples.yaml");
/// The callback of clients that do not use one.
const UNUSED: &str = "https://unused.example.com/callback";

fn parsed(file: &str) -> Value {
    serde_saphyr::from_str(file).expect("YAML")
}

/// The entries of a section, keyed by one of their members.
fn section<'a>(file: &'a Value, name: &str, key: &str) -> BTreeMap<&'a str, &'a Value> {
    let entries = file[name].as_array().expect("a list").iter();
    entries
        .map(|entry| (entry[key].as_str().expect("a text"), entry))
        .collect()
}

/// The authentication method of a client entry.
fn proof(entry: &Value) -> Proof {
    let secret = || text(entry, "client_secret");
    match entry["token_endpoint_auth_method"].as_str() {
        Some("none") => Proof::None,
        Some("client_secret_post") => Proof::Post(secret()),
        Some("client_secret_basic") => Proof::Basic(secret()),
        None if entry["client_authentication_methods"]["private_key_jwt"].is_object() => Proof::Key,
        other => panic!("{other:?} in {entry}"),
    }
}

/// A text with the lifetime of the constants.
fn text(entry: &Value, name: &str) -> &'static str {
    let text = entry[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} of {entry}"));
    text.to_owned().leak()
}

/// The text before and after the variable part of a callback: a label, or the port of a native application on loopback
/// (RFC 8252 section 7.3).
fn wildcard(callback: &str) -> Option<(&str, &str)> {
    const LOOPBACK: &str = "http://127.0.0.1";
    let on_loopback = || Some((LOOPBACK, callback.strip_prefix(LOOPBACK)?));
    callback.split_once('*').or_else(on_loopback)
}

#[track_caller]
fn assert_same(app: &App, entry: &Value) {
    assert_eq!(entry["name"], app.name, "{app:?}");
    assert_eq!(proof(entry), app.proof, "{app:?}");
    let first = entry["callbacks"][0].as_str();
    let fits = match first.and_then(wildcard) {
        Some((before, after)) => app.callback.starts_with(before) && app.callback.ends_with(after),
        None => {
            app.callback == first.unwrap_or(UNUSED) || first.is_none() && app.callback.is_empty()
        }
    };
    assert!(fits, "{first:?}, and {app:?}");
}

#[test]
fn every_client_is_that_of_the_tenant_file() {
    let file = parsed(TENANT);
    let entries = section(&file, "clients", "client_id");
    for app in clients::ALL {
        assert_same(app, entries[app.id]);
    }
}

#[test]
fn every_client_of_the_samples_is_one_of_these() {
    let file = parsed(SAMPLES);
    for (id, entry) in section(&file, "clients", "client_id") {
        let app = clients::ALL.iter().find(|app| app.id == id);
        assert_same(app.unwrap_or_else(|| panic!("no constant for {id}")), entry);
    }
}

#[test]
fn every_api_is_in_the_tenant_file() {
    let file = parsed(TENANT);
    let entries = section(&file, "resourceServers", "identifier");
    for api in apis::ALL {
        assert!(entries.contains_key(api), "{api}");
    }
    assert_eq!(
        entries[apis::HS256_API]["signing_secret"],
        apis::HS256_API_SECRET
    );
}

#[test]
fn every_user_is_that_of_the_tenant_file() {
    let file = parsed(TENANT);
    let entries = section(&file, "users", "user_id");
    let named = [
        User::ada(),
        User::zoe(),
        User::iris(),
        User::grace(),
        User::mary(),
        User::reader(),
        User::editor(),
        User::blocked(),
    ];
    let known: Vec<User> = named
        .into_iter()
        .chain((1..=User::POOL).map(User::pooled))
        .collect();
    for user in &known {
        let entry = entries[user.id.as_str()];
        assert_eq!(entry["email"], user.email);
        assert_eq!(entry["password"], user.password, "{}", user.id);
    }
    assert_eq!(entries.len(), known.len());
}
