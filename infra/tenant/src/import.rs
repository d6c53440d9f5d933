//! Putting a tenant into the table.
//!
//! Importing the same file twice changes nothing the second time. What the file does not mention
//! stays as it is; nothing is deleted but scripts, of which a section says all.

use std::fmt;

use futures_util::{StreamExt, TryStreamExt, stream};
use shared::{
    adapters::dynamo::{CommitError, LoginRecord, PasswordNow, StoreError, UserChange},
    app::{App, CLIENT_SECRET},
    domain::{
        client::{Client, LogoutInitiator, SigningAlgorithm, StoredSecret},
        denial::Denial,
        ids::UserId,
        mobile::MobileApps,
        resource_server::ResourceServer,
        sealed::{KeyId, Purpose},
        secret::Secret,
        time::Timestamp,
        user::User,
    },
    password::{PasswordHash, PasswordHashError, Verification},
    sealing::{Keyring, SealingError},
    system::random,
};

use crate::{
    ClientEntry, Password, ResourceServerEntry, Tenant, UserEntry,
    import_algorithms::{announce_algorithms, settle_algorithms},
    import_hashes::record_password_hashes,
    import_scripts::import_scripts,
};

/// Writes under way at once. A table that is new takes far more.
const CONCURRENCY: usize = 16;

/// How often a user is read again who changed meanwhile.
const ATTEMPTS: usize = 4;

/// How much was imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// Whether the settings were.
    pub settings: bool,
    /// Applications.
    pub clients: usize,
    /// APIs.
    pub resource_servers: usize,
    /// Rules that run, if the file says which.
    pub rules: Option<usize>,
    /// Actions that run, likewise.
    pub actions: Option<usize>,
    /// Users.
    pub users: usize,
}

/// An import stopped half-way; importing again completes it.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The store did not answer as it should.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A secret cannot be sealed.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// Others import scripts at the same time.
    #[error("the scripts are being replaced by another import; try again")]
    ScriptsOvertaken,
    /// Others import clients or APIs at the same time.
    #[error("clients and APIs are being changed by another import; try again")]
    AlgorithmsOvertaken,
    /// Sessions of a user whose password has changed could not be ended; nothing counts on them any more.
    #[error("sessions that are over could not be ended: {0}")]
    Eviction(#[from] Denial),
    /// Others import users at the same time.
    #[error("users are being changed by another import; try again")]
    PasswordHashesOvertaken,
    /// A password cannot be hashed.
    #[error("user {user}: {source}")]
    Password {
        /// Whose.
        user: String,
        /// Why.
        source: PasswordHashError,
    },
    /// A login name of a user belongs to somebody else.
    #[error("user {user}: the e-mail address or user name belongs to another user")]
    NameTaken {
        /// Who wants it.
        user: String,
    },
}

/// Puts a tenant into the app's table. Secrets are digested or sealed and passwords hashed on the
/// way; none is stored in clear.
pub async fn import(tenant: &Tenant, app: &App) -> Result<Imported, ImportError> {
    let (keyring, key) = app.active_key().await;
    let vault = Vault {
        keyring: &keyring,
        key,
    };
    record_password_hashes(tenant, app).await?;
    let signs = !(tenant.clients.is_empty() && tenant.resource_servers.is_empty());
    if signs {
        announce_algorithms(tenant, app).await?;
    }
    // APIs first, so that nothing in the table ever names one that is not there.
    stream::iter(&tenant.resource_servers)
        .map(Ok)
        .try_for_each_concurrent(CONCURRENCY, |entry| async {
            let api = vault.resource_server(entry)?;
            Ok::<_, ImportError>(app.store.put_resource_server(&api).await?)
        })
        .await?;
    stream::iter(&tenant.clients)
        .map(Ok)
        .try_for_each_concurrent(CONCURRENCY, |entry| async {
            let client = vault.client(entry)?;
            Ok::<_, ImportError>(app.store.put_client(&client).await?)
        })
        .await?;
    if signs {
        settle_algorithms(app).await?;
    }
    import_mobile_apps(tenant, app).await?;
    // Clients before the databases that name them, too.
    for connection in &tenant.connections {
        app.store.put_connection(connection).await?;
    }
    if let Some(protection) = &tenant.attack_protection {
        app.store.put_attack_protection(protection).await?;
    }
    if tenant.settings_given {
        app.store.put_settings(&tenant.settings).await?;
    }
    import_scripts(&tenant.scripts, app).await?;
    stream::iter(&tenant.users)
        .map(Ok)
        .try_for_each_concurrent(CONCURRENCY, |entry| import_user(entry, app))
        .await?;
    app.forget_configuration();
    Ok(Imported::of(tenant))
}

