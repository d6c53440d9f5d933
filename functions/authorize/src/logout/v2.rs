//! `GET /v2/logout` ([Auth0's logout]): ends the browser's session, but no refresh tokens. `federated` would also end
//! the session at an identity provider; our users log in here, without one.
//!
//! [Auth0's logout]: https://auth0.com/docs/authenticate/login/logout/redirect-users-after-logout

use http::StatusCode;
use ratchet_domain::{error::Error, logout};
use ratchet_protocol::{Response, params::Params, response};

use super::end::{self, Logout};
use crate::visit::Visit;

/// Ends the session and redirects to a URL that the client or the tenant has registered.
pub(crate) async fn handle(visit: &Visit<'_>) -> Result<Response, Error> {
    end::or_log(log_out(visit).await)
}

async fn log_out(visit: &Visit<'_>) -> Result<Response, Error> {
    let params = Params::of_query(visit.request)?;
    let return_to = params.text("returnTo")?;
    let client_id = params.text("client_id")?;
    let target = match client_id {
        Some(named) => {
            let client = visit.named_client(named).await?;
            logout::return_to(&client.allowed_logout_urls, return_to)?
        }
        None => logout::return_to(&visit.app.settings().await?.allowed_logout_urls, return_to)?,
    };
    let answer = match target {
        Some(url) => response::redirect(&url),
        None => response::text(StatusCode::OK, "OK"),
    };
    let logout = Logout {
        client_id,
        session_id: None,
    };
    end::end(visit, &logout, answer).await
}
