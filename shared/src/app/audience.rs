//! Which API a request asks for ([Auth0's default audience]).
//!
//! [Auth0's default audience]: https://auth0.com/docs/get-started/tenant-settings

use super::App;
use crate::domain::{denial::Denial, pipeline::AskedAudience};

impl App {
    /// What `audience` names, or the tenant's default.
    pub async fn requested_audience(&self, named: Option<&str>) -> Result<AskedAudience, Denial> {
        let settings = self.settings().await?;
        AskedAudience::parse(named, &self.issuer.join("userinfo"), &settings)
            .map_err(|_| Denial::UnknownAudience(named.unwrap_or_default().to_owned()))
    }
}
