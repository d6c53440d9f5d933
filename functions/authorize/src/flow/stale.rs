//! The answer for a page of a login that cannot go on: it was left open too long, was bookmarked, or belongs to
//! another server ([Auth0's default login routes]). The browser goes to the place where a login starts again: the
//! client's `initiate_login_uri`, or else the tenant's `default_redirection_uri`. Without either, a page explains
//! this and links back to the application.
//!
//! Only URLs from the tenant's configuration are used, so that no link to us sends a browser elsewhere.
//!
//! [Auth0's default login routes]: https://auth0.com/docs/authenticate/login/auth0-universal-login/configure-default-login-routes

use std::sync::Arc;

use ratchet_domain::{
    authorization::AuthorizationRequest,
    client::{AppType, Client, RedirectionPolicy},
    continuation::Continuation,
    denial::Denial,
    error::Error,
    ids::ClientId,
    interaction::Interaction,
    redirect_uri,
    response_type::ResponseMode,
};
use ratchet_protocol::{Request, Response, error::OAuthError, response};
use serde_json::Value;
use url::form_urlencoded;

use crate::{
    pages::{BackLink, FormTarget, StalePage, screen::Screen},
    session::transaction::{Step, Transaction},
    visit::Visit,
};

/// True for the pages of a login or activation, which can start again.
pub(crate) fn is_page_of_login(path: &str) -> bool {
    matches!(
        path,
        "/login"
            | "/login/callback"
            | "/u/login"
            | "/u/consent"
            | "/u/confirm"
            | "/authorize/resume"
            | "/continue"
            | "/activate/confirm"
    )
}

/// `GET /login`, the path of Auth0's classic login page: continues a login that is in progress.
pub(crate) async fn classic_page(visit: &Visit<'_>) -> Result<Response, Error> {
    let transaction = Transaction::open(visit).await?;
    Ok(transaction.redirect(Step::LogIn))
}

/// The answer to a request for a page of a login that cannot go on.
pub(crate) async fn answer(visit: &Visit<'_>) -> Response {
    let interaction = interaction(visit).await;
    let client = client(visit, interaction.as_ref()).await;
    let screen = Screen::new(visit).await;
    if let Some(Interaction::Activate(_)) = &interaction {
        let back_link = BackLink {
            address: "/activate",
            name: None,
        };
        return page(&screen, Some(back_link));
    }
    let route = client
        .as_ref()
        .and_then(|client| client.initiate_login_uri.as_ref())
        .or(screen.settings.default_redirection_uri.as_ref())
        .filter(|route| !is_own_login_page(visit, route));
    if let Some(route) = route {
        tracing::info!(%route, "a login that cannot go on begins anew");
        return lead_to(visit, route);
    }
    let address = match (&client, &interaction) {
        (Some(client), Some(Interaction::Authorize(asked))) => address_of(client, asked),
        _ => None,
    };
    let back_link = address.as_ref().map(|address| BackLink {
        address,
        name: client.as_ref().map(|client| client.name.as_str()),
    });
    page(&screen, back_link)
}

/// The interaction in the sealed `state`, however old.
async fn interaction(visit: &Visit<'_>) -> Option<Interaction> {
    let state = in_query(visit.request, "state").or_else(|| in_classic_form(visit.request))?;
    if let Some(interaction) = visit.app.open(&state).await {
        return Some(interaction);
    }
    let continuation: Continuation = visit.app.open(&state).await?;
    Some(continuation.request.into())
}

/// `state` in the `wctx` of the classic page's form.
fn in_classic_form(request: &Request) -> Option<String> {
    let mut pairs = form_urlencoded::parse(request.body());
    let (_, context) = pairs.find(|(name, _)| name == "wctx")?;
    let context: Value = serde_json::from_str(&context).ok()?;
    Some(context.get("state")?.as_str()?.to_owned())
}

fn in_query(request: &Request, name: &str) -> Option<String> {
    let query = request.uri().query()?.as_bytes();
    let mut pairs = form_urlencoded::parse(query);
    let (_, value) = pairs.find(|(known, _)| known == name)?;
    Some(value.into_owned())
}

/// The client of the login, named by the `state` or by `client` in the URL of Auth0's classic login page. A client
/// whose `redirection_policy` keeps attackers from sending browsers to it counts as unknown.
async fn client(visit: &Visit<'_>, interaction: Option<&Interaction>) -> Option<Arc<Client>> {
    let id = match interaction {
        Some(interaction) => interaction.client_id().clone(),
        None if visit.request.uri().path() == "/login" => {
            ClientId::parse(in_query(visit.request, "client")?).ok()?
        }
        None => return None,
    };
    match visit.app.client(&id).await {
        Ok(client) => client.filter(|client| {
            client.redirection_policy != RedirectionPolicy::OpenRedirectProtection
        }),
        Err(error) => {
            tracing::error!(%error, "a stale page has to do without its application");
            None
        }
    }
}

/// True if a route leads to a login page of ours, which would be an endless loop.
fn is_own_login_page(visit: &Visit<'_>, route: &str) -> bool {
    ["login", "u/"]
        .iter()
        .any(|path| route.starts_with(&visit.app.issuer.join(path)))
}

/// Sends the browser to a login route, with our issuer as `iss` (`OpenID` Connect Core section 4).
fn lead_to(visit: &Visit<'_>, route: &str) -> Response {
    response::redirect(&response::with_query(
        route,
        &[("iss", visit.app.issuer.as_str())],
    ))
}

/// The URL of the application: the root of its callback's web site, or for an app that a callback opens, the callback
/// with an error (RFC 6749 section 4.1.2.1).
fn address_of(client: &Client, asked: &AuthorizationRequest) -> Option<String> {
    let callback = &asked.redirect_uri;
    if !redirect_uri::is_registered(client, callback) {
        return None;
    }
    let is_web = callback.starts_with("https:") || callback.starts_with("http:");
    if is_web && client.app_type != AppType::Native {
        return redirect_uri::origin(callback).map(|origin| format!("{origin}/"));
    }
    let mut parameters = vec![
        ("error", "access_denied"),
        ("error_description", "The login took too long"),
    ];
    parameters.extend(asked.state.as_deref().map(|state| ("state", state)));
    Some(match asked.response_mode {
        ResponseMode::Fragment => response::with_fragment(callback, &parameters),
        _ => response::with_query(callback, &parameters),
    })
}

fn page(screen: &Screen, back_link: Option<BackLink<'_>>) -> Response {
    let error = OAuthError::from(&Denial::StaleTransaction);
    tracing::info!(reason = %Denial::StaleTransaction, "refused with a page");
    let html = StalePage {
        branding: screen.branding(),
        nonce: &screen.nonce,
        error: error.error,
        description: &error.description,
        tracking: screen.tracking(),
        back_link,
    };
    screen.page(error.status, html.render(), FormTarget::Here)
}
