//! The API that a request asks for ([Auth0's default audience]).
//!
//! [Auth0's default audience]: https://auth0.com/docs/get-started/tenant-settings

use ratchet_domain::{
    denial::Denial, error::Error, pipeline::AskedAudience, settings::ResourceParameterProfile,
};
use ratchet_protocol::params::Params;

use super::App;

impl App {
    /// The audience that a request names, or the tenant's default.
    pub async fn requested_audience(&self, params: &Params) -> Result<AskedAudience, Error> {
        let named = self.named_audience(params).await?;
        let settings = self.settings().await?;
        AskedAudience::parse(named, &self.issuer.join("userinfo"), &settings)
            .map_err(|_| Denial::UnknownAudience(named.unwrap_or_default().to_owned()).into())
    }

    /// The audience that a request names: `audience`, or `resource` (RFC 8707) if the tenant accepts it
    /// ([`resource_parameter_profile`]). `resource` may be repeated, but a token is for one API.
    ///
    /// [`resource_parameter_profile`]: https://auth0.com/docs/api/management/v2/tenants/patch-settings
    pub async fn named_audience<'a>(&self, params: &'a Params) -> Result<Option<&'a str>, Error> {
        if let Some(audience) = params.text("audience")? {
            return Ok(Some(audience));
        }
        if params.first_text("resource").is_none() {
            return Ok(None);
        }
        let profile = self.settings().await?.resource_parameter_profile;
        if profile != ResourceParameterProfile::Compatibility {
            return Ok(None);
        }
        let resources = params.each("resource")?;
        match resources.split_first() {
            Some((first, others)) if others.iter().any(|other| other != first) => {
                Err(Denial::SeveralResources.into())
            }
            first => Ok(first.map(|(first, _)| *first)),
        }
    }
}
