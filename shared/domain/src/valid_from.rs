//! Validity of a user's sessions, codes and tokens: they can be ended all at once, without a list of those that their
//! holders have.
//!
//! The user's profile stores two [`Epoch`]s. Everything that is issued carries the epoch that its request read in the
//! profile, and is valid as long as the profile's is the same. Clocks are not compared: a request that read the profile
//! before a log-out and writes after it issues something that has already ended.

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// The time at which an epoch of a user begins, in milliseconds; an item is valid only in its own epoch. Each epoch
/// begins at least a millisecond after the one before, however the clocks differ, so that its beginning identifies it.
///
/// Items of versions without epochs have none and belong to the earliest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(Timestamp);

impl Epoch {
    /// The epoch that begins at this time.
    pub const fn at(begin: Timestamp) -> Self {
        Self(begin)
    }

    /// The epoch that ends this one.
    #[must_use]
    pub fn next(self, now: Timestamp) -> Self {
        let earliest = Timestamp::from_millis(self.0.as_millis().saturating_add(1));
        Self(now.max(earliest))
    }

    /// Beginning of the epoch.
    pub const fn begin(self) -> Timestamp {
        self.0
    }

    /// True for the epoch of items of versions without epochs.
    pub fn is_earliest(self) -> bool {
        self == Self::default()
    }

    /// True if a token that has only the time of its issue was issued before this epoch. `iat` is in whole seconds: a
    /// token of the same second counts as issued before.
    pub fn is_after(self, issued_at: Timestamp) -> bool {
        issued_at < self.0
    }
}

/// The epochs of a user's sessions and refresh tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ValidFrom {
    /// Epoch of sessions, and of items that are issued from one or for a password: codes, approvals of devices, login
    /// tickets, access tokens for `/userinfo`. Every [`Eviction`] changes it, except the deletion of all grants.
    #[serde(rename = "sessions_valid_from")]
    pub sessions: Epoch,
    /// Epoch of refresh token families, and of items that lead to one ([`IssuedIn`]).
    #[serde(rename = "refresh_tokens_valid_from")]
    pub refresh_tokens: Epoch,
}

/// Epochs in which a code, an approval of a device or an access token for `/userinfo` was issued. It ends with either
/// epoch, that of the user's sessions or that of the user's refresh tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedIn {
    /// Epoch of the session that it was issued in.
    #[serde(default, rename = "valid_from")]
    pub sessions: Epoch,
    /// Epoch of the user's refresh tokens at that time; `None` in items of versions that did not store it.
    #[serde(
        default,
        rename = "refresh_tokens_valid_from",
        skip_serializing_if = "Option::is_none"
    )]
    pub refresh_tokens: Option<Epoch>,
}

/// An event that ends a user's sessions, refresh tokens or both, and everything else that was issued for the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eviction {
    /// An operator logged the user out everywhere, or deleted the user.
    LoggedOut,
    /// All grants of the user were deleted. The sessions stay, as at Auth0; what was issued in them ends.
    GrantsDeleted,
    /// The password changed. Sessions end; the tenant decides about refresh tokens.
    PasswordChanged(RefreshTokensThen),
    /// The user was blocked. Refresh tokens are rejected until the user is unblocked, and work again then, as at Auth0.
    Blocked,
}

/// Effect of a password change on refresh tokens (`flags.revoke_refresh_tokens_on_password_change`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefreshTokensThen {
    /// They end, with the sessions.
    #[default]
    End,
    /// They stay valid, [as at Auth0].
    ///
    /// [as at Auth0]: https://community.auth0.com/t/150812
    Stay,
}

impl ValidFrom {
    /// The epochs of a new user. `deleted` is the epoch in which a user of the same id was deleted.
    ///
    /// Without one nothing can have been issued before, so the epoch begins with the present second: an access token of
    /// this second, whose `iat` has no fraction, is valid.
    pub fn created(now: Timestamp, deleted: Option<Epoch>) -> Self {
        let epoch = deleted.map_or_else(
            || Epoch::at(Timestamp::from_secs(now.as_secs())),
            |deleted| deleted.next(now),
        );
        Self {
            sessions: epoch,
            refresh_tokens: epoch,
        }
    }

