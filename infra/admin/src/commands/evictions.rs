//! `users log-out`, `block` and `delete`: ending a user's sessions and refresh tokens.

use clap::Args;
use ratchet_core::{App, Evicted};
use ratchet_domain::ids::UserId;
use ratchet_system::{Clock, Deadline};

use super::{counted, whose::Whose};
use crate::{connection::Connection, failure::Failure};

#[derive(Debug, Args)]
pub(crate) struct Of {
    #[command(flatten)]
    whose: Whose,
}

/// Effect on the user.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Eviction {
    LogOut,
    Block,
    Delete,
}

impl Of {
    pub(crate) async fn run(&self, what: Eviction, to: &Connection) -> Result<String, Failure> {
        let app = to.notifying_app().await?;
        let user = self.whose.id(&app.store).await?;
        let evicted = what.to(&app, &user).await?;
        let Some(Evicted { sessions, families }) = evicted else {
            return Err(Failure::Refused(format!("there is no user {user}")));
        };
        let sessions = counted(sessions.len(), "session", "sessions");
        Ok(match what {
            Eviction::LogOut => format!(
                "logged {user} out everywhere: ended {sessions} and {}\n",
                counted(families, "family", "families")
            ),
            Eviction::Block => format!(
                "blocked {user}: ended {sessions}; refresh tokens are refused until the user is unblocked\n"
            ),
            Eviction::Delete => format!(
                "deleted {user}: ended {sessions} and {}\n",
                counted(families, "family", "families")
            ),
        })
    }
}

impl Eviction {
    async fn to(self, app: &App, user: &UserId) -> Result<Option<Evicted>, Failure> {
        let now = Clock::system().now();
        Ok(match self {
            Self::LogOut => app.log_out_everywhere(user, now, Deadline::NEVER).await?,
            Self::Block => app.block_user(user, now).await?,
            Self::Delete => app.delete_user(user, now, Deadline::NEVER).await?,
        })
    }
}
