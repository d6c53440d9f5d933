//! `families`: listing and revoking a user's refresh token families.

use clap::{Args, Subcommand};
use ratchet_domain::{
    family::{EndReason, Ended, Family},
    family_key::FamilyKey,
    ids::{ClientId, FamilyId, UserId},
    time::Timestamp,
};
use ratchet_store::Store;
use ratchet_system::{Clock, Deadline};
use serde::Serialize;

use super::{
    list::{ListOf, Row},
    whose::Whose,
};
use crate::{connection::Connection, failure::Failure};

#[derive(Debug, Subcommand)]
pub(crate) enum FamiliesCommand {
    /// List a user's families, the newest first.
    ///
    /// A family is everything that descends from one login with one application. Its generation
    /// counts how often its token was replaced.
    #[command(after_help = "\
Examples:
  admin families list ada@example.com
  admin families list 'auth0|5f7c8ec7c33c6c004bbafe82' --json

Status is `live`, or `expired` (idle or absolute lifetime is over) for a day. A family that has ended is not
listed: the functions' logs say when and why it did (`refresh_token_family_ended`). One that ended before the
stack was updated to this version is listed with the reason for 30 days.")]
    List(ListOf),

    /// End one family, or all live ones of a user.
    ///
    /// No refresh token of an ended family is honoured again; access tokens live on until they
    /// expire. The user can log in again at any time.
    #[command(after_help = "\
Examples:
  admin families revoke ada@example.com                              all of the user's
  admin families revoke ada@example.com --client demo-native         those of one application
  admin families revoke ada@example.com 0f8fad5bd9cb469fa16570867728950e")]
    Revoke(Revoke),
}

#[derive(Debug, Args)]
pub(crate) struct Revoke {
    #[command(flatten)]
    whose: Whose,

    /// The family, as `families list` shows it [default: all live ones].
    family: Option<String>,

    /// Only families of this application.
    #[arg(long, value_name = "CLIENT_ID", conflicts_with = "family")]
    client: Option<String>,
}

pub(crate) async fn run(command: FamiliesCommand, to: &Connection) -> Result<String, Failure> {
    let store = to.store().await?;
    let now = Clock::system().now();
    match command {
        FamiliesCommand::List(of) => list(&of, &store, now).await,
        FamiliesCommand::Revoke(revoke) => revoke.run(&store, now).await,
    }
}

async fn list(of: &ListOf, store: &Store, now: Timestamp) -> Result<String, Failure> {
    let user = of.whose.id(store).await?;
    let mut families = store.load_families(&user).await?;
    families.sort_by_key(|family| std::cmp::Reverse((family.created_at, family.id)));
    let rows: Vec<_> = families
        .iter()
        .map(|family| Shown::of(family, now))
        .collect();
    of.format.show(&rows, || format!("{user} has no families"))
}

impl Revoke {
    async fn run(&self, store: &Store, now: Timestamp) -> Result<String, Failure> {
        let user = self.whose.id(store).await?;
        let ended = Ended {
            at: now,
            reason: EndReason::Revoked,
        };
        let number = match &self.family {
            Some(family) => {
                let family = one_of(store, &user, family).await?;
                store.end_family(&FamilyKey::of(&family), &ended).await?;
                1
            }
            None => self.end_all(store, &user, &ended).await?,
        };
        let noun = if number == 1 { "family" } else { "families" };
        Ok(format!("revoked {number} {noun} of {user}\n"))
    }

    async fn end_all(&self, store: &Store, user: &UserId, ended: &Ended) -> Result<usize, Failure> {
        let client = self
            .client
            .as_deref()
            .map(ClientId::parse)
            .transpose()
            .map_err(|error| Failure::Usage(format!("--client {error}")))?;
        let number = store
            .end_families(user, client.as_ref(), ended, Deadline::NEVER, |_| true)
            .await?;
        // Families of an application that was deleted are still in the table.
        if let Some(id) = client
            && number == 0
            && store.load_client(&id).await?.is_none()
        {
            return Err(Failure::Refused(format!("there is no application {id}")));
        }
        Ok(number)
    }
}

async fn one_of(store: &Store, user: &UserId, id: &str) -> Result<Family, Failure> {
    let parsed = FamilyId::parse(id)
        .map_err(|_| Failure::Usage("a family's id has 32 hexadecimal digits".to_owned()))?;
    let families = store.load_families(user).await?;
    let family = families.into_iter().find(|family| family.id == parsed);
    family.ok_or_else(|| Failure::Refused(format!("{user} has no family {id}")))
}

/// A family in the list.
#[derive(Debug, Serialize)]
struct Shown {
    family_id: String,
    client_id: String,
    audience: Option<String>,
    scope: String,
    generation: u32,
    status: &'static str,
    created_at: String,
    last_exchanged_at: Option<String>,
    ended_at: Option<String>,
    idle_expires_at: Option<String>,
    expires_at: Option<String>,
}

impl Shown {
    fn of(family: &Family, now: Timestamp) -> Self {
        Self {
            family_id: family.id.to_string(),
            client_id: family.client_id.to_string(),
            audience: family.audience.as_ref().map(ToString::to_string),
            scope: family.scope.to_string(),
            generation: family.generation.number(),
            status: match family.ended {
                Some(ended) => ended.reason.as_str(),
                None if family.is_live(now) => "live",
                None => "expired",
            },
            created_at: family.created_at.to_rfc3339(),
            last_exchanged_at: family.rotated.map(|rotated| rotated.at.to_rfc3339()),
            ended_at: family.ended.map(|ended| ended.at.to_rfc3339()),
            idle_expires_at: family.idle_expires_at.map(Timestamp::to_rfc3339),
            expires_at: family.expires_at.map(Timestamp::to_rfc3339),
        }
    }
}

impl Row<8> for Shown {
    const TITLES: [&'static str; 8] = [
        "FAMILY",
        "CLIENT",
        "AUDIENCE",
        "GENERATION",
        "STATUS",
        "CREATED",
        "LAST EXCHANGED",
        "EXPIRES",
    ];

    fn cells(&self) -> [String; 8] {
        // RFC 3339 times in UTC sort as text.
        let ends = [&self.idle_expires_at, &self.expires_at]
            .into_iter()
            .flatten()
            .min();
        [
            self.family_id.clone(),
            self.client_id.clone(),
            self.audience.clone().unwrap_or_default(),
            self.generation.to_string(),
            self.status.to_owned(),
            self.created_at.clone(),
            self.last_exchanged_at.clone().unwrap_or_default(),
            ends.cloned().unwrap_or_else(|| "never".to_owned()),
        ]
    }
}
