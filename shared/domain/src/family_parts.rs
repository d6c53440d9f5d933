//! The parts of a refresh token family, and the reasons for its end.

use std::fmt;

use super::{
    client::Rotation,
    ids::{
        Audience, ClientId, DeviceName, FamilyId, Generation, KeyId, RequestId, SessionId, UserId,
    },
    inconsistent::Inconsistent,
    scope::Scope,
    sender::Sender,
    throttle::Buckets,
    time::Timestamp,
    valid_from::Epoch,
};

/// The parts of a [`Family`](super::family::Family), as they are stored. They contain no token: the text of a
/// generation can be recreated from its number and the key that sealed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FamilyParts {
    /// Its id.
    pub id: FamilyId,
    /// The user of the tokens.
    pub user_id: UserId,
    /// The client that they were issued to, the only one that may use them.
    pub client_id: ClientId,
    /// The API of the access tokens; `None` if they are for `/userinfo` only.
    pub audience: Option<Audience>,
    /// The full original scope; a narrowed exchange does not narrow it.
    pub scope: Scope,
    /// The rotation of the live token, from the client's policy when it was issued.
    pub rotation: Rotation,
    /// The live generation.
    pub generation: Generation,
    /// The key that sealed the live token, so that its text stays the same after a key change.
    pub key_id: KeyId,
    /// The exchange that made the live generation; `None` while it is the first.
    pub rotated: Option<Rotated>,
    /// The epoch of its user's refresh tokens in which it began.
    pub valid_from: Epoch,
    /// Time of the login.
    pub created_at: Timestamp,
    /// End of the idle lifetime; `None` if there is none.
    pub idle_expires_at: Option<Timestamp>,
    /// End of the absolute lifetime; `None` if there is none.
    pub expires_at: Option<Timestamp>,
    /// The user's last authentication time.
    pub auth_time: Timestamp,
    /// True if the login's ID token contains `auth_time`: refreshed ID tokens contain it then, and only then.
    pub tells_auth_time: bool,
    /// The browser session of the login.
    pub session_id: Option<SessionId>,
    /// The device that the login named: only families of the legacy pipeline have one.
    pub device: Option<DeviceName>,
    /// Its rate limit buckets, by the origin of the requests.
    pub buckets: Buckets,
    /// The number of writes that a function has fenced off: writes of unknown outcome, which may not be applied after
    /// their clients have their answers.
    pub fence: u32,
    /// The end of the family. The items of earlier versions kept it; today an ended family is deleted.
    pub ended: Option<Ended>,
}

impl FamilyParts {
    /// Rejects what no version can have stored. A later generation may lack its exchange: a token of a generation that
    /// a restored table does not know makes it the live one. An end may lie before the beginning: a script may set it.
    pub(super) fn check(&self) -> Result<(), Inconsistent> {
        if self.rotated.is_some() && self.generation == Generation::FIRST {
            return Err(Inconsistent("its first generation has an exchange"));
        }
        Ok(())
    }
}

/// The exchange that made a generation the live one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotated {
    /// Time of the exchange: the leeway of the parent begins here.
    pub at: Timestamp,
    /// Id of the request, so that a write whose response was lost can be recognised as our own.
    pub by: RequestId,
    /// Its sender; `None` in a family that was stored before senders were.
    pub from: Option<Sender>,
}

/// The end of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Time of the end.
    pub at: Timestamp,
    /// Its reason.
    pub reason: EndReason,
}

/// The reason for the end of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// A client presented a superseded token.
    ReuseDetected,
    /// `POST /oauth/revoke`, an operator, or an eviction of its user.
    Revoked,
    /// A script of the tenant: `api.refreshToken.revoke`.
    RevokedByScript,
    /// The grant that it rested on was withdrawn.
    GrantRevoked,
    /// A client presented the authorization code of its login a second time.
    CodeReused,
    /// The user had more than [`MAX_LIVE_PER_USER_AND_CLIENT`](super::family::MAX_LIVE_PER_USER_AND_CLIENT) families.
    LimitExceeded,
    /// The client's rotation type changed, and another family took over.
    RotationChanged,
}

impl EndReason {
    const ALL: [Self; 7] = [
        Self::ReuseDetected,
        Self::Revoked,
        Self::RevokedByScript,
        Self::GrantRevoked,
        Self::CodeReused,
        Self::LimitExceeded,
        Self::RotationChanged,
    ];

    /// The name in the store and the logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReuseDetected => "reuse_detected",
            Self::Revoked => "revoked",
            Self::RevokedByScript => "revoked_by_script",
            Self::GrantRevoked => "grant_revoked",
            Self::CodeReused => "code_reused",
            Self::LimitExceeded => "limit_exceeded",
            Self::RotationChanged => "rotation_changed",
        }
    }

    /// Parses a name in the store.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
}

impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_read_as_they_are_written() {
        for reason in EndReason::ALL {
            assert_eq!(EndReason::parse(reason.as_str()), Some(reason));
        }
        assert_eq!(EndReason::parse("bored"), None);
    }
}
