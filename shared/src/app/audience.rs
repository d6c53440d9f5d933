//! Which API a request means ([Auth0's audience]).
//!
//! [Auth0's audience]: https://auth0.com/docs/secure/tokens/access-tokens/get-access-tokens

use super::App;
use crate::domain::{denial::Denial, ids::Audience};

impl App {
    /// The API named, or the tenant's default. `<issuer>userinfo` names no API: it asks for the
    /// OIDC-conformant pipeline with a token for `/userinfo` alone.
    pub async fn requested_audience(
        &self,
        named: Option<&str>,
    ) -> Result<Option<Audience>, Denial> {
        match named {
            Some(name) if name == self.issuer.join("userinfo") => Ok(None),
            Some(name) => Audience::parse(name)
                .map(Some)
                .map_err(|_| Denial::UnknownAudience(name.to_owned())),
            None => Ok(self.settings().await?.default_audience.clone()),
        }
    }
}
