//! The user whose sessions, refresh tokens or grants a command is about.

use clap::Args;
use ratchet_domain::ids::UserId;
use ratchet_store::Store;

use super::{database, load_login};
use crate::failure::Failure;

#[derive(Debug, Args)]
pub(super) struct Whose {
    /// The user: an id (`auth0|...`), or the name or e-mail address that is typed at login.
    user: String,

    /// The database of a login name [default: the tenant's default directory].
    #[arg(long, value_name = "NAME")]
    connection: Option<String>,
}

impl Whose {
    /// The user's id. A given id need not exist: families outlive a deleted user.
    pub(super) async fn id(&self, store: &Store) -> Result<UserId, Failure> {
        if self.user.contains('|') {
            return UserId::parse(self.user.as_str())
                .map_err(|error| Failure::Usage(format!("the user's id {error}")));
        }
        let database = database(store, self.connection.as_deref()).await?;
        match load_login(store, &database, &self.user).await? {
            Some(record) => Ok(record.user.user_id),
            None => Err(Failure::Refused(format!(
                "{database} has no user with the login name {}",
                self.user
            ))),
        }
    }
}
