//! One module per group of commands. A command returns the text to print.

pub(crate) mod actions;
pub(crate) mod addresses;
pub(crate) mod clients;
mod evictions;
pub(crate) mod families;
pub(crate) mod grants;
pub(crate) mod keys;
mod list;
pub(crate) mod preflight;
pub(crate) mod rules;
mod script_run;
pub(crate) mod sessions;
pub(crate) mod tenant;
pub(crate) mod users;
mod whose;

use aws_lc_rs::digest;
use ratchet_domain::{connection::DEFAULT_CONNECTION, ids::ConnectionName};
use ratchet_store::{LoginRecord, Store};

use crate::{cli::Command, connection::Connection, failure::Failure};

/// Runs a command and returns the text for standard output.
pub(crate) async fn run(command: Command, connection: &Connection) -> Result<String, Failure> {
    match command {
        Command::Tenant(command) => tenant::run(command, connection).await,
        Command::Users(command) => users::run(command, connection).await,
        Command::Addresses(command) => addresses::run(command, connection).await,
        Command::Sessions(command) => sessions::run(command, connection).await,
        Command::Clients(command) => clients::run(command, connection).await,
        Command::Families(command) => families::run(command, connection).await,
        Command::Grants(command) => grants::run(command, connection).await,
        Command::Keys(command) => keys::run(command, connection).await,
        Command::Rules(command) => rules::run(command, connection).await,
        Command::Actions(command) => actions::run(command, connection).await,
        Command::Preflight(preflight) => preflight.run(connection).await,
    }
}

/// First 12 hexadecimal digits of a script's SHA-256, enough to distinguish scripts.
fn digest(script: &str) -> String {
    let digest = digest::digest(&digest::SHA256, script.as_bytes());
    let bytes = digest.as_ref().iter().take(6);
    let number = bytes.fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{number:012x}")
}

/// The named database, or else the tenant's default.
async fn database(store: &Store, named: Option<&str>) -> Result<ConnectionName, Failure> {
    if let Some(name) = named {
        return parse_database(name);
    }
    let settings = store.load_settings().await?.unwrap_or_default();
    match settings.default_directory {
        Some(name) => Ok(name),
        None => parse_database(DEFAULT_CONNECTION),
    }
}

fn parse_database(name: &str) -> Result<ConnectionName, Failure> {
    ConnectionName::parse(name).map_err(|error| Failure::Usage(format!("--connection {error}")))
}

/// `1 grant`, `2 grants`.
fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// The user with a login name.
async fn load_login(
    store: &Store,
    database: &ConnectionName,
    name: &str,
) -> Result<Option<LoginRecord>, Failure> {
    Ok(store.load_login(database, name).await?)
}
