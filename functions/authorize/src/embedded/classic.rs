//! `POST /usernamepassword/login` and its companions, by which Auth0's classic login page, with `auth0.js`, logs
//! users in. The page is at our own origin, and no other origin may call. The answer is a form that the page submits
//! to `/login/callback`.
//!
//! We ignore `_csrf` and `_intstate`, which Auth0's page sends along. A page of another origin cannot send us JSON,
//! the browser states the origin of a request, and the content of the form is worthless in another browser.

use bytes::Bytes;
use http::{Method, StatusCode, header::ORIGIN};
use ratchet_core::{PasswordLogin, in_time};
use ratchet_domain::{denial::Denial, error::Error, secret::Secret};
use ratchet_protocol::{
    Response, cors,
    error::{Endpoint, OAuthError},
    header, methods,
    params::Params,
    response,
};
use ratchet_telemetry::event;
use serde::Serialize;
use serde_json::{Value, json};

use super::ticket;
use crate::{
    error::{AuthorizeError, Refusal},
    flow::checks::{self, Parameters},
    pages::{ClassicLoginForm, FormTarget, content_security_policy, screen::framed},
    prompts::login,
    session::{
        browser::{self, BrowserSession},
        transaction::{Step, Transaction},
    },
    visit::Visit,
};

/// An error in the format of the classic page.
#[derive(Serialize)]
struct Body<'a> {
    name: &'a str,
    code: &'a str,
    description: &'a str,
    #[serde(rename = "statusCode")]
    status_code: u16,
}

/// Handles all endpoints but the callback.
pub(crate) async fn handle(visit: &Visit<'_>) -> Response {
    match (visit.request.method(), visit.request.uri().path()) {
        (&Method::POST, "/usernamepassword/login") => {
            match in_time(visit.request, password_login(visit)).await {
                Ok(Ok(response)) => response,
                Ok(Err(AuthorizeError::ForClient(refusal))) => refused(&refusal),
                Ok(Err(AuthorizeError::ForUser(error))) => denied(&error),
                Err(failure) => denied(&failure.into()),
            }
        }
        // We have no captchas.
        (&Method::POST, "/usernamepassword/challenge") => {
            response::json(StatusCode::OK, &json!({ "required": false }))
        }
        // Single sign-on works only through `/authorize`.
        (&Method::GET, "/user/ssodata") => {
            let mut answer = response::json(StatusCode::OK, &json!({ "sso": false }));
            cors::allow_with_credentials(&mut answer, visit.request);
            answer
        }
        (_, "/user/ssodata") => denied(&Denial::MethodNotAllowed(methods::GET).into()),
        _ => denied(&Denial::MethodNotAllowed(methods::POST).into()),
    }
}

async fn password_login(visit: &Visit<'_>) -> Result<Response, AuthorizeError> {
    own_page(visit)?;
    let params = Params::of_json_body(visit.request)?;
    let recipient = checks::recipient(visit, &params).await?;
    let asked = checks::request(visit, Parameters::new(&params), &recipient).await?;
    let client_id = &recipient.client.client_id;
    let connection = visit
        .app
        .login_connection(asked.connection.as_ref(), &recipient.client)
        .await?;
    let password = Secret::new(params.required("password")?);
    let login = PasswordLogin {
        client_id,
        connection: &connection.name,
        username: params.required("username")?,
        password: &password,
        address: browser::address(visit.request),
    };
    let user = visit.app.check_password(login, visit.at).await?;
    let issued = ticket::Issued::new(visit, client_id, &user).await?;
    let transaction = Transaction::begin(visit, asked).await?;
    let form = ClassicLoginForm {
        action: &visit.app.issuer.join("login/callback"),
        wresult: &issued.ticket,
        wctx: &context(&transaction, connection.name.as_str()),
    };
    // This policy is only for a browser that opens the form by itself: the page that embeds it has a policy of its
    // own.
    let policy = content_security_policy("", FormTarget::Application, None);
    let mut response = framed(StatusCode::OK, form.render(), &policy);
    issued.attach(&mut response);
    Ok(response)
}

/// Rejects pages of other origins. Browsers send the origin with every `POST`. A client that sends none is not a
/// browser and has no user's cookies.
fn own_page(visit: &Visit<'_>) -> Result<(), Denial> {
    match header(visit.request, &ORIGIN) {
        Some(origin) if origin != visit.app.issuer.origin() => {
            Err(Denial::OriginNotAllowed(origin.to_owned()))
        }
        _ => Ok(()),
    }
}

/// `wctx`: the context of the login. The request itself is sealed in `state`, as on our own pages.
fn context(transaction: &Transaction, connection: &str) -> String {
    let interaction = &transaction.interaction;
    json!({
        "strategy": "auth0",
        "connection": connection,
        "client_id": interaction.client_id(),
        "redirect_uri": interaction.redirect_uri(),
        "protocol": "oauth2",
        "state": transaction.state,
    })
    .to_string()
}

/// `POST /login/callback`: the form that the page submits. An invalid ticket, for example after another tab has
/// replaced its cookie, leads to our own login page, where the user continues with the same request.
pub(crate) async fn callback(visit: &Visit<'_>) -> Result<Response, Error> {
    let params = Params::of_body(visit.request)?;
    let context: Value = serde_json::from_str(params.required("wctx")?)
        .map_err(|_| Denial::InvalidParameter("wctx must be JSON".to_owned()))?;
    let state = context.get("state").and_then(Value::as_str);
    let transaction = Transaction::read(visit, state.ok_or(Denial::StaleTransaction)?).await?;
    let client_id = transaction.interaction.client_id();
    let result = params.required("wresult")?;
    let user = ticket::redeem(visit, client_id, result).await?;
    let Some(user) = user else {
        tracing::info!(%client_id, "a login ticket is no good here: the user logs in on our page");
        return Ok(transaction.redirect(Step::LogIn));
    };
    tracing::info!(r#type = event::LOGGED_IN, %client_id, user_id = %user.user_id);
    let before = BrowserSession::load(visit).await?;
    login::resume_logged_in(visit, user, transaction, before.as_ref()).await
}

fn refused(refusal: &Refusal) -> Response {
    tracing::info!(error = refusal.error, reason = %refusal.description, "classic login refused");
    let status = StatusCode::BAD_REQUEST;
    response::json(status, &body(status, refusal.error, &refusal.description))
}

fn denied(error: &Error) -> Response {
    tracing::info!(reason = %error, "classic login refused");
    let error = OAuthError::new(error, Endpoint::ClassicLogin);
    let written = serde_json::to_vec(&body(error.status, error.error, &error.description));
    let mut answer = error.into_response();
    match written {
        Ok(written) => *answer.body_mut() = Bytes::from(written),
        Err(failure) => tracing::error!(error = %failure, "an answer cannot be written as JSON"),
    }
    answer
}

fn body<'a>(status: StatusCode, code: &'a str, description: &'a str) -> Body<'a> {
    let name = match status {
        StatusCode::TOO_MANY_REQUESTS => "AnomalyDetected",
        _ => "ValidationError",
    };
    Body {
        name,
        code,
        description,
        status_code: status.as_u16(),
    }
}
