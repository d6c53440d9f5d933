//! Which API a request asks for ([Auth0's default audience]).
//!
//! [Auth0's default audience]: https://auth0.com/docs/get-started/tenant-settings

use super::App;
use crate::{
    domain::{denial::Denial, pipeline::AskedAudience, settings::ResourceParameterProfile},
    http::params::Params,
};

impl App {
    /// What a request names, or the tenant's default.
    pub async fn requested_audience(&self, params: &Params) -> Result<AskedAudience, Denial> {
        let named = self.named_audience(params).await?;
        let settings = self.settings().await?;
        AskedAudience::parse(named, &self.issuer.join("userinfo"), &settings)
            .map_err(|_| Denial::UnknownAudience(named.unwrap_or_default().to_owned()))
    }

    /// What a request names: `audience`, or `resource` (RFC 8707) where the tenant takes that as well
    /// ([`resource_parameter_profile`]).
    ///
    /// [`resource_parameter_profile`]: https://auth0.com/docs/api/management/v2/tenants/patch-settings
    pub async fn named_audience<'a>(&self, params: &'a Params) -> Result<Option<&'a str>, Denial> {
        match (params.text("audience")?, params.text("resource")?) {
            (Some(audience), _) => Ok(Some(audience)),
            (None, Some(resource)) => {
                let profile = self.settings().await?.resource_parameter_profile;
                Ok((profile == ResourceParameterProfile::Compatibility).then_some(resource))
            }
            (None, None) => Ok(None),
        }
    }
}
