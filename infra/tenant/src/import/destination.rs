//! Destination of an import.

use ratchet_core::{App, StackKeys};
use ratchet_domain::{client::LogoutInitiator, error::Error, time::Timestamp, user::User};
use ratchet_store::Store;
use ratchet_system::{Clock, Deadline};

/// The table that an import writes to, with the keys, clock and evictions that it needs.
#[derive(Debug)]
pub struct Destination<'a, E> {
    /// The store of the table.
    pub store: &'a Store,
    /// The keys that digest and seal secrets.
    pub keys: StackKeys,
    /// Clock of the import.
    pub clock: &'a Clock,
    /// Ends the sessions of users whose password the import changes.
    pub evictions: &'a E,
}

/// Ends the sessions and refresh tokens that a password change has revoked.
pub trait Evictions: Sync {
    /// Ends those of one user, whose new password is already stored, and notifies the applications of the sessions.
    fn password_changed(
        &self,
        user: &User,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}

impl Evictions for App {
    async fn password_changed(&self, user: &User, now: Timestamp) -> Result<(), Error> {
        let initiator = LogoutInitiator::PasswordChanged;
        self.end_what_is_over(user, initiator, now, Deadline::NEVER)
            .await?;
        Ok(())
    }
}

impl<'a> Destination<'a, App> {
    /// Destination: the table of a running server.
    pub async fn of(app: &'a App) -> Self {
        let (keyring, active) = app.active_key().await;
        Self {
            store: &app.store,
            keys: StackKeys { keyring, active },
            clock: &app.clock,
            evictions: app,
        }
    }
}
