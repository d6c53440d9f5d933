//! What happens next to a checked request: a page, a code, or a refusal. The same for a browser that
//! just arrived and for one that comes back from logging in.

use shared::{
    domain::{
        authorization::{
            AuthorizationRequest, Grant, Next, Questions, needs_confirmation, needs_consent,
            still_grantable,
        },
        client::Client,
        consent::Basis,
        denial::Denial,
        ids::{Audience, ClientId},
        interaction::Interaction,
        resource::enforced,
        resource_server::ResourceServer,
        user::User,
    },
    http::{Response, response},
    telemetry::event,
};

use crate::{
    answer::{self, Refusal, Reply},
    browser::BrowserSession,
    device,
    issue::{Granted, issue},
    transaction::Transaction,
    visit::Visit,
};

/// By which way a browser comes to the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// With a request at `/authorize`, perhaps by way of our pages.
    Request,
    /// From where a script had sent it; the position of the Action, if it was one.
    Elsewhere(Option<usize>),
}

/// `GET /authorize/resume`: the browser comes back from a page.
pub(crate) async fn handle(visit: &Visit<'_>) -> Result<Response, Denial> {
    let transaction = Transaction::open(visit).await?;
    match transaction.interaction {
        Interaction::Authorize(asked) => {
            let reply = Reply::from(&*asked);
            let answered = proceed(visit, *asked, Arrival::Request).await;
            answer::or_tell(visit, &reply, answered).await
        }
        Interaction::Activate(activation) => device::resume::proceed(visit, activation).await,
    }
}

/// Decides and does it, with the session that the browser has.
pub(crate) async fn proceed(
    visit: &Visit<'_>,
    checked: AuthorizationRequest,
    arrival: Arrival,
) -> Result<Response, Denial> {
    let session = BrowserSession::load(visit).await?;
    proceed_with(visit, checked, session, arrival).await
}

/// Decides and does it, with a session that the browser may not have the cookie of yet.
pub(crate) async fn proceed_with(
    visit: &Visit<'_>,
    checked: AuthorizationRequest,
    session: Option<BrowserSession>,
    arrival: Arrival,
) -> Result<Response, Denial> {
    let parties = Parties::load(visit, &checked.client_id, checked.audience.as_ref()).await?;
    let Parties { client, api } = &parties;
    let settings = visit.app.settings().await?;
    let asks = !checked.pipeline.is_legacy()
        && (needs_consent(client, api.as_deref()) || checked.prompt.consent);
    let questions = Questions {
        consent: asks,
        confirmation: needs_confirmation(client, &checked.redirect_uri, &settings),
    };
    let grant = match &session {
        Some(session) if asks => grant(visit, session, &checked).await?,
        _ => None,
    };
    let user = session.as_ref().map(|session| &session.user);
    let theirs = as_things_are(&checked, &parties, user);
    let known = session.as_ref().map(|session| &session.session);
    let next = theirs.decide(known, questions, grant.as_ref(), visit.at.now);
    match (next, session) {
        (Next::Issue, Some(session)) => {
            // The consent that was decided on, and no later one.
            let basis = grant.as_ref().map_or(Basis::Unasked, Basis::of);
            let granted = Granted {
                checked: theirs,
                parties,
                session,
                settings: &settings,
                basis,
                arrival,
            };
            // Boxed: the largest part of it, and not of every visit.request.
            Box::pin(issue(visit, granted)).await
        }
        (Next::AskConsent, Some(_)) => go_to(visit, "/u/consent", theirs).await,
        (Next::AskConfirmation, Some(_)) => go_to(visit, "/u/confirm", checked).await,
        (Next::LoginRequired, _) => {
            let refusal = Refusal::new("login_required", "Login required");
            refuse(visit, &checked, refusal).await
        }
        (Next::ConsentRequired, _) => {
            let refusal = Refusal::new("consent_required", "Consent required");
            refuse(visit, &checked, refusal).await
        }
        (Next::LogIn | Next::Issue | Next::AskConsent | Next::AskConfirmation, _) => {
            go_to(visit, "/u/login", checked).await
        }
    }
}

/// The request as far as this user may have what it asks for, and client and API still allow a refresh token. Another user
/// who logs in instead may have something else.
fn as_things_are(
    checked: &AuthorizationRequest,
    Parties { client, api }: &Parties,
    user: Option<&User>,
) -> AuthorizationRequest {
    let (api, device) = (api.as_deref(), checked.device.as_ref());
    let scope = still_grantable(client, api, checked.pipeline, device, &checked.scope);
    let scope = match (api, user) {
        (Some(api), Some(user)) => enforced(api, user, &scope),
        _ => scope,
    };
    AuthorizationRequest {
        scope,
        ..checked.clone()
    }
}

/// What the consent page and the decision need to know of the request's two ends.
pub(crate) struct Parties {
    pub(crate) client: std::sync::Arc<Client>,
    pub(crate) api: Option<std::sync::Arc<ResourceServer>>,
}

impl Parties {
    pub(crate) async fn load(
        visit: &Visit<'_>,
        client_id: &ClientId,
        audience: Option<&Audience>,
    ) -> Result<Self, Denial> {
        let client = visit.app.client(client_id).await?;
        Ok(Self {
            client: client.ok_or_else(|| Denial::UnknownClient(client_id.to_string()))?,
            api: visit.app.api_for(audience).await?,
        })
    }
}

/// Tells the application, and the log where a page could not be shown.
pub(crate) async fn refuse(
    visit: &Visit<'_>,
    checked: &AuthorizationRequest,
    refusal: Refusal,
) -> Result<Response, Denial> {
    if checked.prompt.none {
        let client_id = &checked.client_id;
        let error = refusal.error;
        tracing::info!(r#type = event::SILENT_LOGIN_FAILED, %client_id, error);
    }
    answer::refuse(visit, &Reply::from(checked), refusal).await
}

/// For want of a session.
pub(crate) async fn log_in(
    visit: &Visit<'_>,
    checked: &AuthorizationRequest,
) -> Result<Response, Denial> {
    if checked.prompt.none {
        let refusal = Refusal::new("login_required", "Login required");
        return refuse(visit, checked, refusal).await;
    }
    go_to(visit, "/u/login", checked.clone()).await
}

async fn grant(
    visit: &Visit<'_>,
    session: &BrowserSession,
    checked: &AuthorizationRequest,
) -> Result<Option<Grant>, Denial> {
    let user_id = &session.session.user_id;
    let audience = checked.audience.as_ref();
    Ok(visit
        .app
        .store
        .load_grant(user_id, &checked.client_id, audience)
        .await?)
}

pub(crate) async fn go_to(
    visit: &Visit<'_>,
    path: &str,
    checked: AuthorizationRequest,
) -> Result<Response, Denial> {
    let transaction = Transaction::begin(visit, checked).await?;
    Ok(response::redirect(&transaction.address(path)))
}
