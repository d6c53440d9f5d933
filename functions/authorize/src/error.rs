//! The two recipients of an error: the client and the user.

use std::borrow::Cow;

use ratchet_domain::{denial::Denial, error::Error};
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

impl From<&Error> for Refusal {
    fn from(error: &Error) -> Self {
        let error = OAuthError::new(error, Endpoint::Browser);
        Self::new(error.error, error.description)
    }
}

impl From<Denial> for Refusal {
    fn from(denial: Denial) -> Self {
        Self::from(&Error::from(denial))
    }
}

/// A failure at `/authorize`, by its recipient.
#[derive(Debug)]
pub(crate) enum AuthorizeError {
    /// The client receives it.
    ForClient(Refusal),
    /// A page of ours shows it to the user. The client receives it instead if the failure is our own and the client's
    /// redirect URI is known.
    ForUser(Error),
}

impl AuthorizeError {
    /// The failure of a check: errors in the request are for the client, all others for the user.
    pub(crate) fn of_check(error: Error) -> Self {
        match error {
            Error::Denied(
                Denial::UnknownAudience(_)
                | Denial::InvalidParameter(_)
                | Denial::RepeatedParameter(_)
                | Denial::SeveralResources
                | Denial::Body(_)
                | Denial::UnknownRealm(_)
                | Denial::ConnectionNotEnabled(_)
                | Denial::IdTokenHint(_),
            ) => Self::ForClient(Refusal::from(&error)),
            error => Self::ForUser(error),
        }
    }
}

impl From<Refusal> for AuthorizeError {
    fn from(refusal: Refusal) -> Self {
        Self::ForClient(refusal)
    }
}

impl<E: Into<Error>> From<E> for AuthorizeError {
    fn from(error: E) -> Self {
        Self::ForUser(error.into())
    }
}
