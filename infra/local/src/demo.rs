//! The demo page, and its two requests that no endpoint of the protocol answers.

use bytes::Bytes;
use http::{
    HeaderValue, Method, StatusCode,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
};
use ratchet_core::App;
use ratchet_domain::{
    client::AppType,
    denial::Denial,
    error::Error,
    family::Family,
    ids::ClientId,
    sealed::{Purpose, RefreshToken},
    time::Timestamp,
};
use ratchet_protocol::{Request, Response, error::OAuthError, methods, params::Params, response};
use ratchet_tenant::{Password, Tenant};
use serde::Serialize;

const PAGE: &str = include_str!("demo/index.html");
const STYLE: &str = include_str!("demo/demo.css");
const SCRIPT: &str = include_str!("demo/demo.js");

/// The page may load and run only its own files.
const POLICY: &str =
    "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

/// Settings of the page.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Settings {
    issuer: String,
    client_id: String,
    client_name: String,
    audience: Option<String>,
    scope: String,
    redirect_uri: String,
    leeway: u64,
    user: Option<DemoUser>,
}

#[derive(Debug, Clone, Serialize)]
struct DemoUser {
    username: String,
    password: String,
}

impl Settings {
    /// Settings for the first single-page application whose callback is the demo page; `None` if there is none. They
    /// contain a user's password only for the built-in tenant, where it is no secret.
    pub(crate) fn of(tenant: &Tenant, issuer: &str, built_in: bool) -> Option<Self> {
        let redirect_uri = format!("{issuer}demo");
        let client = tenant
            .clients
            .iter()
            .map(|entry| &entry.client)
            .find(|client| {
                client.app_type == AppType::Spa && client.callbacks.contains(&redirect_uri)
            })?;
        let api = tenant
            .resource_servers
            .iter()
            .map(|entry| &entry.resource_server)
            .find(|api| api.allow_offline_access);
        let own = api
            .iter()
            .flat_map(|api| &api.scopes)
            .map(|scope| scope.value.as_str());
        let scope: Vec<&str> = ["openid", "profile", "email", "offline_access"]
            .into_iter()
            .chain(own)
            .collect();
        Some(Self {
            issuer: issuer.to_owned(),
            client_id: client.client_id.to_string(),
            client_name: client.name.clone(),
            audience: api.map(|api| api.identifier.to_string()),
            scope: scope.join(" "),
            redirect_uri,
            leeway: client.refresh_token.leeway.as_secs(),
            user: built_in.then(|| user(tenant)).flatten(),
        })
    }
}

/// A user whose password is in the tenant file.
fn user(tenant: &Tenant) -> Option<DemoUser> {
    tenant.users.iter().find_map(|entry| match &entry.password {
        Password::Plain(password) => Some(DemoUser {
            username: entry.profile.email.clone()?,
            password: password.expose().to_owned(),
        }),
        _ => None,
    })
}

/// Answers everything under `/demo`.
pub(crate) async fn answer(app: &App, settings: Option<&Settings>, request: &Request) -> Response {
    let answer = match (request.method(), request.uri().path()) {
        (&Method::GET, "/demo") => Ok(file("text/html; charset=utf-8", PAGE)),
        (&Method::GET, "/demo/demo.css") => Ok(file("text/css; charset=utf-8", STYLE)),
        (&Method::GET, "/demo/demo.js") => Ok(file("text/javascript; charset=utf-8", SCRIPT)),
        (&Method::GET, "/demo/config.json") => match settings {
            Some(settings) => Ok(response::json(StatusCode::OK, settings)),
            None => Err(Denial::NotFound.into()),
        },
        (&Method::POST, "/demo/family") => family(app, request).await,
        (_, "/demo" | "/demo/demo.css" | "/demo/demo.js" | "/demo/config.json") => {
            Err(Denial::MethodNotAllowed(methods::GET).into())
        }
        (_, "/demo/family") => Err(Denial::MethodNotAllowed(methods::POST).into()),
        _ => Err(Denial::NotFound.into()),
    };
    answer.unwrap_or_else(|error| OAuthError::from(&error).into_response())
}

/// A family as the page shows it; times in seconds. An ended family has only its name.
#[derive(Serialize)]
struct FamilyView {
    family: String,
    presented_generation: u32,
    status: &'static str,
    ended_reason: Option<&'static str>,
    #[serde(flatten)]
    item: Option<ItemView>,
}

/// The table's item of a family.
#[derive(Serialize)]
struct ItemView {
    generation: u32,
    rotating: bool,
    created_at: u64,
    rotated_at: Option<u64>,
    idle_expires_at: Option<u64>,
    expires_at: Option<u64>,
    scope: String,
    audience: Option<String>,
}

async fn family(app: &App, request: &Request) -> Result<Response, Error> {
    let params = Params::of_body(request)?;
    let client_id = ClientId::parse(params.required("client_id")?)
        .map_err(|e| Denial::InvalidParameter(e.to_string()))?;
    let text = params.required("refresh_token")?;
    let token = app
        .keyring()
        .await
        .open(Purpose::RefreshToken, client_id.as_str(), text)
        .and_then(|opened| RefreshToken::from_bytes(&opened.plaintext))
        .ok_or_else(|| Denial::InvalidParameter("the refresh token does not open".to_owned()))?;
    let family = app.store.load_family(&token.family_of(&client_id)).await?;
    let view = family.map_or_else(
        || FamilyView::gone(&token),
        |family| FamilyView::of(&family, &token, app.clock.now()),
    );
    Ok(response::json(StatusCode::OK, &view))
}

impl FamilyView {
    fn gone(token: &RefreshToken) -> Self {
        Self {
            family: token.family_id.to_string(),
            presented_generation: token.generation.number(),
            status: "ended",
            ended_reason: None,
            item: None,
        }
    }

    fn of(family: &Family, token: &RefreshToken, now: Timestamp) -> Self {
        Self {
            status: if family.is_live(now) { "live" } else { "ended" },
            ended_reason: family.is_expired(now).then_some("expired"),
            item: Some(ItemView::of(family)),
            ..Self::gone(token)
        }
    }
}

impl ItemView {
    fn of(family: &Family) -> Self {
        Self {
            generation: family.generation.number(),
            rotating: family.rotation == ratchet_domain::client::Rotation::Rotating,
            created_at: family.created_at.as_secs(),
            rotated_at: family.rotated.map(|rotated| rotated.at.as_secs()),
            idle_expires_at: family.idle_expires_at.map(Timestamp::as_secs),
            expires_at: family.expires_at.map(Timestamp::as_secs),
            scope: family.scope.to_string(),
            audience: family.audience.as_ref().map(ToString::to_string),
        }
    }
}

fn file(content_type: &'static str, text: &'static str) -> Response {
    let mut response = Response::new(Bytes::from_static(text.as_bytes()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
