//! `/oauth/ro` and `/oauth/access_token`: endpoints of the legacy pipeline that we do not offer. A client that
//! calls one is refused with the reason, in the words that [Auth0.Android] compares.
//!
//! [Auth0.Android]: https://github.com/auth0/Auth0.Android

use std::sync::Arc;

use shared::{
    app::App,
    domain::{client::Client, denial::Denial, ids::ClientId},
    http::{Request, params::Params},
};

use crate::response::Answered;

/// Refuses: a conformant client could not use it at Auth0 either.
pub(crate) async fn refuse(app: &App, request: &Request, path: &'static str) -> Answered {
    let caller = match identify(app, request).await {
        Ok(caller) => caller,
        Err(denial) => return denial.into(),
    };
    let denial = match &caller {
        Some(client) if client.is_conformant() => Denial::LegacyOnly(path),
        _ => Denial::EndpointDisabled(path),
    };
    Answered {
        caller,
        answer: Err(denial),
    }
}

/// The client that the request names, if it names one of the tenant's.
async fn identify(app: &App, request: &Request) -> Result<Option<Arc<Client>>, Denial> {
    let params = Params::of_body(request)?;
    match params.text("client_id")?.map(ClientId::parse) {
        Some(Ok(id)) => app.client(&id).await,
        _ => Ok(None),
    }
}
