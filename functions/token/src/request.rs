//! A request to the token endpoint, before its client is authenticated.

use ratchet_core::{App, Caller};
use ratchet_domain::error::Error;
use ratchet_protocol::{Request, credentials::Credentials, params::Params};

/// Maximum number of decisions per request; after that the client has to retry. Lost races are rare, and the second
/// decision already sees the winner.
pub(crate) const ATTEMPTS: usize = 3;

/// A request to the token endpoint.
#[derive(Debug)]
pub(crate) struct TokenRequest {
    pub(crate) caller: Caller,
    pub(crate) grant_type: String,
    /// All parameters of the body; each grant type reads its own.
    pub(crate) params: Params,
}

impl TokenRequest {
    /// Reads a request and looks up the client that it names.
    pub(crate) async fn read(app: &App, request: &Request) -> Result<Self, Error> {
        let params = Params::of_body(request)?;
        let grant_type = params.required("grant_type")?.to_owned();
        let credentials = Credentials::parse(request, &params)?;
        Ok(Self {
            caller: app.identify(credentials).await?,
            grant_type,
            params,
        })
    }
}
