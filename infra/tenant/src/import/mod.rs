//! Importing a tenant into the table.
//!
//! Importing the same file twice changes nothing the second time. Anything that the file does not mention stays as
//! it is. An import deletes only scripts, because a section of scripts lists all of them.

mod algorithms;
mod destination;
mod error;
mod hashes;
mod scripts;
mod users;

pub use self::{
    algorithms::unpublished_algorithms,
    destination::{Destination, Evictions},
    error::ImportError,
};

use std::fmt;

use futures_util::{StreamExt, TryStreamExt, stream};
use ratchet_core::{CLIENT_SECRET, StackKeys};
use ratchet_domain::{
    client::{Client, SigningAlgorithm, StoredSecret},
    mobile::MobileApps,
    resource_server::ResourceServer,
    sealed::Purpose,
    secret::Secret,
};
use ratchet_keys::sealing::SealingError;
use ratchet_store::{Store, StoreError};
use ratchet_system::random;

use self::{
    algorithms::{announce_algorithms, settle_algorithms},
    hashes::record_password_hashes,
    scripts::import_scripts,
    users::import_user,
};
use crate::model::{ClientEntry, ResourceServerEntry, Tenant};

/// Concurrent writes. A new table takes far more.
const CONCURRENCY: usize = 16;

/// Counts of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// True if the settings were imported.
    pub settings: bool,
    /// Number of applications (`clients`).
    pub clients: usize,
    /// Number of APIs (`resourceServers`).
    pub resource_servers: usize,
    /// Rules that run; `None` if the file has no such section.
    pub rules: Option<usize>,
    /// Actions that run; `None` if the file has no such section.
    pub actions: Option<usize>,
    /// Number of users, new and existing ones.
    pub users: usize,
}

/// Imports a tenant into a table. Secrets are digested or sealed and passwords hashed on the way; no secret is stored
/// in clear.
pub async fn import<E: Evictions>(
    tenant: &Tenant,
    to: &Destination<'_, E>,
) -> Result<Imported, ImportError> {
    let vault = Vault(&to.keys);
    record_password_hashes(tenant, to.store).await?;
    let signs = !(tenant.clients.is_empty() && tenant.resource_servers.is_empty());
    if signs {
        announce_algorithms(tenant, to.store, to.clock).await?;
    }
    // APIs come first, so that the table never names an API that it lacks.
    stream::iter(&tenant.resource_servers)
        .map(Ok)
        .try_for_each_concurrent(CONCURRENCY, |entry| async {
            let api = vault.resource_server(entry)?;
            Ok::<_, ImportError>(to.store.put_resource_server(&api).await?)
        })
        .await?;
    stream::iter(&tenant.clients)
        .map(Ok)
        .try_for_each_concurrent(CONCURRENCY, |entry| async {
            let client = vault.client(entry)?;
            Ok::<_, ImportError>(to.store.put_client(&client).await?)
        })
        .await?;
    if signs {
        settle_algorithms(to.store, to.clock).await?;
    }
    import_mobile_apps(tenant, to.store).await?;
    // Clients come before the databases that name them.
    for connection in &tenant.connections {
        to.store.put_connection(connection).await?;
    }
    if let Some(protection) = &tenant.attack_protection {
        to.store.put_attack_protection(protection).await?;
    }
    if let Some(settings) = &tenant.settings {
        to.store.put_settings(settings).await?;
    }
    import_scripts(&tenant.scripts, to).await?;
    stream::iter(&tenant.users)
        .map(Ok)
        .try_for_each_concurrent(CONCURRENCY, |entry| import_user(entry, to))
        .await?;
    Ok(Imported::of(tenant))
}

/// Stores the phone apps of applications for discovery, where they have changed.
async fn import_mobile_apps(tenant: &Tenant, store: &Store) -> Result<(), StoreError> {
    let known = store.load_mobile_apps().await?;
    let none = MobileApps::default();
    let changed: Vec<_> = tenant
        .clients
        .iter()
        .map(|entry| (&entry.client.client_id, &entry.mobile))
        .filter(|(id, apps)| known.get(id).unwrap_or(&none) != *apps)
        .map(|(id, apps)| (id.clone(), apps.clone()))
        .collect();
    store.put_mobile_apps(&changed).await
}

impl Imported {
    /// Counts of an import of this tenant.
    pub fn of(tenant: &Tenant) -> Self {
        Self {
            settings: tenant.settings.is_some(),
            clients: tenant.clients.len(),
            resource_servers: tenant.resource_servers.len(),
            rules: tenant.scripts.rules.as_ref().map(Vec::len),
            actions: tenant.scripts.actions.as_ref().map(Vec::len),
            users: tenant.users.len(),
        }
    }
}

/// The keys, with the operations that configuration needs.
struct Vault<'a>(&'a StackKeys);

impl Vault<'_> {
    fn client(&self, entry: &ClientEntry) -> Result<Client, SealingError> {
        let mut client = entry.client.clone();
        client.secret = match &entry.client_secret {
            None => None,
            Some(secret) => {
                let StackKeys { keyring, active } = self.0;
                let digest = keyring.digest(*active, CLIENT_SECRET, secret.expose().as_bytes())?;
                let sealed = match client.jwt_configuration.alg {
                    SigningAlgorithm::HS256 => Some(self.seal(client.client_id.as_str(), secret)?),
                    _ => None,
                };
                Some(StoredSecret { digest, sealed })
            }
        };
        Ok(client)
    }

    fn resource_server(&self, entry: &ResourceServerEntry) -> Result<ResourceServer, SealingError> {
        let mut api = entry.resource_server.clone();
        if let Some(secret) = &entry.signing_secret {
            api.sealed_signing_secret = Some(self.seal(api.identifier.as_str(), secret)?);
        }
        Ok(api)
    }

    fn seal(&self, owner: &str, secret: &Secret) -> Result<String, SealingError> {
        let plaintext = secret.expose().as_bytes();
        let StackKeys { keyring, active } = self.0;
        keyring.seal(*active, Purpose::Configuration, owner, random(), plaintext)
    }
}

impl fmt::Display for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = if self.settings { "settings, " } else { "" };
        let count = |number: usize, one: &str, many: &str| {
            format!("{number} {}", if number == 1 { one } else { many })
        };
        write!(
            f,
            "{settings}{}, {}, {}",
            count(self.clients, "client", "clients"),
            count(self.resource_servers, "API", "APIs"),
            count(self.users, "user", "users")
        )?;
        if let Some(rules) = self.rules {
            write!(f, ", {}", count(rules, "rule", "rules"))?;
        }
        if let Some(actions) = self.actions {
            write!(f, ", {}", count(actions, "Action", "Actions"))?;
        }
        Ok(())
    }
}
