//! `/oidc/logout` ([OpenID Connect RP-Initiated Logout 1.0], [Auth0's page]): an application sends the browser
//! here to log out. Without a hint from this very session a person is asked first, because anybody's page
//! could have sent it.
//!
//! [OpenID Connect RP-Initiated Logout 1.0]: https://openid.net/specs/openid-connect-rpinitiated-1_0.html
//! [Auth0's page]: https://auth0.com/docs/authenticate/login/logout/log-users-out-of-auth0

use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use shared::{
    app::App,
    domain::{
        authorization::TRANSACTION_LIFETIME,
        client::Client,
        denial::Denial,
        ids::ClientId,
        logout::{LogoutRequest, Next},
        sealed::{Purpose, Sealed},
        time::Timestamp,
    },
    http::{Request, Response, gateway, params::Params, response},
};

use crate::{
    browser::BrowserSession,
    logout::{self, Logout},
    pages::{FormLeads, LogoutPage, SignedOutPage},
    screen::Screen,
    transaction::{FormToken, Press, UNMATCHED},
};

/// A checked logout while a person is asked: sealed in the form, so that nothing is stored.
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
    /// A login's state never passes for that of the question.
    const BINDING: &'static str = "logout";
}

/// `GET` and `POST /oidc/logout`
pub(crate) async fn handle(app: &App, request: &Request) -> Result<Response, Denial> {
    logout::or_log(start(app, request).await)
}

/// `POST /oidc/logout/confirm`: the person has answered.
pub(crate) async fn confirm(app: &App, request: &Request) -> Result<Response, Denial> {
    logout::or_log(answered(app, request).await)
}

async fn start(app: &App, request: &Request) -> Result<Response, Denial> {
    let params = match *request.method() {
        Method::POST => Params::of_body(request)?,
        _ => Params::of_query(request)?,
    };
    let wanted = wanted(app, &params).await?;
    let client = match wanted.client_id()? {
        Some(id) => Some(logout::client(app, id.as_str()).await?),
        None => None,
    };
    let now = app.moment(request).now;
    let settings = app.settings().await?;
    let session = BrowserSession::load(app, request, now).await?;
    let allowed = client
        .as_ref()
        .map(|client| client.allowed_logout_urls.as_slice());
    let known = session.as_ref().map(|session| &session.session);
    let next = wanted.decide(allowed, &settings, known)?;
    let state = params.text("state")?;
    let (asks, target) = match next {
        Next::Ask { target } => (true, target),
        Next::LogOut { target } => (false, target),
    };
    let target = target.map(|url| with_state(&url, state));
    if target
        .as_deref()
        .is_some_and(|url| !gateway::takes_location(url))
    {
        return Err(Denial::RequestTooLong);
    }
    let pending = Pending {
        client_id: client.as_ref().map(|client| client.client_id.clone()),
        session_id: wanted.session_id().map(str::to_owned),
        target,
        asked_at: now,
    };
    match session {
        Some(session) if asks => {
            ask(
                app,
                request,
                &pending,
                client.as_deref(),
                Some(&session),
                None,
            )
            .await
        }
        _ => log_out(app, request, &pending).await,
    }
}

/// Reads the request, and checks the token in it.
async fn wanted(app: &App, params: &Params) -> Result<LogoutRequest, Denial> {
    let text = |name| Ok::<_, Denial>(params.text(name)?.map(str::to_owned));
    let id_token_hint = match params.text("id_token_hint")? {
        Some(token) => Some(app.verify_id_token_hint(token).await?),
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

fn with_state(url: &str, state: Option<&str>) -> String {
    match state {
        Some(state) => response::with_query(url, &[("state", state)]),
        None => url.to_owned(),
    }
}

/// Shows the question; with `error`, in answer to a form that did not count.
async fn ask(
    app: &App,
    request: &Request,
    pending: &Pending,
    client: Option<&Client>,
    session: Option<&BrowserSession>,
    error: Option<&str>,
) -> Result<Response, Denial> {
    let state = app.seal(pending).await?;
    let screen = Screen::new(app, request).await;
    let token = FormToken::issue(app, request, &state, session).await?;
    let html = LogoutPage {
        branding: screen.branding(),
        nonce: &screen.nonce,
        application: client.map(|client| client.name.as_str()),
        user: session.map(|session| session.user.display_name()),
        state: &state,
        csrf: &token.value,
        error,
    }
    .render();
    let status = error.map_or(StatusCode::OK, |_| StatusCode::FORBIDDEN);
    let mut page = screen.page(status, html, FormLeads::ToTheApplication);
    token.attach(&mut page);
    Ok(page)
}

async fn answered(app: &App, request: &Request) -> Result<Response, Denial> {
    let params = Params::of_body(request)?;
    let state = params.text("state")?.ok_or(Denial::StaleTransaction)?;
    let pending: Option<Pending> = app.open(state).await;
    let pending = pending.ok_or(Denial::StaleTransaction)?;
    let now = app.moment(request).now;
    if pending.asked_at.plus(TRANSACTION_LIFETIME) <= now {
        return Err(Denial::StaleTransaction);
    }
    let session = BrowserSession::load(app, request, now).await?;
    if !FormToken::matches(app, request, &params, state, session.as_ref()).await? {
        return ask_again(app, request, &pending, session.as_ref()).await;
    }
    match Press::of(&params)? {
        Press::Accept => log_out(app, request, &pending).await,
        Press::Deny => Ok(stay(app, request, true).await),
    }
}

/// Asks once more, after a form that could not be matched with the browser.
async fn ask_again(
    app: &App,
    request: &Request,
    pending: &Pending,
    session: Option<&BrowserSession>,
) -> Result<Response, Denial> {
    let client = match &pending.client_id {
        Some(id) => Some(logout::client(app, id.as_str()).await?),
        None => None,
    };
    ask(
        app,
        request,
        pending,
        client.as_deref(),
        session,
        Some(UNMATCHED),
    )
    .await
}

async fn log_out(app: &App, request: &Request, pending: &Pending) -> Result<Response, Denial> {
    let answer = match &pending.target {
        Some(url) => response::redirect(url),
        None => stay(app, request, false).await,
    };
    let logout = Logout {
        client_id: pending.client_id.as_ref().map(ClientId::as_str),
        session_id: pending.session_id.as_deref(),
    };
    logout::end(app, request, &logout, answer).await
}

/// The page of a logout that has nowhere to return to, or was declined.
async fn stay(app: &App, request: &Request, logged_in: bool) -> Response {
    let screen = Screen::new(app, request).await;
    let html = SignedOutPage {
        branding: screen.branding(),
        nonce: &screen.nonce,
        logged_in,
    };
    screen.page(StatusCode::OK, html.render(), FormLeads::Here)
}
