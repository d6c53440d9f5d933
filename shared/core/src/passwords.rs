//! Verification of a name and a password: one path for the hosted login, the password grants and the embedded logins.
//! Its responses do not reveal whether a user has the name: round trips, hashing (`hashing`) and counting are the same.
//!
//! A failure is counted as soon as it is known, against the user or the name and against the address; the counts are
//! read again after a right password. Concurrent guesses are therefore limited exactly like sequential ones, and a
//! right guess beyond the limit is rejected like a wrong one.

use std::{net::IpAddr, sync::Arc};

use futures_util::future::try_join;
use ratchet_domain::{
    brute_force::{AttackProtection, Counter, Failures, Guessed},
    denial::Denial,
    error::Error,
    hash_kind::HashKinds,
    ids::{ClientId, ConnectionName},
    secret::Secret,
    suspicious_ip::Response,
    throttle::{Bucket, Origin},
    user::{LoginName, User},
};
use ratchet_keys::password::Verification;
use ratchet_store::{CommitError, LoginRecord, StoreError};
use ratchet_telemetry::event;

use super::{
    App, Limited, Moment,
    hashing::{compare, rehash},
};

/// A login attempt with a name and a password.
#[derive(Debug, Clone, Copy)]
pub struct PasswordLogin<'a> {
    /// The client at which the user logs in; named in the log.
    pub client_id: &'a ClientId,
    /// The database in which the user is looked up.
    pub connection: &'a ConnectionName,
    /// The name as the user typed it.
    pub username: &'a str,
    /// The password as the user typed it.
    pub password: &'a Secret,
    /// The user's address, if known.
    pub address: Option<IpAddr>,
}

impl App {
    /// The user with this name and password. Otherwise [`Denial::WrongPassword`], [`Denial::UserBlocked`],
    /// [`Denial::TooManyAttempts`], [`Denial::SuspiciousAddress`] or [`Denial::Throttled`]. Failures are logged here,
    /// the success by the caller. The login is counted if the tenant has scripts.
    pub async fn check_password(
        &self,
        login: PasswordLogin<'_>,
        at: Moment,
    ) -> Result<User, Error> {
        let name = LoginName::parse(login.username);
        self.throttle_login(&login, name.as_ref(), at).await?;
        let protection = self.attack_protection().await?;
        let checked = Checked {
            app: self,
            login,
            counter: protection.brute_force.counter(login.address),
            origin: protection.suspicious_ip.counted(login.address),
            protection,
            hashes: self.hash_kinds().await?,
            at,
        };
        match name {
            // Boxed: they are large, and every layer around them would move them once more.
            Some(name) => Box::pin(checked.decide(&name)).await,
            None => Box::pin(checked.refuse_impossible_name()).await,
        }
    }

    /// The kinds of password hashes of the tenant's users.
    async fn hash_kinds(&self) -> Result<HashKinds, Error> {
        let recorded = &self.settings().await?.password_hashes;
        Ok(recorded.clone().unwrap_or_else(HashKinds::unrecorded))
    }

    async fn throttle_login(
        &self,
        login: &PasswordLogin<'_>,
        name: Option<&LoginName>,
        at: Moment,
    ) -> Result<(), Error> {
        let from = Origin::of(login.address);
        let name = name.map_or("", LoginName::as_str);
        let limited = Limited {
            what: "login",
            by: format!("{from} {} {name}", login.connection),
        };
        let limit = self.settings().await?.login_rate_limit;
        self.throttle(limited, limit, at.now)?;
        Ok(())
    }
}

/// A login attempt that has passed the first rate limit.
struct Checked<'a> {
    app: &'a App,
    login: PasswordLogin<'a>,
    /// The counter of the user's failures, if they are counted.
    counter: Option<Counter>,
    /// The address, if failures of addresses are counted.
    origin: Option<Origin>,
    protection: Arc<AttackProtection>,
    hashes: HashKinds,
    at: Moment,
}

