//! The two kinds of errors: for the client and for the user.

use std::borrow::Cow;

use ratchet_domain::denial::Denial;
use ratchet_protocol::error::{Endpoint, OAuthError, describe};

/// An error that the client receives, in the redirect back to it (RFC 6749 section 4.1.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// `error`
    pub(crate) error: &'static str,
    /// `error_description`; omitted from the answer if empty.
    pub(crate) description: Cow<'static, str>,
}

impl Refusal {
    pub(crate) fn new(error: &'static str, description: impl Into<Cow<'static, str>>) -> Self {
        Self {
            error,
            description: describe(description),
        }
    }

    /// The error if the user would have to log in first (`OpenID` Connect Core section 3.1.2.6).
    pub(crate) fn login_required() -> Self {
        Self::new("login_required", "Login required")
    }

    /// The error if the user would have to consent first (`OpenID` Connect Core section 3.1.2.6).
    pub(crate) fn consent_required() -> Self {
        Self::new("consent_required", "Consent required")
    }
}

impl From<&Denial> for Refusal {
    fn from(denial: &Denial) -> Self {
        let error = OAuthError::new(denial, Endpoint::Browser);
        Self::new(error.error, error.description)
    }
}

impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Self {
        Self::from(&denial)
    }
}

/// A failure at `/authorize`, by its recipient.
#[derive(Debug)]
pub(crate) enum AuthorizeError {
    /// The client receives it.
    ForClient(Refusal),
    /// A page of ours shows it to the user. The client receives it instead if the failure is our own and the client's
    /// redirect URI is known.
    ForUser(Denial),
}

impl AuthorizeError {
    /// The failure of a check: errors in the request are for the client, all others for the user.
    pub(crate) fn of_check(denial: Denial) -> Self {
        match denial {
            Denial::UnknownAudience(_)
            | Denial::InvalidParameter(_)
            | Denial::RepeatedParameter(_)
            | Denial::SeveralResources
            | Denial::Body(_)
            | Denial::UnknownRealm(_)
            | Denial::ConnectionNotEnabled(_)
            | Denial::IdTokenHint(_) => Self::ForClient(denial.into()),
            denial => Self::ForUser(denial),
        }
    }
}

impl From<Refusal> for AuthorizeError {
    fn from(refusal: Refusal) -> Self {
        Self::ForClient(refusal)
    }
}

impl From<Denial> for AuthorizeError {
    fn from(denial: Denial) -> Self {
        Self::ForUser(denial)
    }
}
