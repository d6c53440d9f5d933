//! The hosted login: `/u/login`.

use http::StatusCode;
use shared::{
    app::PasswordLogin,
    domain::{denial::Denial, secret::Secret, user::User},
    http::{Response, params::Params, quota, response},
    telemetry::event,
};

use crate::{
    browser::{self, BrowserSession},
    pages::{FormLeads, LoginPage},
    resume::Parties,
    screen::Screen,
    transaction::{FormToken, Transaction, UNMATCHED},
    visit::Visit,
};

/// Said whether the name or the password is wrong, so that names cannot be fished for.
const WRONG: &str = "Wrong email or password.";
/// Said after too many failures, even to the right password.
const BLOCKED: &str = "Your account has been blocked after multiple consecutive login attempts. \
                       Please contact the administrator.";
/// Said at an address from which too many logins have failed.
const SUSPICIOUS: &str = "We have detected suspicious login behavior and further attempts will be blocked. \
                          Please contact the administrator.";
/// Said when logins follow one another too fast.
const THROTTLED: &str = "Too many login attempts. Please wait a minute and try again.";

/// `GET /u/login`
pub(crate) async fn show(visit: &Visit<'_>) -> Result<Response, Denial> {
    let transaction = Transaction::open(visit).await?;
    let hint = transaction.interaction.login_hint().unwrap_or_default();
    page(
        visit,
        &transaction,
        &Shown {
            username: hint,
            error: None,
            status: StatusCode::OK,
        },
    )
    .await
}

/// `POST /u/login`
pub(crate) async fn submit(visit: &Visit<'_>) -> Result<Response, Denial> {
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
        return page(visit, &transaction, &shown).await;
    }
    let entered = Entered {
        username,
        password: Secret::new(params.text("password")?.unwrap_or_default()),
    };
    match check(visit, &transaction, &entered).await {
        Ok(user) => {
            let client_id = transaction.interaction.client_id();
            tracing::info!(r#type = event::LOGGED_IN, %client_id, user_id = %user.user_id);
            welcome(visit, user, transaction, session.as_ref()).await
        }
        Err(Denial::UserBlocked) => transaction.block(visit).await,
        Err(denial) => again(visit, &transaction, entered.username, denial).await,
    }
}

/// What was typed.
struct Entered<'a> {
    username: &'a str,
    password: Secret,
}

async fn check(
    visit: &Visit<'_>,
    transaction: &Transaction,
    entered: &Entered<'_>,
) -> Result<User, Denial> {
    let interaction = &transaction.interaction;
    let client_id = interaction.client_id();
    let parties = Parties::load(visit, client_id, interaction.audience()).await?;
    let connection = visit
        .app
        .login_connection(interaction.connection(), &parties.client)
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

/// The page once more, with what is wrong; or the denial, if that is for another page.
async fn again(
    visit: &Visit<'_>,
    transaction: &Transaction,
    username: &str,
    denial: Denial,
) -> Result<Response, Denial> {
    let (status, error) = match &denial {
        Denial::WrongPassword => (StatusCode::BAD_REQUEST, WRONG),
        Denial::TooManyAttempts => (StatusCode::TOO_MANY_REQUESTS, BLOCKED),
        Denial::SuspiciousAddress => (StatusCode::TOO_MANY_REQUESTS, SUSPICIOUS),
        Denial::Throttled(_) => (StatusCode::TOO_MANY_REQUESTS, THROTTLED),
        _ => return Err(denial),
    };
    let shown = Shown {
        username,
        error: Some(error),
        status,
    };
    let mut page = page(visit, transaction, &shown).await?;
    if let Denial::Throttled(quota) = &denial {
        quota::tell_refused(&mut page, quota);
    }
    Ok(page)
}

/// A session begins, and the browser goes on with its request. `before` is the session that the browser came with.
pub(crate) async fn welcome(
    visit: &Visit<'_>,
    user: User,
    transaction: Transaction,
    before: Option<&BrowserSession>,
) -> Result<Response, Denial> {
    let settings = visit.app.settings().await?;
    let session = BrowserSession::log_in(visit, user, &settings).await?;
    let transaction = transaction.logged_in(visit, before, &session).await?;
    let mut response = response::redirect(&transaction.address("/authorize/resume"));
    session.attach(visit, &settings, &mut response).await?;
    Ok(response)
}

/// What the page says beyond the form itself.
struct Shown<'a> {
    username: &'a str,
    error: Option<&'a str>,
    status: StatusCode,
}

async fn page(
    visit: &Visit<'_>,
    transaction: &Transaction,
    shown: &Shown<'_>,
) -> Result<Response, Denial> {
    let interaction = &transaction.interaction;
    let parties = Parties::load(visit, interaction.client_id(), interaction.audience()).await?;
    let screen = Screen::new(visit).await;
    let session = BrowserSession::load(visit).await?;
    let token = FormToken::issue(visit, &transaction.state, session.as_ref()).await?;
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
    let mut response = screen.page(shown.status, html, FormLeads::of(interaction));
    token.attach(&mut response);
    Ok(response)
}
