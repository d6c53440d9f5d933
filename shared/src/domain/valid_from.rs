//! Since when what a user began counts: how sessions, codes and tokens that are out with their holders are
//! remembered without a list of them.
//!
//! The user's profile holds two [`Epoch`]s. All that begins carries the one that it saw on the profile, and
//! counts for as long as the profile's is still the same. Clocks are compared nowhere: a request that read
//! the profile before a log-out and writes after it begins something that is over already.

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// The instant from which on something counts, in milliseconds. Each is later than the one before it, by at
/// least a millisecond and however the clocks differ, so that it names what it began.
///
/// Items from before there were epochs carry none; that is the earliest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(Timestamp);

impl Epoch {
    /// The epoch that begins at a time.
    pub const fn at(begin: Timestamp) -> Self {
        Self(begin)
    }

    /// The epoch that ends this one.
    #[must_use]
    pub fn next(self, now: Timestamp) -> Self {
        let earliest = Timestamp::from_millis(self.0.as_millis().saturating_add(1));
        Self(now.max(earliest))
    }

    /// When it begins.
    pub const fn begin(self) -> Timestamp {
        self.0
    }

    /// Whether this is the epoch of items from before there were any.
    pub fn is_earliest(self) -> bool {
        self == Self::default()
    }

    /// Whether a token that carries nothing but the time of its issue was issued before. `iat` has whole
    /// seconds: a token of the very second counts as issued before.
    pub fn is_after(self, issued_at: Timestamp) -> bool {
        issued_at < self.0
    }
}

/// Since when sessions and refresh tokens of a user count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ValidFrom {
    /// Of sessions, and of what comes straight from one or from a password: codes, approvals of devices,
    /// login tickets, access tokens for `/userinfo`. Every [`Eviction`] but the deletion of all grants moves it.
    #[serde(rename = "sessions_valid_from")]
    pub sessions: Epoch,
    /// Of families of refresh tokens, and of what is on the way to one ([`IssuedIn`]).
    #[serde(rename = "refresh_tokens_valid_from")]
    pub refresh_tokens: Epoch,
}

/// The epochs that a code, an approval of a device or an access token for `/userinfo` was issued in. It ends with
/// either: with the user's sessions, and with the user's refresh tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedIn {
    /// That of the session that it was issued in.
    #[serde(default, rename = "valid_from")]
    pub sessions: Epoch,
    /// That of the user's refresh tokens at that time; `None` in what versions issued that did not store it.
    #[serde(
        default,
        rename = "refresh_tokens_valid_from",
        skip_serializing_if = "Option::is_none"
    )]
    pub refresh_tokens: Option<Epoch>,
}

/// What ends all that a user began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eviction {
    /// An operator logged the user out everywhere, or deleted the user.
    LoggedOut,
    /// All grants of the user were deleted. The sessions live on, as at Auth0; what was issued in them does not.
    GrantsDeleted,
    /// The password changed.
    PasswordChanged(RefreshTokensThen),
    /// The user was blocked: refresh tokens are refused until the user is unblocked, and work again then
    /// (as at Auth0).
    Blocked,
}

/// What a changed password does to refresh tokens (`flags.revoke_refresh_tokens_on_password_change`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefreshTokensThen {
    /// They are over.
    #[default]
    End,
    /// They live on, [as at Auth0].
    ///
    /// [as at Auth0]: https://community.auth0.com/t/150812
    Stay,
}

impl ValidFrom {
    /// Of a user who is created. `deleted` is the epoch in which a user of the same id was deleted.
    ///
    /// Without one nothing can have been issued before, so the epoch begins with the second: an access token
    /// of this second, which names no part of it, counts.
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

    /// After an eviction.
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

    /// The epochs that something issued now carries.
    pub const fn now(&self) -> IssuedIn {
        IssuedIn {
            sessions: self.sessions,
            refresh_tokens: Some(self.refresh_tokens),
        }
    }

    /// Whether what was issued in these epochs still counts.
    pub fn honours(&self, issued_in: IssuedIn) -> bool {
        issued_in.sessions == self.sessions
            && issued_in
                .refresh_tokens
                .is_none_or(|epoch| epoch == self.refresh_tokens)
    }

    /// The epoch of the tombstone of a user who is deleted now: later than all that anything can carry.
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
    fn what_was_issued_before_it_carried_both_epochs_ends_with_the_sessions_alone() {
        let stored: IssuedIn = serde_json::from_str(r#"{"valid_from":7}"#).unwrap();
        let before = both(7);
        assert!(before.after(Eviction::GrantsDeleted, NOW).honours(stored));
        assert!(!before.after(Eviction::Blocked, NOW).honours(stored));
    }

    #[test]
    fn a_user_who_is_created_again_shares_no_epoch_with_the_one_before() {
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