impl Checked<'_> {
    async fn decide(&self, name: &LoginName) -> Result<User, Error> {
        let attempt = self
            .app
            .store
            .load_login_attempt(
                self.login.connection,
                name,
                self.counter.as_ref(),
                self.origin,
            )
            .await?;
        let record = attempt.record;
        self.ensure_address_allowed(attempt.address)?;
        self.ensure_not_blocked(attempt.failures, record.as_ref())?;
        let hash = record.as_ref().and_then(|r| r.password_hash.clone());
        let compared = compare(hash, self.login.password, &self.hashes).await?;
        let shown = compared.shown;
        let decided = match record {
            Some(record) if shown != Verification::Mismatch => {
                self.on_match(record, &attempt.guessed, shown).await
            }
            record => {
                self.on_mismatch(record.as_ref(), Some(&attempt.guessed))
                    .await
            }
        };
        if decided.is_err() {
            compared.settle(self.login.password).await?;
        }
        decided
    }

    /// Rejects a name that no user can have; it counts as a failed login of the address.
    async fn refuse_impossible_name(&self) -> Result<User, Error> {
        let left = self.app.store.load_bucket(self.origin).await?;
        self.ensure_address_allowed(left)?;
        let compared = compare(None, self.login.password, &self.hashes).await?;
        let refused = self.on_mismatch(None, None).await;
        compared.settle(self.login.password).await?;
        refused
    }

    async fn on_match(
        &self,
        record: LoginRecord,
        guessed: &Guessed,
        shown: Verification,
    ) -> Result<User, Error> {
        let (store, user_id) = (&self.app.store, &record.user.user_id);
        let counts = store.load_counts(guessed, self.counter.as_ref(), self.origin);
        let (failures, left) = counts.await?;
        self.ensure_address_allowed(left)?;
        self.ensure_not_blocked(failures, Some(&record))?;
        if let Some(counter) = &self.counter
            && failures.failures > 0
        {
            store.reset_failures(guessed, counter, failures).await?;
        }
        record.user.active().inspect_err(|_| {
            let client_id = self.login.client_id;
            tracing::warn!(r#type = event::LOGIN_FAILED, %client_id, %user_id, reason = "user is blocked");
        })?;
        if shown == Verification::MatchOutdated {
            let hash = rehash(self.login.password).await?;
            store.commit_password_hash(&record, &hash).await?;
        }
        self.count(record.user).await
    }

    /// Counts the login before scripts run, as Auth0 does, so that they see its own number. Only scripts use the count:
    /// a tenant without scripts pays no write.
    async fn count(&self, user: User) -> Result<User, Error> {
        if !self.app.has_scripts().await? {
            return Ok(user);
        }
        let (store, address) = (&self.app.store, self.login.address);
        match store.count_login(&user.user_id, address, self.at.now).await {
            Ok(stats) => Ok(User { stats, ..user }),
            // The user has been removed meanwhile.
            Err(CommitError::Conflict) => Err(Denial::WrongPassword.into()),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    /// Stores the failure before the login is rejected.
    async fn on_mismatch(
        &self,
        record: Option<&LoginRecord>,
        guessed: Option<&Guessed>,
    ) -> Result<User, Error> {
        let client_id = self.login.client_id;
        match record {
            Some(record) => {
                let user_id = &record.user.user_id;
                tracing::warn!(r#type = event::WRONG_PASSWORD, %client_id, %user_id);
            }
            // The name is not logged: it may be a password typed into the wrong field.
            None => tracing::warn!(r#type = event::WRONG_USER_NAME, %client_id),
        }
        let (before, was_granted) = try_join(
            Box::pin(self.count_failure(guessed)),
            Box::pin(self.count_address()),
        )
        .await?;
        if !was_granted {
            self.refuse_address()?;
        }
        self.ensure_not_blocked(before, record)?;
        Err(Denial::WrongPassword.into())
    }

    /// Counts a failure against the user or the name, and returns the failures before it.
    async fn count_failure(&self, guessed: Option<&Guessed>) -> Result<Failures, StoreError> {
        let (Some(guessed), Some(counter)) = (guessed, &self.counter) else {
            return Ok(Failures::default());
        };
        let store = &self.app.store;
        let failures = store.add_failure(guessed, counter, self.at.now).await?;
        Ok(Failures {
            failures: failures.failures.saturating_sub(1),
            ..failures
        })
    }

    /// Counts a failure against the address; `false` if the address had none left.
    async fn count_address(&self) -> Result<bool, StoreError> {
        let limit = self.protection.suspicious_ip.pre_login;
        match self.origin {
            Some(origin) => {
                let store = &self.app.store;
                store.take_failure(origin, limit, self.at.now).await
            }
            None => Ok(true),
        }
    }

    /// Rejects a login from an address that has had too many failures.
    fn ensure_address_allowed(&self, left: Bucket) -> Result<(), Denial> {
        let limit = self.protection.suspicious_ip.pre_login;
        if self.origin.is_none() || left.take(limit, self.at.now).is_ok() {
            return Ok(());
        }
        self.refuse_address()
    }

    /// Logs that the address has had too many failures, and rejects the login if the tenant wants that.
    fn refuse_address(&self) -> Result<(), Denial> {
        tracing::warn!(
            r#type = event::ADDRESS_THROTTLED,
            client_id = %self.login.client_id,
            connection = %self.login.connection,
            ip = self.login.address.map(|address| address.to_string()),
        );
        match self.protection.suspicious_ip.response {
            Response::Block => Err(Denial::SuspiciousAddress),
            Response::Log | Response::Nothing => Ok(()),
        }
    }

    /// Rejects a login after too many failures.
    fn ensure_not_blocked(
        &self,
        failures: Failures,
        record: Option<&LoginRecord>,
    ) -> Result<(), Denial> {
        let now = self.at.now;
        if self.counter.is_none() || !self.protection.brute_force.limit_is_reached(failures, now) {
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
