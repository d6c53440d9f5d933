//! Consent: `/u/consent` ([Auth0's rules]).
//!
//! [Auth0's rules]: https://auth0.com/docs/get-started/applications/third-party-applications/user-consent-and-third-party-applications

use http::StatusCode;
use shared::{
    app::App,
    domain::{
        authorization::{AuthorizationRequest, Grant},
        client::RedirectionPolicy,
        denial::Denial,
    },
    http::{Request, Response, params::Params, response},
};

use crate::{
    answer::{self, Refusal, Reply},
    browser::BrowserSession,
    pages::{ConsentPage, ScopeLine},
    permissions,
    resume::Parties,
    screen::Screen,
    transaction::{FormToken, Transaction},
};

/// `GET /u/consent`
pub(crate) async fn show(app: &App, request: &Request) -> Result<Response, Denial> {
    let at = app.moment(request);
    let transaction = Transaction::open(app, request, at.now).await?;
    let Some(session) = BrowserSession::load(app, request, at.now).await? else {
        return Ok(response::redirect(
            &transaction.address("/authorize/resume"),
        ));
    };
    let record = app.store.load_user(&session.session.user_id).await?;
    let Some(record) = record else {
        return Ok(response::redirect(
            &transaction.address("/authorize/resume"),
        ));
    };
    let parties = Parties::load(app, &transaction.request).await?;
    let screen = Screen::new(app, request).await;
    let token = FormToken::issue(app, request, &transaction.state).await?;
    let lines = permissions::lines(
        &transaction.request.scope,
        parties.api.as_deref(),
        screen.settings.consent_words,
    );
    let scopes: Vec<_> = lines.iter().map(ScopeLine::from).collect();
    let html = ConsentPage {
        branding: screen.branding(),
        nonce: &screen.nonce,
        application: &parties.client.name,
        user: record.user.display_name(),
        api: parties.api.as_ref().map(|api| api.name.as_str()),
        scopes: &scopes,
        state: &transaction.state,
        csrf: &token.value,
    }
    .render();
    let mut page = screen.page(
        StatusCode::OK,
        html,
        Some(&transaction.request.redirect_uri),
    );
    token.attach(&mut page);
    Ok(page)
}

/// `POST /u/consent`
pub(crate) async fn submit(app: &App, request: &Request) -> Result<Response, Denial> {
    let at = app.moment(request);
    let transaction = Transaction::open(app, request, at.now).await?;
    let params = Params::of_body(request)?;
    FormToken::verify(app, request, &params, &transaction.state).await?;
    let checked = &transaction.request;
    match params.text("action")? {
        Some("accept") => {}
        Some("deny") => {
            return decline(app, request, checked).await;
        }
        _ => {
            return Err(Denial::InvalidParameter(
                "action must be accept or deny".to_owned(),
            ));
        }
    }
    if let Some(session) = BrowserSession::load(app, request, at.now).await? {
        let user_id = &session.session.user_id;
        let audience = checked.audience.as_ref();
        let before = app
            .store
            .load_grant(user_id, &checked.client_id, audience)
            .await?;
        let scope = before
            .map(|grant| grant.scope)
            .unwrap_or_default()
            .union(&checked.scope);
        let grant = Grant {
            scope,
            granted_at: at.now,
        };
        app.store
            .put_grant(user_id, &checked.client_id, audience, &grant)
            .await?;
    }
    Ok(response::redirect(
        &transaction.address("/authorize/resume"),
    ))
}

/// The user said no. Whether the application hears of it is its `redirection_policy`: one that is
/// protected gives strangers no way of sending a browser on to it.
async fn decline(
    app: &App,
    request: &Request,
    checked: &AuthorizationRequest,
) -> Result<Response, Denial> {
    let client = app.client(&checked.client_id).await?;
    let policy = client.map(|client| client.redirection_policy);
    if policy == Some(RedirectionPolicy::OpenRedirectProtection) {
        return Err(Denial::Declined);
    }
    let reply = Reply::from(checked);
    answer::refuse(app, request, &reply, Refusal::new("access_denied", "")).await
}
