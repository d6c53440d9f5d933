//! `context.protocol`: the protocol of a login ([Auth0's context object]).
//!
//! [Auth0's context object]: https://auth0.com/docs/customize/rules/context-object

use serde::{Deserialize, Serialize};

/// The protocol of a login. Actions read it in `event.transaction.protocol`, with two differences: Rules read
/// [`Self::Code`] for [`Self::Hybrid`], and Actions read the original protocol for [`Self::RedirectCallback`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Protocol {
    /// `/authorize` for a code.
    #[serde(rename = "oidc-basic-profile")]
    Code,
    /// `/authorize` for tokens.
    #[serde(rename = "oidc-implicit-profile")]
    Implicit,
    /// `/authorize` for a code and tokens.
    #[serde(rename = "oidc-hybrid-profile")]
    Hybrid,
    /// Exchange of a refresh token.
    #[serde(rename = "oauth2-refresh-token")]
    RefreshToken,
    /// Exchange of a user name and a password at `/oauth/token`.
    #[serde(rename = "oauth2-password")]
    Password,
    /// Exchange of a device code.
    #[serde(rename = "oauth2-device-code")]
    DeviceCode,
    /// `/delegation`
    #[serde(rename = "delegation")]
    Delegation,
    /// `/continue`: the browser returns from a redirect by a script.
    #[serde(rename = "redirect-callback")]
    RedirectCallback,
}

impl Protocol {
    /// The name for Rules.
    pub const fn in_rules(self) -> &'static str {
        match self {
            Self::Hybrid => Self::Code.as_str(),
            other => other.as_str(),
        }
    }

    /// The name for Actions.
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
