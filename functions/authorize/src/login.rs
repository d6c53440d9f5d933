//! The hosted login: `/u/login`.

use std::sync::OnceLock;

use http::StatusCode;
use shared::{
    adapters::dynamo::LoginRecord,
    app::App,
    domain::{
        denial::Denial,
        ids::{ConnectionName, UserId},
        secret::Secret,
        settings::Settings,
    },
    http::{Request, Response, params::Params, response},
    password::{PasswordHash, Verification},
    system::random,
    telemetry::event,
};

use crate::{
    browser::BrowserSession,
    pages::LoginPage,
    resume::Parties,
    screen::Screen,
    transaction::{FormToken, Transaction},
};

/// The user database of tenants that name none (Auth0's name for the first one it makes).
const DEFAULT_CONNECTION: &str = "Username-Password-Authentication";

/// Said whether the name or the password is wrong, so that names cannot be fished for.
const WRONG: &str = "Wrong email or password.";

/// `GET /u/login`
pub(crate) async fn show(app: &App, request: &Request) -> Result<Response, Denial> {
    let transaction = Transaction::open(app, request, app.moment(request).now).await?;
    let hint = transaction.errand.login_hint().unwrap_or_default();
    page(
        app,
        request,
        &transaction,
        &Shown {
            username: hint,
            error: None,
        },
    )
    .await
}

/// `POST /u/login`
pub(crate) async fn submit(app: &App, request: &Request) -> Result<Response, Denial> {
    let at = app.moment(request);
    let transaction = Transaction::open(app, request, at.now).await?;
    let params = Params::of_body(request)?;
    FormToken::verify(app, request, &params, &transaction.state).await?;
    let username = params.text("username")?.unwrap_or_default();
    let password = Secret::new(params.text("password")?.unwrap_or_default());
    let settings = app.settings().await?;
    match check(app, &settings, username, password, &transaction).await? {
        Outcome::Welcome(user_id) => {
            let session = BrowserSession::log_in(app, request, &user_id, &settings, at.now).await?;
            let mut response = response::redirect(&transaction.address("/authorize/resume"));
            session.attach(app, &settings, &mut response).await?;
            Ok(response)
        }
        Outcome::Blocked(user_id) => transaction.block(app, request, &user_id).await,
        Outcome::Wrong => {
            page(
                app,
                request,
                &transaction,
                &Shown {
                    username,
                    error: Some(WRONG),
                },
            )
            .await
        }
    }
}

/// What a name and a password led to.
enum Outcome {
    Welcome(UserId),
    Blocked(UserId),
    Wrong,
}

async fn check(
    app: &App,
    settings: &Settings,
    username: &str,
    password: Secret,
    transaction: &Transaction,
) -> Result<Outcome, Denial> {
    let client_id = transaction.errand.client_id();
    let connection = match &settings.default_directory {
        Some(connection) => connection.clone(),
        None => ConnectionName::parse(DEFAULT_CONNECTION)
            .map_err(|e| Denial::Internal(e.to_string()))?,
    };
    let record = app.store.load_login(&connection, username).await?;
    let hash = record
        .as_ref()
        .and_then(|record| record.password_hash.clone());
    let known = hash.is_some();
    // Hashing is slow on purpose: it takes a thread of its own, and happens for unknown names too.
    let verification = {
        let password = password.clone();
        tokio::task::spawn_blocking(move || match hash.or_else(decoy) {
            Some(hash) => hash.verify(&password),
            None => Verification::Mismatch,
        })
        .await
        .map_err(|e| Denial::Internal(e.to_string()))?
    };
    match (record, verification) {
        (Some(record), Verification::Match | Verification::MatchOutdated) if known => {
            let user_id = record.user.user_id.clone();
            if record.user.blocked {
                return Ok(Outcome::Blocked(user_id));
            }
            if verification == Verification::MatchOutdated {
                rehash(app, &record, &password).await?;
            }
            tracing::info!(r#type = event::LOGGED_IN, %client_id, %user_id);
            Ok(Outcome::Welcome(user_id))
        }
        (Some(record), _) => {
            let user_id = &record.user.user_id;
            tracing::warn!(r#type = event::WRONG_PASSWORD, %client_id, %user_id);
            Ok(Outcome::Wrong)
        }
        (None, _) => {
            tracing::warn!(r#type = event::WRONG_USER_NAME, %client_id);
            Ok(Outcome::Wrong)
        }
    }
}

/// An imported hash gives way to one of ours, now that the password is at hand.
async fn rehash(app: &App, record: &LoginRecord, password: &Secret) -> Result<(), Denial> {
    let password = password.clone();
    let hash = tokio::task::spawn_blocking(move || PasswordHash::hash(&password, random()))
        .await
        .map_err(|e| Denial::Internal(e.to_string()))?
        .map_err(|e| Denial::Internal(e.to_string()))?;
    Ok(app.store.commit_password_hash(record, &hash).await?)
}

/// A hash that no password matches, to take the time that a real one would.
fn decoy() -> Option<PasswordHash> {
    static DECOY: OnceLock<Option<PasswordHash>> = OnceLock::new();
    DECOY
        .get_or_init(|| {
            let nobody = format!("{:?}", random::<32>());
            PasswordHash::hash(&Secret::new(nobody), random()).ok()
        })
        .clone()
}

/// What the page says beyond the form itself.
struct Shown<'a> {
    username: &'a str,
    error: Option<&'a str>,
}

async fn page(
    app: &App,
    request: &Request,
    transaction: &Transaction,
    shown: &Shown<'_>,
) -> Result<Response, Denial> {
    let errand = &transaction.errand;
    let parties = Parties::load(app, errand.client_id(), errand.audience()).await?;
    let screen = Screen::new(app, request).await;
    let token = FormToken::issue(app, request, &transaction.state).await?;
    let html = LoginPage {
        branding: screen.branding(),
        nonce: &screen.nonce,
        application: &parties.client.name,
        state: &transaction.state,
        csrf: &token.value,
        username: shown.username,
        error: shown.error,
    }
    .render();
    let status = if shown.error.is_some() {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    let mut response = screen.page(status, html, errand.redirect_uri());
    token.attach(&mut response);
    Ok(response)
}
