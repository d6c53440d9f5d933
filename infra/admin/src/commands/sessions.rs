//! `sessions`: listing and ending a user's sessions.

use clap::{Args, Subcommand};
use ratchet_core::App;
use ratchet_domain::{
    client::LogoutInitiator,
    ids::{SessionId, UserId},
    session::Session,
    time::Timestamp,
};
use ratchet_system::Clock;
use serde::Serialize;

use super::{
    counted,
    list::{ListOf, Row},
    whose::Whose,
};
use crate::{connection::Connection, failure::Failure};

#[derive(Debug, Subcommand)]
pub(crate) enum SessionsCommand {
    /// List the browser sessions of a user.
    ///
    /// The id is the `sid` of ID tokens and logout tokens.
    #[command(after_help = "\
Examples:
  admin sessions list ada@example.com
  admin sessions list 'auth0|5f7c8ec7c33c6c004bbafe82' --json")]
    List(ListOf),

    /// End one browser session, or all of a user's.
    ///
    /// Applications that asked for it are sent a logout token. Refresh tokens live on, as at Auth0: `users
    /// log-out` ends these, too. Needs the issuer and the keys, which sign the logout tokens.
    #[command(after_help = "\
Examples:
  admin sessions revoke ada@example.com                all of the user's
  admin sessions revoke ada@example.com si1_AAAAAQ...  one of them")]
    Revoke(Revoke),
}

#[derive(Debug, Args)]
pub(crate) struct Revoke {
    #[command(flatten)]
    whose: Whose,

    /// The session, as `sessions list` shows it [default: all of them].
    session: Option<String>,
}

pub(crate) async fn run(command: SessionsCommand, to: &Connection) -> Result<String, Failure> {
    let now = Clock::system().now();
    match command {
        SessionsCommand::List(of) => list(&of, to, now).await,
        SessionsCommand::Revoke(revoke) => revoke.run(to, now).await,
    }
}

async fn list(of: &ListOf, to: &Connection, now: Timestamp) -> Result<String, Failure> {
    let store = to.store().await?;
    let id = of.whose.id(&store).await?;
    let user = store.load_user(&id).await?.map(|record| record.user);
    let mut sessions = store.load_sessions_by_id(&id).await?;
    sessions.retain(|(_, session)| {
        let user = user.as_ref();
        user.is_some_and(|user| session.counts(user, now))
    });
    sessions.sort_by_key(|(_, session)| std::cmp::Reverse(session.created_at));
    let rows: Vec<_> = sessions
        .iter()
        .map(|(_, session)| Shown::of(session))
        .collect();
    let none = || format!("{id} is logged in nowhere");
    of.format.show(&rows, none)
}

impl Revoke {
    async fn run(&self, to: &Connection, now: Timestamp) -> Result<String, Failure> {
        let app = to.notifying_app().await?;
        let user = self.whose.id(&app.store).await?;
        let sessions = app.store.load_sessions_by_id(&user).await?;
        let mut ended = 0;
        match &self.session {
            None => {
                for (id, _) in sessions {
                    ended += usize::from(end(&app, &user, id, now).await?);
                }
            }
            Some(named) => {
                let of_name = |(id, session): &(SessionId, Session)| {
                    session.session_id.as_str() == *named || id.to_string() == *named
                };
                let found = sessions.into_iter().find(of_name);
                let (id, _) =
                    found.ok_or_else(|| Failure::Refused(format!("{user} has no such session")))?;
                ended += usize::from(end(&app, &user, id, now).await?);
            }
        }
        let sessions = counted(ended, "session", "sessions");
        Ok(format!("ended {sessions} of {user}\n"))
    }
}

/// Ends a session and notifies its applications; `false` if it had ended already.
async fn end(app: &App, user: &UserId, id: SessionId, now: Timestamp) -> Result<bool, Failure> {
    let ended = app.store.end_session(user, id, now).await?;
    let Some(ended) = ended.filter(|session| session.is_live(now)) else {
        return Ok(false);
    };
    app.notify_of_end(&ended, LogoutInitiator::SessionRevoked, now)
        .await;
    Ok(true)
}

/// A session in the list.
#[derive(Debug, Serialize)]
struct Shown {
    session_id: String,
    created_at: String,
    authenticated_at: String,
    idle_expires_at: String,
    expires_at: String,
    clients: Vec<String>,
}

impl Shown {
    fn of(session: &Session) -> Self {
        Self {
            session_id: session.session_id.to_string(),
            created_at: session.created_at.to_rfc3339(),
            authenticated_at: session.authenticated_at.to_rfc3339(),
            idle_expires_at: session.idle_expires_at.to_rfc3339(),
            expires_at: session.expires_at.to_rfc3339(),
            clients: session.clients.iter().map(ToString::to_string).collect(),
        }
    }
}

impl Row<5> for Shown {
    const TITLES: [&'static str; 5] = ["SESSION", "CREATED", "AUTHENTICATED", "EXPIRES", "CLIENTS"];

    fn cells(&self) -> [String; 5] {
        // RFC 3339 times in UTC sort as text.
        let ends = [&self.idle_expires_at, &self.expires_at];
        [
            self.session_id.clone(),
            self.created_at.clone(),
            self.authenticated_at.clone(),
            ends.into_iter().min().cloned().unwrap_or_default(),
            self.clients.join(" "),
        ]
    }
}
