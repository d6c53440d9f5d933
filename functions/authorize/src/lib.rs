//! The endpoints for browsers: `/authorize` (RFC 6749 section 4.1.1, `OpenID` Connect Core section 3.1.2),
//! `/continue`, the login and consent pages, the logins of pages that are not ours, `/activate`, `/v2/logout`,
//! `/oidc/logout`, and `/userinfo`.

mod app_callback;
mod device;
mod driver;
mod embedded;
mod error;
mod flow;
mod logout;
mod pages;
mod prompts;
mod session;
mod userinfo;
mod visit;

use ::http::{Method, StatusCode};
use ratchet_core::{App, in_time};
use ratchet_domain::{denial::Denial, error::Error};
use ratchet_protocol::{Request, Response, cors, error::OAuthError, methods};

use embedded::{classic, cross_origin};
use flow::stale;
use pages::screen::Screen;
use prompts::{confirmation, consent, login};
use visit::Visit;

/// Handles a request. Failures become error responses. The redirect after a `POST` is a 303, so that the browser
/// continues with a `GET` and does not send the form again (RFC 9700 section 4.12).
pub async fn handle(app: &App, request: &Request) -> Response {
    let mut response = answer(&Visit::new(app, request)).await;
    if request.method() == Method::POST && response.status() == StatusCode::FOUND {
        *response.status_mut() = StatusCode::SEE_OTHER;
    }
    response
}

async fn answer(visit: &Visit<'_>) -> Response {
    let path = visit.request.uri().path();
    match path {
        "/userinfo" => {
            return match cors::preflight(visit.request) {
                Some(preflight) => preflight,
                None => userinfo::handle(visit).await,
            };
        }
        "/co/authenticate" => return cross_origin::handle(visit).await,
        "/usernamepassword/login" | "/usernamepassword/challenge" | "/user/ssodata" => {
            return classic::handle(visit).await;
        }
        _ => {}
    }
    // Boxed: the future is large, and `in_time` would move it once more.
    let page = in_time(visit.request, Box::pin(page(visit, path))).await;
    match page.unwrap_or_else(|failure| Err(failure.into())) {
        Ok(response) => response,
        Err(error @ Error::Denied(Denial::NotFound | Denial::MethodNotAllowed(_)))
            if !ratchet_protocol::accepts_html(visit.request) =>
        {
            ratchet_telemetry::refused(&error);
            OAuthError::from(&error).into_response()
        }
        Err(Error::Denied(Denial::StaleTransaction)) if stale::is_page_of_login(path) => {
            stale::answer(visit).await
        }
        Err(error) => Screen::new(visit).await.error(&error),
    }
}

/// Handles a request for a page.
async fn page(visit: &Visit<'_>, path: &str) -> Result<Response, Error> {
    let method = visit.request.method();
    match (method, path) {
        (&Method::GET | &Method::POST, "/authorize") => driver::authorize(visit).await,
        (&Method::GET, "/authorize/resume") => driver::resume(visit).await,
        (&Method::GET | &Method::POST, "/continue") => driver::continue_after_script(visit).await,
        (&Method::GET, "/v2/logout") => logout::v2::handle(visit).await,
        (&Method::GET | &Method::POST, "/oidc/logout") => logout::oidc::handle(visit).await,
        (&Method::POST, "/oidc/logout/confirm") => logout::oidc::confirm(visit).await,
        (&Method::POST, "/login/callback") => classic::callback(visit).await,
        (&Method::GET, "/login") => stale::classic_page(visit).await,
        (&Method::GET, path) if app_callback::is_app_callback(path) => {
            Ok(app_callback::show(visit).await)
        }
        _ => question(visit, path).await,
    }
}

/// Handles a request for a page that asks the user. The driver answers its outcome.
async fn question(visit: &Visit<'_>, path: &str) -> Result<Response, Error> {
    let outcome = match (visit.request.method(), path) {
        (&Method::GET, "/u/login") => login::show(visit).await?,
        (&Method::POST, "/u/login") => login::submit(visit).await?,
        (&Method::GET, "/u/consent") => consent::show(visit).await?,
        (&Method::POST, "/u/consent") => consent::submit(visit).await?,
        (&Method::GET, "/u/confirm") => confirmation::show(visit).await?,
        (&Method::POST, "/u/confirm") => confirmation::submit(visit).await?,
        (&Method::GET, "/activate") => device::activate::show(visit).await?,
        (&Method::POST, "/activate") => device::activate::submit(visit).await?,
        (&Method::GET, "/activate/confirm") => device::confirm::show(visit).await?,
        (&Method::POST, "/activate/confirm") => device::confirm::submit(visit).await?,
        _ => {
            let denial = methods_of(path).map_or(Denial::NotFound, Denial::MethodNotAllowed);
            return Err(denial.into());
        }
    };
    driver::carry_out(visit, outcome).await
}

/// The methods of a page's path; `None` for an unknown path.
fn methods_of(path: &str) -> Option<&'static str> {
    match path {
        "/authorize" | "/continue" | "/u/login" | "/u/consent" | "/u/confirm" | "/activate"
        | "/activate/confirm" | "/oidc/logout" => Some(methods::GET_AND_POST),
        "/authorize/resume" | "/login" | "/v2/logout" => Some(methods::GET),
        "/login/callback" | "/oidc/logout/confirm" => Some(methods::POST),
        path if app_callback::is_app_callback(path) => Some(methods::GET),
        _ => None,
    }
}
