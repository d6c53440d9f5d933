//! `--test-controls`: changes that tests need and no protocol offers.

use http::{
    Method, StatusCode,
    header::{CONTENT_TYPE, ORIGIN},
};
use ratchet_core::App;
use ratchet_domain::{denial::Denial, error::Error, ids::ConnectionName, time::Lifetime};
use ratchet_protocol::{Request, Response, error::OAuthError, json, methods, response};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::setup;

/// Accepted media types: JSON, and YAML for a tenant file.
const TAKEN: [&str; 2] = ["application/json", "application/yaml"];

#[derive(Deserialize)]
struct Advance {
    advance_seconds: u64,
}

#[derive(Serialize)]
struct Now {
    now: u64,
}

#[derive(Deserialize)]
struct UserChange {
    email: String,
    #[serde(default = "default_connection")]
    connection: String,
    blocked: Option<bool>,
    #[serde(default)]
    deleted: bool,
    #[serde(default)]
    logged_out: bool,
}

fn default_connection() -> String {
    "Username-Password-Authentication".to_owned()
}

/// Answers everything under `/test`.
pub(crate) async fn answer(app: &App, request: &Request) -> Response {
    if let Some(refusal) = of_a_page(app, request) {
        return refusal;
    }
    let answer = match (request.method(), request.uri().path()) {
        (&Method::POST, "/test/clock") => clock(app, request).map_err(Error::from),
        (&Method::POST, "/test/user") => user(app, request).await,
        (&Method::POST, "/test/tenant") => tenant(app, request).await,
        (_, "/test/clock" | "/test/user" | "/test/tenant") => {
            Err(Denial::MethodNotAllowed(methods::POST).into())
        }
        _ => Err(Denial::NotFound.into()),
    };
    answer.unwrap_or_else(|error| OAuthError::from(&error).into_response())
}

/// Rejects requests that a page of another origin can send: with its `Origin`, or in a media type that needs no
/// preflight (Fetch, "CORS-safelisted request-header").
fn of_a_page(app: &App, request: &Request) -> Option<Response> {
    let mut origins = request.headers().get_all(ORIGIN).iter();
    if origins.any(|origin| origin != app.issuer.origin()) {
        return Some(response::empty(StatusCode::FORBIDDEN));
    }
    let content_type = ratchet_protocol::header(request, &CONTENT_TYPE).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let is_taken = TAKEN
        .iter()
        .any(|taken| media_type.eq_ignore_ascii_case(taken));
    (request.method() == Method::POST && !is_taken)
        .then(|| response::empty(StatusCode::UNSUPPORTED_MEDIA_TYPE))
}

fn clock(app: &App, request: &Request) -> Result<Response, Denial> {
    let Advance { advance_seconds } = read(request)?;
    app.clock.advance(Lifetime::from_secs(advance_seconds));
    Ok(response::json(
        StatusCode::OK,
        &Now {
            now: app.clock.now().as_secs(),
        },
    ))
}

async fn user(app: &App, request: &Request) -> Result<Response, Error> {
    let change: UserChange = read(request)?;
    let connection = ConnectionName::parse(change.connection)
        .map_err(|e| Denial::InvalidParameter(e.to_string()))?;
    let record = app.store.load_login(&connection, &change.email).await?;
    let (user, now) = (
        record.ok_or(Denial::NotFound)?.user.user_id,
        app.clock.now(),
    );
    let until = app.moment(request).deadline;
    match change.blocked {
        Some(true) => {
            app.block_user(&user, now).await?;
        }
        Some(false) => {
            app.unblock_user(&user).await?;
        }
        None => {}
    }
    if change.logged_out {
        app.log_out_everywhere(&user, now, until).await?;
    }
    if change.deleted {
        app.delete_user(&user, now, until).await?;
    }
    Ok(response::empty(StatusCode::NO_CONTENT))
}

async fn tenant(app: &App, request: &Request) -> Result<Response, Error> {
    let text = std::str::from_utf8(request.body()).map_err(|_| Denial::Body("not UTF-8"))?;
    let invalid = |e: crate::error::LocalError| Denial::InvalidParameter(e.to_string());
    let tenant = setup::parse_tenant(app, text).map_err(invalid)?;
    setup::import(app, &tenant).await.map_err(invalid)?;
    Ok(response::empty(StatusCode::NO_CONTENT))
}

fn read<T: DeserializeOwned>(request: &Request) -> Result<T, Denial> {
    json::object(request.body()).ok_or(Denial::Body("not what this control takes"))
}
