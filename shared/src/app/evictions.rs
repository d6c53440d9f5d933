//! Putting a user's sessions and tokens out: the epoch in the profile makes them worthless at once, and what
//! lies in the store is ended before the caller hears of it, so that no refresh that read before is
//! committed after. Applications are notified of the sessions.

use futures_util::future::join_all;

use super::App;
use crate::{
    domain::{
        client::LogoutInitiator,
        denial::Denial,
        family::{EndReason, Ended, Family},
        ids::UserId,
        session::Session,
        time::Timestamp,
        user::User,
        valid_from::Epoch,
    },
    system::Deadline,
};

/// What an eviction ended.
#[derive(Debug, Default)]
pub struct Evicted {
    /// The sessions, as they were.
    pub sessions: Vec<Session>,
    /// How many families of refresh tokens.
    pub families: usize,
}

impl App {
    /// Ends everything that a user began: sessions, codes, approvals of devices, refresh tokens, access tokens
    /// for `/userinfo`. `None` if there is no such user.
    pub async fn log_out_everywhere(
        &self,
        user: &UserId,
        now: Timestamp,
        until: Deadline,
    ) -> Result<Option<Evicted>, Denial> {
        match self.store.log_out_everywhere(user, now).await? {
            Some(user) => self
                .end_what_is_over(&user, LogoutInitiator::SessionRevoked, now, until)
                .await
                .map(Some),
            None => Ok(None),
        }
    }

    /// Blocks a user. Sessions are over; refresh tokens are refused until the user is unblocked. `None` if
    /// there is no such user.
    ///
    /// The items of the sessions stay, so that a browser that comes with one is answered `user is blocked`.
    pub async fn block_user(
        &self,
        user: &UserId,
        now: Timestamp,
    ) -> Result<Option<Evicted>, Denial> {
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
    pub async fn unblock_user(&self, user: &UserId) -> Result<bool, Denial> {
        Ok(self.store.unblock_user(user).await?.is_some())
    }

    /// Deletes a user with all that the user began and agreed to. `None` if there is no such user.
    pub async fn delete_user(
        &self,
        user: &UserId,
        now: Timestamp,
        until: Deadline,
    ) -> Result<Option<Evicted>, Denial> {
        // A call that is repeated finishes what an earlier one left behind its removal of the user.
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

    /// Ends what does not count any more because the user's epochs have moved.
    pub async fn end_what_is_over(
        &self,
        user: &User,
        initiator: LogoutInitiator,
        now: Timestamp,
        until: Deadline,
    ) -> Result<Evicted, Denial> {
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
    ) -> Result<Evicted, Denial> {
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
