//! The name of a browser session for clients ([OpenID Connect Back-Channel Logout 1.0] section 2.1).
//!
//! [OpenID Connect Back-Channel Logout 1.0]: https://openid.net/specs/openid-connect-backchannel-1_0.html

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{ids::SessionId, sealed::Purpose};

/// The `sid` claim: the id of a session, sealed (`si1_…`). Items, tokens and sealed texts of earlier versions contain
/// the bare id instead.
///
/// The text has the right form; whether Ratchet sealed it is known once it is opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sid(String);

/// The text is not a `sid`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the id of a session")]
pub struct InvalidSid;

impl Sid {
    /// Validates a text as a `sid` of this or an earlier version.
    pub fn parse(text: impl Into<String>) -> Result<Self, InvalidSid> {
        let text = text.into();
        if is_sealed(&text) || SessionId::parse(&text).is_ok() {
            Ok(Self(text))
        } else {
            Err(InvalidSid)
        }
    }

    /// The `sid` as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The session of a bare id; `None` for a sealed one.
    pub fn bare(&self) -> Option<SessionId> {
        SessionId::parse(&self.0).ok()
    }
}

/// True for the prefix of a sealed id and base64url.
fn is_sealed(text: &str) -> bool {
    text.strip_prefix(Purpose::SessionId.prefix())
        .is_some_and(|sealed| {
            !sealed.is_empty()
                && sealed
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        })
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Sid {
    type Error = InvalidSid;

    fn try_from(text: String) -> Result<Self, InvalidSid> {
        Self::parse(text)
    }
}

impl From<Sid> for String {
    fn from(sid: Sid) -> Self {
        sid.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: &str = "09090909090909090909090909090909";
    const SEALED: &str = "si1_AAAAAQ-_z09";

    #[test]
    fn both_forms_are_read_and_written_unchanged() {
        for text in [BARE, SEALED] {
            let sid = Sid::parse(text).unwrap();
            assert_eq!((sid.as_str(), sid.to_string().as_str()), (text, text));
            let json = serde_json::to_value(&sid).unwrap();
            assert_eq!(json, text);
            assert_eq!(serde_json::from_value::<Sid>(json).unwrap(), sid);
        }
    }

    #[test]
    fn only_a_bare_id_names_its_session_by_itself() {
        let session = SessionId::from_bytes([9; 16]);
        assert_eq!(Sid::parse(BARE).unwrap().bare(), Some(session));
        assert_eq!(Sid::parse(SEALED).unwrap().bare(), None);
    }

    #[test]
    fn no_other_text_is_a_sid() {
        for text in [
            "", "s", "si1_", "si1_a b", "si1_a=", "ri1_AAAA", "0909", "si1_é",
        ] {
            assert_eq!(Sid::parse(text), Err(InvalidSid), "{text}");
            assert!(
                serde_json::from_value::<Sid>(text.into()).is_err(),
                "{text}"
            );
        }
    }
}
