//! Evictions of users. A new epoch in the profile invalidates a user's sessions and tokens at once. The stored items
//! are ended before the caller gets its response, so that a refresh that read them earlier cannot commit later.
//! Applications are notified of ended sessions.

use futures_util::future::join_all;
use ratchet_domain::{
    client::LogoutInitiator,
    error::Error,
    family::{EndReason, Ended, Family},
    ids::UserId,
    session::Session,
    time::Timestamp,
    user::User,
    valid_from::Epoch,
};
use ratchet_system::Deadline;

use super::App;

/// Result of an eviction.
#[derive(Debug, Default)]
pub struct Evicted {
    /// The ended sessions, as they were before.
    pub sessions: Vec<Session>,
    /// Number of ended refresh token families.
    pub families: usize,
}

impl App {
    /// Ends everything that a user began: sessions, codes, device approvals, refresh tokens, access tokens for
    /// `/userinfo`. `None` if there is no such user.
    pub async fn log_out_everywhere(
        &self,
        user: &UserId,
        now: Timestamp,
        until: Deadline,
    ) -> Result<Option<Evicted>, Error> {
        match self.store.log_out_everywhere(user, now).await? {
            Some(user) => self
                .end_what_is_over(&user, LogoutInitiator::SessionRevoked, now, until)
                .await
                .map(Some),
            None => Ok(None),
        }
    }

    /// Blocks a user. Sessions end; refresh tokens are rejected until the user is unblocked. `None` if there is no such
    /// user.
    ///
    /// The items of the sessions stay, so that a browser that presents one gets the error `user is blocked`.
    pub async fn block_user(
        &self,
        user: &UserId,
        now: Timestamp,
    ) -> Result<Option<Evicted>, Error> {
        let Some(before) = self.store.load_user(user).await? else {
            return Ok(None);
        };
        let mut sessions = self.store.load_sessions(user).await?;
        sessions.retain(|session| session.counts(&before.user, now));
        if self.store.block_user(user, now).await?.is_none() {
            return Ok(None);
        }
        let initiator = LogoutInitiator::AccountDeactivated;
        self.notify(&sessions, initiator, now).await;
        let families = 0;
        Ok(Some(Evicted { sessions, families }))
    }

    /// Unblocks a user; `false` if there is no such user.
    pub async fn unblock_user(&self, user: &UserId) -> Result<bool, Error> {
        Ok(self.store.unblock_user(user).await?.is_some())
    }

    /// Deletes a user with all sessions, tokens and consents. `None` if there is no such user.
    pub async fn delete_user(
        &self,
        user: &UserId,
        now: Timestamp,
        until: Deadline,
    ) -> Result<Option<Evicted>, Error> {
        // A repeated call finishes what an earlier one left over after it had removed the user.
        let removed = self.store.delete_user(user, now).await?;
        let evicted = self
            .end(
                user,
                [None, None],
                LogoutInitiator::AccountDeleted,
                now,
                until,
            )
            .await?;
        self.store.end_consents(user).await?;
        Ok(removed.map(|_| evicted))
    }

    /// Ends the sessions and families that an eviction has invalidated.
    pub async fn end_what_is_over(
        &self,
        user: &User,
        initiator: LogoutInitiator,
        now: Timestamp,
        until: Deadline,
    ) -> Result<Evicted, Error> {
        let valid_from = user.valid_from;
        let counting = [Some(valid_from.sessions), Some(valid_from.refresh_tokens)];
        self.end(&user.user_id, counting, initiator, now, until)
            .await
    }

    async fn end(
        &self,
        user: &UserId,
        [sessions, families]: [Option<Epoch>; 2],
        initiator: LogoutInitiator,
        now: Timestamp,
        until: Deadline,
    ) -> Result<Evicted, Error> {
        let ended = Ended {
            at: now,
            reason: EndReason::Revoked,
        };
        let over = |family: &Family| families != Some(family.valid_from);
        let store = &self.store;
        let families = store.end_families(user, None, &ended, until, over).await?;
        let sessions = self.store.end_sessions(user, sessions, now).await?;
        self.notify(&sessions, initiator, now).await;
        Ok(Evicted { sessions, families })
    }

    async fn notify(&self, ended: &[Session], initiator: LogoutInitiator, now: Timestamp) {
        let live = ended.iter().filter(|session| session.is_live(now));
        join_all(live.map(|session| self.notify_of_end(session, initiator, now))).await;
    }
}
