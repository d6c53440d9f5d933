//! The store: one `DynamoDB` table. Verbs: `load` reads (strongly consistent), `put` creates or
//! replaces, `commit` writes under the condition that nothing changed since it was read.

mod access_tokens;
mod codes;
mod configuration;
mod devices;
mod error;
mod evictions;
mod families;
mod family_item;
mod grants;
mod item;
mod keyring;
mod keys;
mod login_stats;
mod logins;
mod metadata;
mod mobile_apps;
mod scripts;
mod sessions;
mod table;
mod user_writes;
mod users;

use aws_config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::{
    Client, Config,
    config::{Credentials, Region},
};

pub use access_tokens::AccessState;
pub use codes::CodeExchange;
pub use devices::DeviceExchange;
pub use error::{CommitError, StoreError};
pub use keyring::{
    StoredKey, StoredKeyring, StoredPrivateKey, StoredSigningKey, StoredSigningKeys,
};
pub use logins::LoginAttempt;
pub use metadata::Metadata;
pub use scripts::{StoredAction, StoredRule, StoredScripts};
pub use sessions::SessionState;
pub use user_writes::{PasswordNow, UserChange};
pub use users::{LoginRecord, RefreshState};

use crate::aws;

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

    /// A store on a table of an embedded `DynamoDB`, which asks for no real credentials and is only slow
    /// because the machine is busy: it is waited for.
    pub fn local(endpoint: impl Into<String>, table: impl Into<String>) -> Self {
        Self::without_credentials(endpoint, table, aws::patience())
    }

    /// A store on a table of an emulated `DynamoDB`, which asks for no real credentials and is waited for no
    /// longer than AWS's.
    pub fn emulated(endpoint: impl Into<String>, table: impl Into<String>) -> Self {
        Self::without_credentials(endpoint, table, aws::timeouts())
    }

    fn without_credentials(
        endpoint: impl Into<String>,
        table: impl Into<String>,
        timeouts: TimeoutConfig,
    ) -> Self {
        let config = Config::builder()
            .behavior_version(aws::behavior())
            .region(Region::from_static("local"))
            .credentials_provider(Credentials::new("local", "local", None, None, "local"))
            .endpoint_url(endpoint)
            .timeout_config(timeouts)
            .retry_config(aws::retries())
            .build();
        Self::new(Client::from_conf(config), table)
    }

    /// The name of the table.
    pub fn table(&self) -> &str {
        &self.table
    }
}
