//! The store: one `DynamoDB` table. Verbs: `load` reads (strongly consistent), `put` creates or
//! replaces, `commit` writes under the condition that nothing changed since it was read.

mod codes;
mod configuration;
mod error;
mod families;
mod family_item;
mod grants;
mod item;
mod keyring;
mod keys;
mod sessions;
mod table;
mod users;

use aws_sdk_dynamodb::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig, timeout::TimeoutConfig},
};

pub use codes::CodeExchange;
pub use error::{CommitError, StoreError};
pub use keyring::{
    StoredKey, StoredKeyring, StoredPrivateKey, StoredSigningKey, StoredSigningKeys,
};
pub use users::{LoginRecord, RefreshState};

use std::time::Duration;

/// The table, and the connection to it.
#[derive(Debug, Clone)]
pub struct Store {
    client: Client,
    table: String,
}

impl Store {
    /// A store on a table.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }

    /// A store on a table, with region, credentials and endpoint from the environment as every AWS
    /// tool reads them (`AWS_REGION`, `AWS_ENDPOINT_URL_DYNAMODB`, ...).
    pub async fn from_env(table: impl Into<String>) -> Self {
        let config = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .timeout_config(timeouts())
            .retry_config(retries())
            .load()
            .await;
        Self::new(Client::new(&config), table)
    }

    /// A store on a table of a `DynamoDB` that asks for no real credentials: an embedded one.
    pub fn local(endpoint: impl Into<String>, table: impl Into<String>) -> Self {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::from_static("local"))
            .credentials_provider(Credentials::new("local", "local", None, None, "local"))
            .endpoint_url(endpoint)
            .timeout_config(timeouts())
            .retry_config(retries())
            .build();
        Self::new(Client::from_conf(config), table)
    }

    /// The name of the table.
    pub fn table(&self) -> &str {
        &self.table
    }
}

/// Chosen to fit inside a function's ten seconds: an answer of `DynamoDB` takes single milliseconds,
/// so a try that takes a second and a half has failed.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_millis(1_500))
        .operation_timeout(Duration::from_secs(4))
        .build()
}

fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(50))
}