/// Writes down for discovery which phone apps the applications have, where that has changed.
async fn import_mobile_apps(tenant: &Tenant, app: &App) -> Result<(), StoreError> {
    let known = app.store.load_mobile_apps().await?;
    let none = MobileApps::default();
    let changed: Vec<_> = tenant
        .clients
        .iter()
        .map(|entry| (&entry.client.client_id, &entry.mobile))
        .filter(|(id, apps)| known.get(id).unwrap_or(&none) != *apps)
        .map(|(id, apps)| (id.clone(), apps.clone()))
        .collect();
    app.store.put_mobile_apps(&changed).await
}

impl Imported {
    /// What an import of this tenant would import.
    pub fn of(tenant: &Tenant) -> Self {
        Self {
            settings: tenant.settings_given,
            clients: tenant.clients.len(),
            resource_servers: tenant.resource_servers.len(),
            rules: tenant.scripts.rules.as_ref().map(Vec::len),
            actions: tenant.scripts.actions.as_ref().map(Vec::len),
            users: tenant.users.len(),
        }
    }
}

/// The keyring, as far as configuration needs it.
#[derive(Clone, Copy)]
struct Vault<'a> {
    keyring: &'a Keyring,
    key: KeyId,
}

impl Vault<'_> {
    fn client(&self, entry: &ClientEntry) -> Result<Client, SealingError> {
        let mut client = entry.client.clone();
        client.secret = match &entry.client_secret {
            None => None,
            Some(secret) => {
                let digest =
                    self.keyring
                        .digest(self.key, CLIENT_SECRET, secret.expose().as_bytes())?;
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
        self.keyring
            .seal(self.key, Purpose::Configuration, owner, random(), plaintext)
    }
}

async fn import_user(entry: &UserEntry, app: &App) -> Result<(), ImportError> {
    for _ in 0..ATTEMPTS {
        match try_import_user(entry, app).await {
            Err(Stopped::Changed) => {}
            Err(Stopped::Failed(error)) => return Err(error),
            Ok(()) => return Ok(()),
        }
    }
    Err(ImportError::NameTaken {
        user: name_of(entry),
    })
}

/// Why a user was not imported.
enum Stopped {
    /// The user has changed since it was read, or one of the names is another user's.
    Changed,
    Failed(ImportError),
}

impl<E: Into<ImportError>> From<E> for Stopped {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

async fn try_import_user(entry: &UserEntry, app: &App) -> Result<(), Stopped> {
    let now = app.clock.now();
    let before = load_before(entry, app).await?;
    let user = merge(entry, before.as_ref().map(|before| &before.user), now);
    let (password_hash, is_same) =
        password_hash(&entry.password, before.as_ref()).map_err(|source| {
            ImportError::Password {
                user: name_of(entry),
                source,
            }
        })?;
    let rehashed_from = before.as_ref().and_then(|before| {
        let kept = before.password_hash == password_hash;
        before.rehashed_from.clone().filter(|_| kept)
    });
    let record = LoginRecord {
        user,
        password_hash,
        rehashed_from,
    };
    if before.as_ref() == Some(&record) {
        return Ok(());
    }
    let password = if is_same {
        PasswordNow::Same
    } else {
        let settings = app.store.load_settings().await?.unwrap_or_default();
        PasswordNow::Other(settings.refresh_tokens_on_password_change)
    };
    let change = UserChange { now, password };
    let user = match app.store.put_user(&record, before.as_ref(), change).await {
        Ok(user) => user,
        Err(CommitError::Conflict) => return Err(Stopped::Changed),
        Err(CommitError::Store(error)) => return Err(error.into()),
    };
    if before.is_some_and(|before| before.user.valid_from != user.valid_from) && !user.blocked {
        let initiator = LogoutInitiator::PasswordChanged;
        app.end_what_is_over(&user, initiator, now).await?;
    }
    Ok(())
}

/// How a user is named to the operator: as the file does.
fn name_of(entry: &UserEntry) -> String {
    let user = &entry.user;
    let name = user.login_names().into_iter().next();
    name.filter(|_| !entry.id_given)
        .unwrap_or_else(|| user.user_id.to_string())
}

/// The user as it is in the table. One whose id the file does not give is found by login name, so
/// that users who were created by other means are not made a second time.
async fn load_before(entry: &UserEntry, app: &App) -> Result<Option<LoginRecord>, StoreError> {
    let user = &entry.user;
    if entry.id_given {
        return app.store.load_user(&user.user_id).await;
    }
    for name in user.login_names() {
        if let Some(record) = app.store.load_login(&user.connection, &name).await? {
            return Ok(Some(record));
        }
    }
    Ok(None)
}

/// The user of the file, with what only the table knows.
fn merge(entry: &UserEntry, before: Option<&User>, now: Timestamp) -> User {
    let mut user = entry.user.clone();
    let undated = user.updated_at == Timestamp::default();
    match before {
        Some(before) => inherit(&mut user, entry, before),
        None if entry.id_given => {}
        // A name may have been somebody else's before, an id never.
        None => user.user_id = UserId::from_random(random()),
    }
    if user.created_at == Timestamp::default() {
        user.created_at = now;
    }
    if undated {
        user.updated_at = before.map_or(now, |before| before.updated_at);
        if before.is_some_and(|before| user != *before) {
            user.updated_at = now;
        }
    }
    user
}

fn inherit(user: &mut User, entry: &UserEntry, before: &User) {
    if !entry.id_given {
        user.user_id = before.user_id.clone();
    }
    if !entry.blocked_given {
        user.blocked = before.blocked;
    }
    if !entry.permissions_given {
        user.roles.clone_from(&before.roles);
        user.permissions.clone_from(&before.permissions);
    }
    if user.app_metadata.is_empty() {
        user.app_metadata.clone_from(&before.app_metadata);
    }
    if user.user_metadata.is_empty() {
        user.user_metadata.clone_from(&before.user_metadata);
    }
    if user.attributes.is_empty() {
        user.attributes.clone_from(&before.attributes);
    }
    if user.identities.is_empty() {
        user.identities.clone_from(&before.identities);
    }
    if user.created_at == Timestamp::default() {
        user.created_at = before.created_at;
    }
    user.stats = before.stats.clone();
    user.valid_from = before.valid_from;
}

/// The hash to store, and whether it is of the same password as the one in the table: of that, unless the
/// file brings another password.
fn password_hash(
    password: &Password,
    before: Option<&LoginRecord>,
) -> Result<(Option<PasswordHash>, bool), PasswordHashError> {
    let old = before.and_then(|before| before.password_hash.as_ref());
    match (password, old) {
        (Password::Absent, old) => Ok((old.cloned(), true)),
        (Password::Hash(hash), Some(old)) if is_known(hash, before) => {
            Ok((Some(old.clone()), true))
        }
        (Password::Hash(hash), _) => Ok((Some(hash.clone()), false)),
        (Password::Plain(password), old) => {
            let shown = old.map(|old| old.verify(password));
            if let (Some(Verification::Match), Some(old)) = (shown, old) {
                return Ok((Some(old.clone()), true));
            }
            let hash = PasswordHash::hash(password, random())?;
            Ok((Some(hash), shown == Some(Verification::MatchOutdated)))
        }
    }
}

/// Whether a hash is the one in the table, or the one that gave way to it at a login.
fn is_known(hash: &PasswordHash, before: Option<&LoginRecord>) -> bool {
    before.is_some_and(|before| {
        before.password_hash.as_ref() == Some(hash)
            || before.rehashed_from == Some(hash.fingerprint())
    })
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