    /// The epochs after an eviction.
    #[must_use]
    pub fn after(self, eviction: Eviction, now: Timestamp) -> Self {
        let sessions = match eviction {
            Eviction::GrantsDeleted => self.sessions,
            Eviction::LoggedOut | Eviction::PasswordChanged(_) | Eviction::Blocked => {
                self.sessions.next(now)
            }
        };
        let refresh_tokens = match eviction {
            Eviction::LoggedOut
            | Eviction::GrantsDeleted
            | Eviction::PasswordChanged(RefreshTokensThen::End) => self.refresh_tokens.next(now),
            Eviction::PasswordChanged(RefreshTokensThen::Stay) | Eviction::Blocked => {
                self.refresh_tokens
            }
        };
        Self {
            sessions,
            refresh_tokens,
        }
    }

    /// The epochs of an item that is issued now.
    pub const fn now(&self) -> IssuedIn {
        IssuedIn {
            sessions: self.sessions,
            refresh_tokens: Some(self.refresh_tokens),
        }
    }

    /// True if items that were issued in these epochs are still valid.
    pub fn honours(&self, issued_in: IssuedIn) -> bool {
        issued_in.sessions == self.sessions
            && issued_in
                .refresh_tokens
                .is_none_or(|epoch| epoch == self.refresh_tokens)
    }

    /// The epoch of the tombstone of a user who is deleted now: later than every epoch that an item can have.
    pub fn at_deletion(self, now: Timestamp) -> Epoch {
        let latest = self.sessions.0.max(self.refresh_tokens.0);
        Epoch(latest).next(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_500);

    fn both(millis: u64) -> ValidFrom {
        let epoch = Epoch::at(Timestamp::from_millis(millis));
        ValidFrom {
            sessions: epoch,
            refresh_tokens: epoch,
        }
    }

    #[test]
    fn an_epoch_is_later_than_the_one_before_also_by_a_clock_that_is_behind() {
        for before in [0, 1_000_499, 1_000_500, 1_000_501, u64::from(u32::MAX)] {
            let before = Epoch::at(Timestamp::from_millis(before));
            let next = before.next(NOW);
            assert!(next.begin() > before.begin() && next.begin() >= NOW);
        }
    }

    #[test]
    fn an_eviction_ends_sessions_or_refresh_tokens_or_both_and_always_what_was_issued() {
        let before = both(7);
        let issued = before.now();
        assert!(before.honours(issued));
        for (eviction, ends_sessions, ends_refresh_tokens) in [
            (Eviction::LoggedOut, true, true),
            (Eviction::GrantsDeleted, false, true),
            (
                Eviction::PasswordChanged(RefreshTokensThen::End),
                true,
                true,
            ),
            (
                Eviction::PasswordChanged(RefreshTokensThen::Stay),
                true,
                false,
            ),
            (Eviction::Blocked, true, false),
        ] {
            let after = before.after(eviction, NOW);
            let ended = after.sessions != before.sessions;
            assert_eq!(ended, ends_sessions, "{eviction:?}");
            let ended = after.refresh_tokens != before.refresh_tokens;
            assert_eq!(ended, ends_refresh_tokens, "{eviction:?}");
            assert!(!after.honours(issued), "{eviction:?}");
        }
    }

    #[test]
    fn tokens_with_a_single_epoch_end_with_the_sessions_only() {
        let stored: IssuedIn = serde_json::from_str(r#"{"valid_from":7}"#).unwrap();
        let before = both(7);
        assert!(before.after(Eviction::GrantsDeleted, NOW).honours(stored));
        assert!(!before.after(Eviction::Blocked, NOW).honours(stored));
    }

    #[test]
    fn a_recreated_user_shares_no_epoch_with_the_deleted_one() {
        let first = ValidFrom::created(NOW, None);
        assert_eq!(first, both(1_000_000));
        assert!(!first.sessions.is_after(Timestamp::from_secs(NOW.as_secs())));
        for now in [Timestamp::from_secs(0), NOW] {
            let evicted = first.after(Eviction::Blocked, NOW);
            let deleted = evicted.at_deletion(now);
            let second = ValidFrom::created(now, Some(deleted));
            for epoch in [first.sessions, evicted.sessions, evicted.refresh_tokens] {
                assert!(second.sessions.begin() > epoch.begin());
                assert!(second.refresh_tokens.begin() > epoch.begin());
            }
        }
    }

    #[test]
    fn a_token_of_the_second_of_an_eviction_was_issued_before() {
        let epoch = both(1_000_500).sessions;
        assert!(epoch.is_after(Timestamp::from_secs(1_000)));
        assert!(!epoch.is_after(Timestamp::from_secs(1_001)));
        assert!(!Epoch::default().is_after(Timestamp::from_secs(0)));
    }
}
