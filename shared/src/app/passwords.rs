//! Checking a name and a password: one path for the hosted login, the password grants and the embedded
//! logins. What a caller learns does not depend on whether the name is anybody's: the same round trips,
//! the same hashing, the same counting.
//!
//! Failures are counted when they are known, and looked at again when a password was right. So of
//! guesses that arrive all at once no more are answered than of guesses in a row, and a right guess
//! among too many is told like a wrong one.

use std::{
    net::IpAddr,
    sync::{LazyLock, OnceLock},
};

use tokio::sync::Semaphore;

use super::{App, Limited, Moment};
use crate::{
    adapters::dynamo::{CommitError, LoginRecord},
    domain::{
        brute_force::{AttackProtection, Counter, Failures},
        denial::Denial,
        ids::{ClientId, ConnectionName},
        secret::Secret,
        throttle::Origin,
        user::{LoginName, User},
    },
    password::{PasswordHash, Verification},
    system::random,
    telemetry::event,
};

/// A name and a password, and where they come from.
#[derive(Debug, Clone, Copy)]
pub struct PasswordLogin<'a> {
    /// The client that asks.
    pub client_id: &'a ClientId,
    /// The database that the user is looked for in.
    pub connection: &'a ConnectionName,
    /// The name as it was typed.
    pub username: &'a str,
    /// The password as it was typed.
    pub password: &'a Secret,
    /// Whose address it is.
    pub address: Option<IpAddr>,
}

/// Hashing takes 19 MiB and a processor for as long as it lasts: more at once than there are processors
/// would take memory and gain nothing.
static HASHING: LazyLock<Semaphore> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Semaphore::new(processors)
});

impl App {
    /// The user whose name and password these are. Otherwise [`Denial::WrongPassword`],
    /// [`Denial::UserBlocked`], [`Denial::TooManyAttempts`] or [`Denial::Throttled`], written to the log;
    /// the success is the caller's to write. The login is counted where the tenant has scripts.
    pub async fn check_password(
        &self,
        login: PasswordLogin<'_>,
        at: Moment,
    ) -> Result<User, Denial> {
        let name = LoginName::parse(login.username);
        self.throttle_login(&login, name.as_ref(), at).await?;
        let Some(name) = name else {
            verify(None, login.password).await?;
            log_unknown(&login);
            return Err(Denial::WrongPassword);
        };
        let protection = self.attack_protection().await?;
        let checked = Checked {
            app: self,
            login,
            name,
            counter: protection.brute_force.counter(login.address),
            protection: &protection,
            at,
        };
        checked.decide().await
    }

    async fn throttle_login(
        &self,
        login: &PasswordLogin<'_>,
        name: Option<&LoginName>,
        at: Moment,
    ) -> Result<(), Denial> {
        let from = Origin::of(login.address);
        let name = name.map_or("", LoginName::as_str);
        let limited = Limited {
            what: "login",
            by: format!("{from} {} {name}", login.connection),
        };
        let limit = self.settings().await?.login_rate_limit;
        self.throttle(limited, limit, at.now).map(|_| ())
    }
}

/// A login that is not refused unseen.
struct Checked<'a> {
    app: &'a App,
    login: PasswordLogin<'a>,
    name: LoginName,
    counter: Option<Counter>,
    protection: &'a AttackProtection,
    at: Moment,
}

