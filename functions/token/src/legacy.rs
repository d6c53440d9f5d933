//! `/oauth/ro` and `/oauth/access_token`: endpoints of the legacy pipeline that we do not offer. Whoever
//! calls one is told why, in the words that [Auth0.Android] compares.
//!
//! [Auth0.Android]: https://github.com/auth0/Auth0.Android

use std::sync::Arc;

use shared::{
    app::App,
    domain::{client::Client, denial::Denial, ids::ClientId},
    http::{Request, Response, params::Params},
};

/// Refuses: a conformant client could not use it at Auth0 either.
pub(crate) async fn refuse(
    app: &App,
    request: &Request,
    path: &'static str,
    caller: &mut Option<Arc<Client>>,
) -> Result<Response, Denial> {
    let params = Params::of_body(request)?;
    if let Some(Ok(id)) = params.text("client_id")?.map(ClientId::parse) {
        *caller = app.client(&id).await?;
    }
    Err(match caller {
        Some(client) if client.is_conformant() => Denial::LegacyOnly(path),
        _ => Denial::EndpointDisabled(path),
    })
}
