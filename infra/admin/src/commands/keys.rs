//! `keys`: the keyring that seals refresh tokens, codes and sessions.

use clap::{Args, Subcommand};
use ratchet_core::{KEY_ACTIVATION_DELAY, SIGNING_KEY_DELAY};
use ratchet_domain::{sealed::KeyId, signing_key::ServiceKey, time::Timestamp};
use ratchet_store::{StoredKey, StoredKeyring};
use ratchet_system::Clock;
use serde::Serialize;

use super::list::{Format, Row};
use crate::{connection::Connection, failure::Failure};

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// List the sealing keys, the oldest first.
    #[command(after_help = "\
Status is `active` (seals what is new), `pending` (takes over at the time shown) or `retired` (still
opens what it sealed).")]
    List(Format),

    /// Add a sealing key, which takes over a few minutes later.
    ///
    /// Earlier keys still open what they sealed, so all users stay logged in. Every running function has
    /// loaded the new key by then. Needs the issuer and the keys.
    #[command(after_help = "\
Example:
  admin --table ratchet-prod --issuer https://login.example.com/ --key-file keys.json keys rotate")]
    Rotate,

    /// Add signing keys, which take over an hour later.
    ///
    /// They are published at once. Earlier keys stay published until their last token has expired, so all
    /// users stay logged in. With `--signing-mode wrapped` the command generates the key pairs; otherwise
    /// name new keys in KMS, which the functions must be allowed to use.
    #[command(after_help = "\
Examples:
  admin keys rotate-signing RS256=arn:aws:kms:eu-west-1:123456789012:key/new
  admin --signing-mode wrapped --signing-keys RS256 keys rotate-signing")]
    RotateSigning(RotateSigning),
}

#[derive(Debug, Args)]
pub(crate) struct RotateSigning {
    /// A new key in KMS, `RS256=<key id or ARN>`.
    #[arg(value_name = "KEY")]
    keys: Vec<String>,
}

pub(crate) async fn run(command: KeysCommand, to: &Connection) -> Result<String, Failure> {
    match command {
        KeysCommand::List(format) => list(&format, to).await,
        KeysCommand::Rotate => rotate(to).await,
        KeysCommand::RotateSigning(rotation) => rotation.run(to).await,
    }
}

async fn list(format: &Format, to: &Connection) -> Result<String, Failure> {
    let store = to.store().await?;
    let keyring = store.load_keyring().await?;
    let rows = keyring
        .map(|keyring| rows(&keyring, Clock::system().now()))
        .unwrap_or_default();
    let none = || "there are no keys yet; the first function that starts makes one".to_owned();
    format.show(&rows, none)
}

impl RotateSigning {
    async fn run(&self, to: &Connection) -> Result<String, Failure> {
        let app = to.app().await?;
        let named = self
            .keys
            .iter()
            .map(|key| ServiceKey::parse(key).map_err(Failure::Usage))
            .collect::<Result<Vec<_>, _>>()?;
        let (added, active_from) = app.rotate_signing_keys(&named).await?;
        let algorithms: Vec<_> = added.iter().map(|key| key.algorithm.as_str()).collect();
        Ok(format!(
            "added signing keys for {}, which sign from {} on (in {} minutes)\n",
            algorithms.join(", "),
            active_from.to_rfc3339(),
            SIGNING_KEY_DELAY.as_secs() / 60,
        ))
    }
}

async fn rotate(to: &Connection) -> Result<String, Failure> {
    let app = to.app().await?;
    let (id, active_from) = app.rotate_sealing_key().await?;
    let minutes = KEY_ACTIVATION_DELAY.as_secs() / 60;
    Ok(format!(
        "added key {}, which seals from {} on (in {minutes} minutes)\n",
        id.number(),
        active_from.to_rfc3339()
    ))
}

/// A key in the list.
#[derive(Debug, Serialize)]
struct Shown {
    key_id: u32,
    status: &'static str,
    active_from: String,
}

fn rows(keyring: &StoredKeyring, now: Timestamp) -> Vec<Shown> {
    let due = keyring.keys.iter().filter(|key| key.active_from <= now);
    let active = due
        .max_by_key(|key| (key.active_from, key.id))
        .map(|key| key.id);
    keyring
        .keys
        .iter()
        .map(|key| Shown::of(key, active, now))
        .collect()
}

impl Shown {
    fn of(key: &StoredKey, active: Option<KeyId>, now: Timestamp) -> Self {
        let status = match active {
            Some(active) if active == key.id => "active",
            _ if key.active_from > now => "pending",
            _ => "retired",
        };
        Self {
            key_id: key.id.number(),
            status,
            active_from: key.active_from.to_rfc3339(),
        }
    }
}

impl Row<3> for Shown {
    const TITLES: [&'static str; 3] = ["KEY", "STATUS", "ACTIVE FROM"];

    fn cells(&self) -> [String; 3] {
        [
            self.key_id.to_string(),
            self.status.to_owned(),
            self.active_from.clone(),
        ]
    }
}
