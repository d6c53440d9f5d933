//! `GET /v2/logout` ([Auth0's logout]): the browser's session ends, refresh tokens do not.
//!
//! [Auth0's logout]: https://auth0.com/docs/authenticate/login/logout/redirect-users-after-logout

use http::StatusCode;
use shared::{
    app::App,
    domain::{denial::Denial, ids::ClientId, redirect_uri},
    http::{Request, Response, params::Params, response},
    telemetry::event,
};

use crate::{browser, pages::SignedOutPage, screen::Screen};

/// Ends the session, and goes where the application and its registration agree on.
pub(crate) async fn handle(app: &App, request: &Request) -> Result<Response, Denial> {
    let params = Params::of_query(request)?;
    let client_id = params.text("client_id")?;
    let allowed = match client_id {
        Some(named) => {
            let unknown = || Denial::UnknownClient(named.to_owned());
            let id = ClientId::parse(named).map_err(|_| unknown())?;
            app.client(&id)
                .await?
                .ok_or_else(unknown)?
                .allowed_logout_urls
                .clone()
        }
        None => app.settings().await?.allowed_logout_urls.clone(),
    };
    let target = match params.text("returnTo")? {
        Some(url) if redirect_uri::is_allowed_logout_url(&allowed, url) => Some(url.to_owned()),
        Some(url) => return Err(Denial::ReturnToNotAllowed(url.to_owned())),
        None => allowed.into_iter().find(|url| !url.contains('*')),
    };
    let mut answer = match target {
        Some(url) => response::redirect(&url),
        None => {
            let screen = Screen::new(app, request).await;
            let html = SignedOutPage {
                branding: screen.branding(),
                nonce: &screen.nonce,
            };
            screen.page(StatusCode::OK, html.render(), None)
        }
    };
    let user_id = browser::end_session(app, request, &mut answer).await?;
    tracing::info!(
        r#type = event::LOGGED_OUT,
        user_id = user_id.map(|id| id.to_string()),
        client_id
    );
    Ok(answer)
}