impl Checked<'_> {
    async fn decide(self) -> Result<User, Denial> {
        let (store, connection) = (&self.app.store, self.login.connection);
        let attempt = store
            .load_login_attempt(connection, &self.name, self.counter.as_ref())
            .await?;
        let record = attempt.record;
        self.bear(attempt.failures, record.as_ref())?;
        let hash = record.as_ref().and_then(|r| r.password_hash.clone());
        let verification = verify(hash, self.login.password).await?;
        match record {
            Some(record) if verification != Verification::Mismatch => {
                self.right(record, verification).await
            }
            record => self.wrong(record.as_ref()).await,
        }
    }

    async fn right(&self, record: LoginRecord, shown: Verification) -> Result<User, Denial> {
        let (store, connection) = (&self.app.store, self.login.connection);
        let user_id = &record.user.user_id;
        if let Some(counter) = &self.counter {
            let failures = store.load_failures(connection, &self.name, counter).await?;
            self.bear(failures, Some(&record))?;
            if failures.failures > 0 {
                store
                    .reset_failures(connection, &self.name, counter, failures)
                    .await?;
            }
        }
        if record.user.blocked {
            let client_id = self.login.client_id;
            tracing::warn!(r#type = event::LOGIN_FAILED, %client_id, %user_id, reason = "user is blocked");
            return Err(Denial::UserBlocked);
        }
        if shown == Verification::MatchOutdated {
            let hash = rehash(self.login.password).await?;
            store.commit_password_hash(&record, &hash).await?;
        }
        self.count(record.user).await
    }

    /// Counts the login before scripts run, as Auth0 does, so that they read its own number. Only they
    /// read it: a tenant without any pays no write.
    async fn count(&self, user: User) -> Result<User, Denial> {
        if !self.app.has_scripts().await? {
            return Ok(user);
        }
        let (store, address) = (&self.app.store, self.login.address);
        match store.count_login(&user.user_id, address, self.at.now).await {
            Ok(stats) => Ok(User { stats, ..user }),
            // Removed meanwhile: nobody has this name any more.
            Err(CommitError::Conflict) => Err(Denial::WrongPassword),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    /// The failure is written down before anybody hears of it.
    async fn wrong(&self, record: Option<&LoginRecord>) -> Result<User, Denial> {
        match record {
            Some(record) => {
                let (client_id, user_id) = (self.login.client_id, &record.user.user_id);
                tracing::warn!(r#type = event::WRONG_PASSWORD, %client_id, %user_id);
            }
            None => log_unknown(&self.login),
        }
        if let Some(counter) = &self.counter {
            let (store, connection) = (&self.app.store, self.login.connection);
            let failures = store
                .add_failure(connection, &self.name, counter, self.at.now)
                .await?;
            let before = Failures {
                failures: failures.failures.saturating_sub(1),
                ..failures
            };
            self.bear(before, record)?;
        }
        Err(Denial::WrongPassword)
    }

    /// Refuses a login after too many failures.
    fn bear(&self, failures: Failures, record: Option<&LoginRecord>) -> Result<(), Denial> {
        let now = self.at.now;
        if self.counter.is_none() || !self.protection.brute_force.has_had_enough(failures, now) {
            return Ok(());
        }
        tracing::warn!(
            r#type = event::LOGIN_BLOCKED,
            client_id = %self.login.client_id,
            connection = %self.login.connection,
            user_id = record.map(|record| record.user.user_id.as_str()),
            ip = self.login.address.map(|address| address.to_string()),
            failures = failures.failures,
        );
        Err(Denial::TooManyAttempts)
    }
}

fn log_unknown(login: &PasswordLogin<'_>) {
    // The name is not said: it may be a password typed into the wrong field.
    tracing::warn!(r#type = event::WRONG_USER_NAME, client_id = %login.client_id);
}

/// Compares a password with a hash, or takes as long over one that no password matches.
async fn verify(hash: Option<PasswordHash>, password: &Secret) -> Result<Verification, Denial> {
    let password = password.clone();
    let known = hash.is_some();
    let shown = hashing(move || match hash.or_else(decoy) {
        Some(hash) => hash.verify(&password),
        None => Verification::Mismatch,
    })
    .await?;
    Ok(if known { shown } else { Verification::Mismatch })
}

/// An imported hash gives way to one of ours, now that the password is at hand.
async fn rehash(password: &Secret) -> Result<PasswordHash, Denial> {
    let password = password.clone();
    hashing(move || PasswordHash::hash(&password, random()))
        .await?
        .map_err(|e| Denial::Internal(e.to_string()))
}

/// Hashing is slow on purpose: it takes a thread of its own.
async fn hashing<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Denial> {
    let internal = |e: &dyn std::error::Error| Denial::Internal(e.to_string());
    let _permit = HASHING.acquire().await.map_err(|e| internal(&e))?;
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| internal(&e))
}

/// A hash that no password matches, to take the time that a real one would.
fn decoy() -> Option<PasswordHash> {
    static DECOY: OnceLock<Option<PasswordHash>> = OnceLock::new();
    DECOY
        .get_or_init(|| {
            let nobody = format!("{:?}", random::<32>());
            PasswordHash::hash(&Secret::new(nobody), random()).ok()
        })
        .clone()
}
