//! Everything a browser is sent to: `/authorize` (RFC 6749 section 4.1.1, `OpenID` Connect Core
//! section 3.1.2), the login and consent pages, `/v2/logout`, and `/userinfo`.

mod answer;
mod browser;
mod checks;
mod consent;
mod front_channel;
mod login;
mod logout;
mod pages;
mod permissions;
mod request;
mod resume;
mod screen;
mod transaction;
mod userinfo;
mod web_message;

use http::Method;
use shared::{
    app::App,
    domain::denial::Denial,
    http::{Request, Response, cors},
};

use screen::Screen;

/// Answers a request; whatever goes wrong is an answer too.
pub async fn handle(app: &App, request: &Request) -> Response {
    let path = request.uri().path();
    if path == "/userinfo" {
        return match cors::preflight(request) {
            Some(preflight) => preflight,
            None => userinfo::handle(app, request).await,
        };
    }
    match page(app, request, path).await {
        Ok(response) => response,
        Err(denial) => Screen::new(app, request).await.error(&denial),
    }
}

async fn page(app: &App, request: &Request, path: &str) -> Result<Response, Denial> {
    let method = request.method();
    match (method, path) {
        (&Method::GET | &Method::POST, "/authorize") => request::handle(app, request).await,
        (&Method::GET, "/authorize/resume") => resume::handle(app, request).await,
        (&Method::GET, "/u/login") => login::show(app, request).await,
        (&Method::POST, "/u/login") => login::submit(app, request).await,
        (&Method::GET, "/u/consent") => consent::show(app, request).await,
        (&Method::POST, "/u/consent") => consent::submit(app, request).await,
        (&Method::GET, "/v2/logout") => logout::handle(app, request).await,
        (_, "/authorize" | "/authorize/resume" | "/u/login" | "/u/consent" | "/v2/logout") => {
            Err(Denial::MethodNotAllowed)
        }
        _ => Err(Denial::NotFound),
    }
}
