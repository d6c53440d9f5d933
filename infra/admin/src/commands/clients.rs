//! `clients`: deleting an application.

use clap::{Args, Subcommand};
use ratchet_domain::{ids::ClientId, mobile::MobileApps};

use crate::{connection::Connection, failure::Failure};

#[derive(Debug, Subcommand)]
pub(crate) enum ClientsCommand {
    /// Delete an application.
    ///
    /// Running functions refuse it within 75 seconds, or ten minutes while they cannot read the table: it gets no
    /// tokens, for users or for itself, and no user logs in to it. Its users' refresh tokens, grants and sessions stay in the table, where they are worth nothing
    /// without it; refresh tokens are worth something again if an application with the same id is imported later,
    /// so give a successor another one. Access tokens that are JWTs live on until they expire.
    #[command(after_help = "\
Example:
  admin clients delete demo-native")]
    Delete(Delete),
}

#[derive(Debug, Args)]
pub(crate) struct Delete {
    /// The application's `client_id`, as the tenant file has it.
    #[arg(value_name = "CLIENT_ID")]
    client_id: String,
}

pub(crate) async fn run(command: ClientsCommand, to: &Connection) -> Result<String, Failure> {
    match command {
        ClientsCommand::Delete(delete) => delete.run(to).await,
    }
}

impl Delete {
    async fn run(&self, to: &Connection) -> Result<String, Failure> {
        let id = ClientId::parse(self.client_id.as_str())
            .map_err(|error| Failure::Usage(format!("the client's id {error}")))?;
        let store = to.store().await?;
        if !store.delete_client(&id).await? {
            return Err(Failure::Refused(format!("there is no application {id}")));
        }
        store
            .put_mobile_apps(&[(id.clone(), MobileApps::default())])
            .await?;
        Ok(format!(
            "deleted {id}; running functions refuse it within 75 seconds\n"
        ))
    }
}
