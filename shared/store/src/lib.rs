//! The store: one `DynamoDB` table. Verbs: `load` reads (strongly consistent), `put` creates or replaces, `commit`
//! writes on condition that nothing has changed since it was read. [`TenantReads`] reads configuration, eventually
//! consistent in functions.

mod access_tokens;
mod addresses;
mod batch;
mod calls;
mod codes;
mod configuration;
mod devices;
mod error;
mod evictions;
mod families;
mod family_count;
mod family_ends;
mod family_item;
mod grants;
mod item;
mod keyring;
mod keys;
mod lease;
mod login_stats;
mod logins;
mod metadata;
mod mobile_apps;
mod profile_writes;
mod recovery;
mod scripts;
mod sessions;
mod table;
mod tenant_reads;
mod user_conditions;
mod user_writes;
mod users;

use aws_config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::{
    Client, Config,
    config::{Builder, Credentials, HttpClient, Region},
};

pub use access_tokens::{AccessKeys, AccessState};
pub use calls::Consistency;
pub use codes::CodeExchange;
pub use devices::DeviceExchange;
pub use error::{CommitError, StoreError};
pub use item::Part;
pub use keyring::{
    StoredKey, StoredKeyring, StoredPrivateKey, StoredSigningKey, StoredSigningKeys,
};
pub use lease::LEASE_TIME;
pub use logins::LoginAttempt;
pub use metadata::Metadata;
pub use recovery::NotCommitted;
pub use scripts::{StoredAction, StoredRule, StoredScripts};
pub use sessions::SessionState;
pub use tenant_reads::TenantReads;
pub use user_writes::{PasswordNow, UserChange};
pub use users::{LoginRecord, RefreshState};

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

    /// A store on a table of a `DynamoDB` in this process, whose `http` answers the SDK's requests. Its timeouts are
    /// long: it is slow only if the machine is busy.
    pub fn in_process(http: impl HttpClient + 'static, table: impl Into<String>) -> Self {
        let config = keyless(ratchet_aws::patience(), None).http_client(http);
        let config = config.endpoint_url("http://dynamodb.in-process");
        Self::new(Client::from_conf(config.build()), table)
    }

    /// A store on a table of an embedded `DynamoDB`, for tests, with the same long timeouts.
    pub fn local(endpoint: impl Into<String>, table: impl Into<String>) -> Self {
        let config = keyless(ratchet_aws::patience(), None).endpoint_url(endpoint);
        Self::new(Client::from_conf(config.build()), table)
    }

    /// A store on a table of an emulated `DynamoDB`, with the same timeouts as for AWS. An emulation needs no AWS
    /// credentials, but some need their own access key.
    pub fn emulated(
        endpoint: impl Into<String>,
        table: impl Into<String>,
        access_key: Option<&str>,
    ) -> Self {
        let config = keyless(ratchet_aws::timeouts(), access_key).endpoint_url(endpoint);
        Self::new(Client::from_conf(config.build()), table)
    }

    /// The name of the table.
    pub fn table(&self) -> &str {
        &self.table
    }
}

/// A configuration without AWS credentials; the secret is a placeholder.
fn keyless(timeouts: TimeoutConfig, access_key: Option<&str>) -> Builder {
    let access_key = access_key.unwrap_or("local");
    Config::builder()
        .behavior_version(ratchet_aws::behavior())
        .region(Region::from_static("local"))
        .credentials_provider(Credentials::new(access_key, "local", None, None, "local"))
        .timeout_config(timeouts)
        .retry_config(ratchet_aws::retries())
}
