//! The two kinds of errors: for the client, and for the user.

use std::borrow::Cow;

use shared::{
    domain::denial::Denial,
    http::error::{Endpoint, OAuthError, describe},
};

/// An error that the client receives, in the redirect back to it (RFC 6749 section 4.1.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// `error`
    pub(crate) error: &'static str,
    /// `error_description`; left out of the answer where it is empty.
    pub(crate) description: Cow<'static, str>,
}

impl Refusal {
    pub(crate) fn new(error: &'static str, description: impl Into<Cow<'static, str>>) -> Self {
        Self {
            error,
            description: describe(description),
        }
    }

    /// The user would have to log in first (`OpenID` Connect Core section 3.1.2.6).
    pub(crate) fn login_required() -> Self {
        Self::new("login_required", "Login required")
    }

    /// The user would have to agree first (`OpenID` Connect Core section 3.1.2.6).
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

/// The two sides of a failure at `/authorize`.
#[derive(Debug)]
pub(crate) enum AuthorizeError {
    /// The client receives it.
    ForClient(Refusal),
    /// The user is shown it on a page of ours. The client receives it all the same if we are the ones who failed and
    /// the client's redirect URI is known.
    ForUser(Denial),
}

impl AuthorizeError {
    /// Of a check of the client's request: errors in the request are the client's, all others are not.
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
