//! Mobile apps of a client, which open https callbacks on Ratchet's domain (`mobile` of
//! [Auth0's client object]).
//!
//! [Auth0's client object]: https://auth0.com/docs/api/management/v2/clients/get-clients-by-id

use serde::{Deserialize, Serialize};

/// The apps of one client.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MobileApps {
    /// Android app that opens links of this domain; `None` for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub android: Option<AndroidApp>,
    /// iOS app that opens links of this domain; `None` for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ios: Option<IosApp>,
}

/// An Android app, and the certificates that sign it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AndroidApp {
    /// `app_package_name`
    pub package_name: String,
    /// SHA-256 of each certificate: 32 pairs of upper-case hexadecimal digits, separated by colons.
    pub sha256_cert_fingerprints: Vec<String>,
}

/// An iOS app, as Apple's `apple-app-site-association` names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IosApp {
    /// `team_id`
    pub team_id: String,
    /// `app_bundle_identifier`
    pub bundle_identifier: String,
}

impl MobileApps {
    /// True if the client has no app.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl IosApp {
    /// Apple's id of the app.
    pub fn app_id(&self) -> String {
        format!("{}.{}", self.team_id, self.bundle_identifier)
    }
}
