//! What the token endpoint is asked, before anything is believed.

use shared::{
    domain::denial::Denial,
    http::{Request, credentials::Credentials, params::Params},
};

/// A request to the token endpoint.
#[derive(Debug)]
pub(crate) struct TokenRequest {
    pub(crate) credentials: Credentials,
    pub(crate) grant_type: String,
    /// What the grant makes of them is its own business.
    pub(crate) params: Params,
}

impl TokenRequest {
    pub(crate) fn parse(request: &Request) -> Result<Self, Denial> {
        let params = Params::of_body(request)?;
        let grant_type = params.required("grant_type")?.to_owned();
        let credentials = Credentials::parse(request, &params)?;
        Ok(Self {
            credentials,
            grant_type,
            params,
        })
    }
}
