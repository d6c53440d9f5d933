//! `/oauth/ro` and `/oauth/access_token`: endpoints of the legacy pipeline that we do not offer. We reject every call
//! with the reason, in the wording that [Auth0.Android] compares.
//!
//! [Auth0.Android]: https://github.com/auth0/Auth0.Android

use std::sync::Arc;

use ratchet_core::App;
use ratchet_domain::{client::Client, denial::Denial, error::Error, ids::ClientId};
use ratchet_protocol::{Request, params::Params};

use crate::response::Answered;

/// Rejects the request. Auth0 refuses these endpoints to conformant clients, too.
pub(crate) async fn refuse(app: &App, request: &Request, path: &'static str) -> Answered {
    let caller = match identify(app, request).await {
        Ok(caller) => caller,
        Err(error) => return error.into(),
    };
    let denial = match &caller {
        Some(client) if client.is_conformant() => Denial::LegacyOnly(path),
        _ => Denial::EndpointDisabled(path),
    };
    Answered {
        caller,
        answer: Err(denial.into()),
    }
}

/// The client that the request names; `None` if it names none or the tenant does not have it.
async fn identify(app: &App, request: &Request) -> Result<Option<Arc<Client>>, Error> {
    let params = Params::of_body(request)?;
    match params.text("client_id")?.map(ClientId::parse) {
        Some(Ok(id)) => app.client(&id).await,
        _ => Ok(None),
    }
}
