//! `/oidc/logout` ([OpenID Connect RP-Initiated Logout 1.0], [Auth0's page]): a client sends the browser here to log
//! out. Any page could have sent it, so the user is asked first, unless a hint belongs to this session or the tenant
//! has turned the question off.
//!
//! [OpenID Connect RP-Initiated Logout 1.0]: https://openid.net/specs/openid-connect-rpinitiated-1_0.html
//! [Auth0's page]: https://auth0.com/docs/authenticate/login/logout/log-users-out-of-auth0

use http::{Method, StatusCode};
use ratchet_domain::{
    authorization::TRANSACTION_LIFETIME,
    client::Client,
    denial::Denial,
    error::Error,
    ids::ClientId,
    logout::{LogoutRequest, Next},
    sealed::{Purpose, Sealed},
    time::Timestamp,
};
use ratchet_protocol::{Response, gateway, params::Params, response};
use serde::{Deserialize, Serialize};

use super::end::{self, Logout};
use crate::{
    pages::{
        FormTarget, LogoutPage, SignedOutPage,
        form::{self, Form},
        screen::Screen,
    },
    session::{
        browser::BrowserSession,
        form_token::{Button, FormToken, UNMATCHED},
    },
    visit::Visit,
};

/// A checked logout that waits for the user's answer. It is sealed in the form, so that nothing is stored.
#[derive(Serialize, Deserialize)]
struct Pending {
    client_id: Option<ClientId>,
    /// The session that a hint names.
    #[serde(default)]
    session_id: Option<String>,
    target: Option<String>,
    asked_at: Timestamp,
}

impl Sealed for Pending {
    const PURPOSE: Purpose = Purpose::Transaction;
    /// Keeps the `state` of a login from being accepted as that of a logout.
    const BINDING: &'static str = "logout";
}

/// `GET` and `POST /oidc/logout`
pub(crate) async fn handle(visit: &Visit<'_>) -> Result<Response, Error> {
    end::or_log(start(visit).await)
}

/// `POST /oidc/logout/confirm`: the user has answered.
pub(crate) async fn confirm(visit: &Visit<'_>) -> Result<Response, Error> {
    end::or_log(answered(visit).await)
}

async fn start(visit: &Visit<'_>) -> Result<Response, Error> {
    let params = match *visit.request.method() {
        Method::POST => Params::of_body(visit.request)?,
        _ => Params::of_query(visit.request)?,
    };
    let wanted = wanted(visit, &params).await?;
    let client = match wanted.client_id()? {
        Some(id) => Some(visit.client(id).await?),
        None => None,
    };
    let settings = visit.app.settings().await?;
    let session = BrowserSession::load(visit).await?;
    let allowed = client
        .as_ref()
        .map(|client| client.allowed_logout_urls.as_slice());
    let known = session.as_ref().map(|session| &session.stored);
    let next = wanted.decide(allowed, &settings, known)?;
    let (asks, target) = match next {
        Next::Ask { target } => (true, target),
        Next::LogOut { target } => (false, target),
    };
    let pending = Pending {
        client_id: client.as_ref().map(|client| client.client_id.clone()),
        session_id: wanted.session_id().map(str::to_owned),
        target: returns_to(target, params.text("state")?)?,
        asked_at: visit.now(),
    };
    match session {
        Some(session) if asks => {
            ask(visit, &pending, client.as_deref(), Some(&session), None).await
        }
        _ => log_out(visit, &pending).await,
    }
}

/// Reads the request and verifies the ID token in it.
async fn wanted(visit: &Visit<'_>, params: &Params) -> Result<LogoutRequest, Error> {
    let text = |name| Ok::<_, Denial>(params.text(name)?.map(str::to_owned));
    let id_token_hint = match params.text("id_token_hint")? {
        Some(token) => Some(visit.app.verify_id_token_hint(token).await?),
        None => None,
    };
    let client_id = match params.text("client_id")? {
        Some(named) => {
            let unknown = |_| Denial::UnknownClient(named.to_owned());
            Some(ClientId::parse(named).map_err(unknown)?)
        }
        None => None,
    };
    Ok(LogoutRequest {
        id_token_hint,
        logout_hint: text("logout_hint")?,
        client_id,
        post_logout_redirect_uri: text("post_logout_redirect_uri")?,
    })
}

/// The URL to which the browser goes after the logout, with the client's `state`.
fn returns_to(target: Option<String>, state: Option<&str>) -> Result<Option<String>, Denial> {
    let target = target.map(|url| match state {
        Some(state) => response::with_query(&url, &[("state", state)]),
        None => url,
    });
    match target {
        Some(url) if !gateway::takes_location(&url) => Err(Denial::RequestTooLong),
        target => Ok(target),
    }
}

/// Shows the question. `error` is set after a form that was not accepted.
async fn ask(
    visit: &Visit<'_>,
    pending: &Pending,
    client: Option<&Client>,
    session: Option<&BrowserSession>,
    error: Option<&str>,
) -> Result<Response, Error> {
    let state = visit.app.seal(pending).await?;
    let form = Form {
        state: &state,
        session,
        status: form::status_of(error),
        target: FormTarget::Application,
    };
    let render = |screen: &Screen, csrf: &str| {
        LogoutPage {
            branding: screen.branding(),
            nonce: &screen.nonce,
            application: client.map(|client| client.name.as_str()),
            user: session.map(|session| session.user.display_name()),
            state: &state,
            csrf,
            error,
        }
        .render()
    };
    form.page(visit, render).await
}

async fn answered(visit: &Visit<'_>) -> Result<Response, Error> {
    let params = Params::of_body(visit.request)?;
    let state = params.text("state")?.ok_or(Denial::StaleTransaction)?;
    let pending: Option<Pending> = visit.app.open(state).await;
    let pending = pending.ok_or(Denial::StaleTransaction)?;
    if pending.asked_at.plus(TRANSACTION_LIFETIME) <= visit.now() {
        return Err(Denial::StaleTransaction.into());
    }
    let session = BrowserSession::load(visit).await?;
    if !FormToken::matches(visit, &params, state, session.as_ref()).await? {
        return ask_again(visit, &pending, session.as_ref()).await;
    }
    match Button::of(&params)? {
        Button::Accept => log_out(visit, &pending).await,
        Button::Deny => Ok(stay(visit, true).await),
    }
}

/// Asks again after a form that could not be matched with the browser.
async fn ask_again(
    visit: &Visit<'_>,
    pending: &Pending,
    session: Option<&BrowserSession>,
) -> Result<Response, Error> {
    let client = match &pending.client_id {
        Some(id) => Some(visit.client(id).await?),
        None => None,
    };
    ask(visit, pending, client.as_deref(), session, Some(UNMATCHED)).await
}

async fn log_out(visit: &Visit<'_>, pending: &Pending) -> Result<Response, Error> {
    let answer = match &pending.target {
        Some(url) => response::redirect(url),
        None => stay(visit, false).await,
    };
    let logout = Logout {
        client_id: pending.client_id.as_ref().map(ClientId::as_str),
        session_id: pending.session_id.as_deref(),
    };
    end::end(visit, &logout, answer).await
}

/// The page after a logout without a URL to return to, or after a declined one.
async fn stay(visit: &Visit<'_>, logged_in: bool) -> Response {
    let screen = Screen::new(visit).await;
    let html = SignedOutPage {
        branding: screen.branding(),
        nonce: &screen.nonce,
        logged_in,
    };
    screen.page(StatusCode::OK, html.render(), FormTarget::Here)
}
