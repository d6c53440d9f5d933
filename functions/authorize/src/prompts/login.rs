//! The hosted login page, `/u/login`.

use http::StatusCode;
use ratchet_core::PasswordLogin;
use ratchet_domain::{
    denial::Denial, error::Error, interaction::Interaction, secret::Secret, user::User,
};
use ratchet_protocol::{Response, params::Params, quota};
use ratchet_telemetry::event;

use crate::{
    flow::outcome::Outcome,
    pages::{FormTarget, LoginPage, form::Form, screen::Screen},
    session::{
        binding,
        browser::{self, BrowserSession},
        form_token::{FormToken, UNMATCHED},
        transaction::{Step, Transaction},
    },
    visit::Visit,
};

/// Shown for a wrong name as well as for a wrong password, so that attackers cannot enumerate names.
const WRONG: &str = "Wrong email or password.";
/// Shown after too many failures, even for the correct password.
const BLOCKED: &str = "Your account has been blocked after multiple consecutive login attempts. \
                       Please contact the administrator.";
/// Shown to an address from which too many logins have failed.
const SUSPICIOUS: &str = "We have detected suspicious login behavior and further attempts will be blocked. \
                          Please contact the administrator.";
/// Shown if logins follow one another too fast.
const THROTTLED: &str = "Too many login attempts. Please wait a minute and try again.";

/// `GET /u/login`
pub(crate) async fn show(visit: &Visit<'_>) -> Result<Outcome, Error> {
    let transaction = Transaction::open(visit).await?;
    let shown = Shown {
        username: transaction.interaction.login_hint().unwrap_or_default(),
        error: None,
        status: StatusCode::OK,
    };
    Ok(Outcome::Page(page(visit, &transaction, &shown).await?))
}

/// `POST /u/login`
pub(crate) async fn submit(visit: &Visit<'_>) -> Result<Outcome, Error> {
    let transaction = Transaction::open(visit).await?;
    let session = BrowserSession::load(visit).await?;
    let params = Params::of_body(visit.request)?;
    let username = params.text("username")?.unwrap_or_default();
    if !FormToken::matches_first(visit, &params, &transaction.state, session.as_ref()).await? {
        let shown = Shown {
            username,
            error: Some(UNMATCHED),
            status: StatusCode::FORBIDDEN,
        };
        return Ok(Outcome::Page(page(visit, &transaction, &shown).await?));
    }
    let entered = Entered {
        username,
        password: Secret::new(params.text("password")?.unwrap_or_default()),
    };
    let answered = match check(visit, &transaction.interaction, &entered).await {
        Ok(user) => {
            let client_id = transaction.interaction.client_id();
            tracing::info!(r#type = event::LOGGED_IN, %client_id, user_id = %user.user_id);
            resume_logged_in(visit, user, transaction, session.as_ref()).await
        }
        Err(Error::Denied(Denial::UserBlocked)) => {
            return Ok(Outcome::Blocked(transaction.interaction));
        }
        Err(error) => again(visit, &transaction, entered.username, error).await,
    };
    answered.map(Outcome::Page)
}

/// The user's entries in the form.
struct Entered<'a> {
    username: &'a str,
    password: Secret,
}

async fn check(
    visit: &Visit<'_>,
    interaction: &Interaction,
    entered: &Entered<'_>,
) -> Result<User, Error> {
    let client_id = interaction.client_id();
    let both = visit
        .client_and_api(client_id, interaction.audience())
        .await?;
    let connection = visit
        .app
        .login_connection(interaction.connection(), &both.client)
        .await?;
    let login = PasswordLogin {
        client_id,
        connection: &connection.name,
        username: entered.username,
        password: &entered.password,
        address: browser::address(visit.request),
    };
    visit.app.check_password(login, visit.at).await
}

/// The page once more, with the reason; or the error, if another page shows it.
async fn again(
    visit: &Visit<'_>,
    transaction: &Transaction,
    username: &str,
    error: Error,
) -> Result<Response, Error> {
    let Error::Denied(denial) = &error else {
        return Err(error);
    };
    let (status, reason) = match denial {
        Denial::WrongPassword => (StatusCode::BAD_REQUEST, WRONG),
        Denial::TooManyAttempts => (StatusCode::TOO_MANY_REQUESTS, BLOCKED),
        Denial::SuspiciousAddress => (StatusCode::TOO_MANY_REQUESTS, SUSPICIOUS),
        Denial::Throttled(_) => (StatusCode::TOO_MANY_REQUESTS, THROTTLED),
        _ => return Err(error),
    };
    let shown = Shown {
        username,
        error: Some(reason),
        status,
    };
    let mut page = page(visit, transaction, &shown).await?;
    if let Denial::Throttled(quota) = denial {
        quota::add_rejection_headers(&mut page, quota);
    }
    Ok(page)
}

/// Begins the user's session and continues the interaction. `before` is the session that the browser had.
pub(crate) async fn resume_logged_in(
    visit: &Visit<'_>,
    user: User,
    transaction: Transaction,
    before: Option<&BrowserSession>,
) -> Result<Response, Error> {
    let settings = visit.app.settings().await?;
    let session = BrowserSession::begin_or_renew(visit, user, &settings).await?;
    let transaction = match transaction.interaction {
        Interaction::Authorize(_) => transaction.confirmed(visit, &session).await?,
        Interaction::Activate(activation) => {
            let carried = binding::carried(visit, activation, before, &session).await?;
            Transaction::begin(visit, carried).await?
        }
    };
    let mut response = transaction.redirect(Step::Resume);
    session.attach(visit, &settings, &mut response).await?;
    Ok(response)
}

/// The variable parts of the page.
struct Shown<'a> {
    username: &'a str,
    error: Option<&'a str>,
    status: StatusCode,
}

async fn page(
    visit: &Visit<'_>,
    transaction: &Transaction,
    shown: &Shown<'_>,
) -> Result<Response, Error> {
    let interaction = &transaction.interaction;
    let both = visit
        .client_and_api(interaction.client_id(), interaction.audience())
        .await?;
    let session = BrowserSession::load(visit).await?;
    let form = Form {
        state: &transaction.state,
        session: session.as_ref(),
        status: shown.status,
        target: FormTarget::of(interaction),
    };
    let render = |screen: &Screen, csrf: &str| {
        LoginPage {
            branding: screen.branding(),
            nonce: &screen.nonce,
            application: &both.client.name,
            state: &transaction.state,
            csrf,
            username: shown.username,
            error: shown.error,
        }
        .render()
    };
    form.page(visit, render).await
}
