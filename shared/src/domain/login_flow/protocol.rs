//! `context.protocol`: by which way somebody logs in ([Auth0's context object]).
//!
//! [Auth0's context object]: https://auth0.com/docs/customize/rules/context-object

use serde::{Deserialize, Serialize};

/// The way of a login. What an Action reads in `event.transaction.protocol` is the same, but for
/// [`Self::Hybrid`], which Rules do not know apart from [`Self::Code`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Protocol {
    /// `/authorize` for a code.
    #[serde(rename = "oidc-basic-profile")]
    Code,
    /// `/authorize` for tokens.
    #[serde(rename = "oidc-implicit-profile")]
    Implicit,
    /// `/authorize` for both.
    #[serde(rename = "oidc-hybrid-profile")]
    Hybrid,
    /// A refresh token is exchanged.
    #[serde(rename = "oauth2-refresh-token")]
    RefreshToken,
    /// A name and a password are exchanged at `/oauth/token`.
    #[serde(rename = "oauth2-password")]
    Password,
    /// A device code is exchanged.
    #[serde(rename = "oauth2-device-code")]
    DeviceCode,
    /// `/delegation`
    #[serde(rename = "delegation")]
    Delegation,
    /// `/continue`: back from where a script sent the browser.
    #[serde(rename = "redirect-callback")]
    RedirectCallback,
}

impl Protocol {
    /// What a Rule reads.
    pub const fn in_rules(self) -> &'static str {
        match self {
            Self::Hybrid => Self::Code.as_str(),
            other => other.as_str(),
        }
    }

    /// What an Action reads.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "oidc-basic-profile",
            Self::Implicit => "oidc-implicit-profile",
            Self::Hybrid => "oidc-hybrid-profile",
            Self::RefreshToken => "oauth2-refresh-token",
            Self::Password => "oauth2-password",
            Self::DeviceCode => "oauth2-device-code",
            Self::Delegation => "delegation",
            Self::RedirectCallback => "redirect-callback",
        }
    }
}
