//! `grants`: listing and deleting the consents of a user and the grants behind live refresh tokens.

use clap::{Args, Subcommand};
use ratchet_domain::{
    family::{EndReason, Ended},
    grant::{GrantKey, UserGrant, all_grants},
    ids::{Audience, ClientId, UserId},
    pipeline::AskedAudience,
    time::Timestamp,
};
use ratchet_store::Store;
use ratchet_system::{Clock, Deadline};
use serde::Serialize;

use super::{
    counted,
    list::{ListOf, Row},
    whose::Whose,
};
use crate::{connection::Connection, failure::Failure};

#[derive(Debug, Subcommand)]
pub(crate) enum GrantsCommand {
    /// List what a user has granted.
    ///
    /// A grant is to one application for one API: the scopes that the user agreed to on the consent page,
    /// or those of live refresh tokens for which no consent was requested.
    #[command(after_help = "\
Examples:
  admin grants list ada@example.com
  admin grants list 'auth0|5f7c8ec7c33c6c004bbafe82' --json")]
    List(ListOf),

    /// Delete a grant, or all of a user's, and end the refresh tokens that rest on it.
    ///
    /// The user is asked for consent again where consent is asked for. Codes and approvals of devices that
    /// rest on the consent are worth nothing, as are those without one if all grants are deleted; of one
    /// application for one API, codes are deleted, and approvals without a consent last up to 15 minutes.
    /// Access tokens that are JWTs live on until they expire. Sessions live on. Safe to repeat: an interrupted
    /// deletion is completed by the next.
    #[command(after_help = "\
Examples:
  admin grants delete ada@example.com                           all of the user's
  admin grants delete ada@example.com --client demo-native      those to one application
  admin grants delete ada@example.com --client demo-native --audience https://api.example.com")]
    Delete(Delete),
}

#[derive(Debug, Args)]
pub(crate) struct Delete {
    #[command(flatten)]
    whose: Whose,

    /// Only grants to this application.
    #[arg(long, value_name = "CLIENT_ID")]
    client: Option<String>,

    /// Only grants for this API; `userinfo` below the issuer for those without one.
    #[arg(long, value_name = "IDENTIFIER")]
    audience: Option<String>,
}

pub(crate) async fn run(command: GrantsCommand, to: &Connection) -> Result<String, Failure> {
    let store = to.store().await?;
    let now = Clock::system().now();
    match command {
        GrantsCommand::List(of) => list(&of, &store, now).await,
        GrantsCommand::Delete(delete) => delete.run(to, &store, now).await,
    }
}

async fn load(store: &Store, user: &UserId, now: Timestamp) -> Result<Vec<UserGrant>, Failure> {
    let stored = store.load_grants(user).await?;
    let families = store.load_families(user).await?;
    Ok(all_grants(stored, &families, now))
}

async fn list(of: &ListOf, store: &Store, now: Timestamp) -> Result<String, Failure> {
    let user = of.whose.id(store).await?;
    let grants = load(store, &user, now).await?;
    let rows: Vec<_> = grants.iter().map(Shown::of).collect();
    let none = || format!("{user} has granted nothing");
    of.format.show(&rows, none)
}

impl Delete {
    async fn run(&self, to: &Connection, store: &Store, now: Timestamp) -> Result<String, Failure> {
        let selection = self.selection(to)?;
        let user = self.whose.id(store).await?;
        let mut grants = load(store, &user, now).await?;
        grants.retain(|grant| selection.has(&grant.key));
        let ended = Ended {
            at: now,
            reason: EndReason::GrantRevoked,
        };
        let (mut codes, mut families) = (0, 0);
        if selection.is_everything() {
            families = store.end_grants(&user, &ended, Deadline::NEVER).await?;
        } else {
            if grants.is_empty() {
                selection.check(store).await?;
            }
            // An application without a live refresh token has no grant in the list, but may have a code that is not
            // redeemed yet.
            let has = |key: &GrantKey| selection.has(key);
            codes = store.delete_codes(&user, now, has).await?;
            for grant in &grants {
                families += store
                    .end_grant(&grant.key, None, &ended, Deadline::NEVER)
                    .await?;
            }
        }
        let codes = match codes {
            0 => String::new(),
            number => format!(" and {}", counted(number, "code", "codes")),
        };
        Ok(format!(
            "deleted {}{codes} of {user}, ended {}\n",
            counted(grants.len(), "grant", "grants"),
            counted(families, "family", "families"),
        ))
    }

    fn selection(&self, to: &Connection) -> Result<Selection, Failure> {
        let client = self.client.as_deref().map(ClientId::parse).transpose();
        let client = client.map_err(|error| Failure::Usage(format!("--client {error}")))?;
        let userinfo = to.issuer()?.map(|issuer| issuer.join("userinfo"));
        let audience = match self.audience.as_deref() {
            None => AskedAudience::Nothing,
            named if named == userinfo.as_deref() => AskedAudience::Userinfo,
            Some(named) => {
                let audience = Audience::parse(named).map(AskedAudience::Api);
                audience.map_err(|error| Failure::Usage(format!("--audience {error}")))?
            }
        };
        Ok(Selection { client, audience })
    }
}

/// The grants that `--client` and `--audience` select.
struct Selection {
    client: Option<ClientId>,
    audience: AskedAudience,
}

impl Selection {
    fn is_everything(&self) -> bool {
        self.client.is_none() && self.audience == AskedAudience::Nothing
    }

    fn has(&self, key: &GrantKey) -> bool {
        let is_of_client = |client: &ClientId| key.client_id == *client;
        self.client.as_ref().is_none_or(is_of_client)
            && match &self.audience {
                AskedAudience::Api(api) => key.audience.as_ref() == Some(api),
                AskedAudience::Userinfo => key.audience.is_none(),
                AskedAudience::Nothing => true,
            }
    }

    /// Rejects an application or an API that is not in the table. Grants to one that was deleted are still in the
    /// table, so this is for a selection without a grant.
    async fn check(&self, store: &Store) -> Result<(), Failure> {
        if let Some(id) = &self.client
            && store.load_client(id).await?.is_none()
        {
            return Err(Failure::Refused(format!("there is no application {id}")));
        }
        if let AskedAudience::Api(id) = &self.audience
            && store.load_resource_server(id).await?.is_none()
        {
            return Err(Failure::Refused(format!("there is no API {id}")));
        }
        Ok(())
    }
}

/// A grant in the list.
#[derive(Debug, Serialize)]
struct Shown {
    client_id: String,
    audience: Option<String>,
    scope: String,
}

impl Shown {
    fn of(grant: &UserGrant) -> Self {
        Self {
            client_id: grant.key.client_id.to_string(),
            audience: grant.key.audience.as_ref().map(ToString::to_string),
            scope: grant.scope.to_string(),
        }
    }
}

impl Row<3> for Shown {
    const TITLES: [&'static str; 3] = ["CLIENT", "AUDIENCE", "SCOPE"];

    fn cells(&self) -> [String; 3] {
        [
            self.client_id.clone(),
            self.audience.clone().unwrap_or_default(),
            self.scope.clone(),
        ]
    }
}
