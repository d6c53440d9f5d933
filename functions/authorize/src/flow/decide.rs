//! The next step of a checked request: a page, tokens, or an error. The decision is the same for a browser that has
//! just arrived and for one that returns from the login.

use ratchet_domain::{
    authorization::{
        AuthorizationRequest, Grant, Next, Questions, needs_confirmation, needs_consent,
        still_grantable,
    },
    consent::Basis,
    error::Error,
    resource::enforced,
    settings::Settings,
    user::User,
};

use super::{
    approved::{Approved, Return},
    outcome::Outcome,
};
use crate::{
    error::Refusal,
    session::{browser::BrowserSession, transaction::Step},
    visit::{ClientAndApi, Visit},
};

/// The decision about a request.
pub(crate) enum Decision {
    /// The request has passed all checks and questions.
    Approved(Box<Approved>),
    /// The interaction stops here.
    Stop(Outcome),
}

/// Decides on a request in the browser's session.
pub(crate) async fn decide(
    visit: &Visit<'_>,
    asked: AuthorizationRequest,
    session: Option<BrowserSession>,
    came_back: Option<Return>,
) -> Result<Decision, Error> {
    let both = visit
        .client_and_api(&asked.client_id, asked.audience.as_ref())
        .await?;
    let settings = visit.app.settings().await?;
    let questions = questions(&asked, &both, &settings);
    let grant = match &session {
        Some(session) if questions.consent => grant(visit, session, &asked).await?,
        _ => None,
    };
    let user = session.as_ref().map(|session| &session.user);
    let possible = as_things_are(&asked, &both, user);
    let stored = session.as_ref().map(|session| &session.stored);
    let next = possible.decide(stored, questions, grant.as_ref(), visit.now());
    let outcome = match (next, session) {
        (Next::Issue, Some(session)) => {
            return Ok(Decision::Approved(Box::new(Approved {
                asked: possible,
                both,
                session,
                settings,
                // The consent of this decision, not a later one.
                basis: grant.as_ref().map_or(Basis::Unasked, Basis::of),
                came_back,
            })));
        }
        (Next::AskConsent, Some(_)) => Outcome::go_to(Step::Consent, possible),
        (Next::AskConfirmation, Some(_)) => Outcome::go_to(Step::Confirm, asked),
        (Next::LoginRequired, _) => Outcome::refuse(asked, Refusal::login_required()),
        (Next::ConsentRequired, _) => Outcome::refuse(asked, Refusal::consent_required()),
        (Next::LogIn | Next::Issue | Next::AskConsent | Next::AskConfirmation, _) => {
            Outcome::go_to(Step::LogIn, asked)
        }
    };
    Ok(Decision::Stop(outcome))
}

/// The questions that the user has to answer.
fn questions(
    asked: &AuthorizationRequest,
    ClientAndApi { client, api }: &ClientAndApi,
    settings: &Settings,
) -> Questions {
    let needs_consent = needs_consent(client, api.as_deref()) || asked.prompt.consent;
    Questions {
        consent: !asked.pipeline.is_legacy() && needs_consent,
        confirmation: needs_confirmation(client, &asked.redirect_uri, settings),
    }
}

/// The request with the scopes that this user may have; a refresh token only if client and API still allow one. The
/// original request is kept for the login of another user, who may have other scopes.
fn as_things_are(
    asked: &AuthorizationRequest,
    ClientAndApi { client, api }: &ClientAndApi,
    user: Option<&User>,
) -> AuthorizationRequest {
    let (api, device) = (api.as_deref(), asked.device.as_ref());
    let scope = still_grantable(client, api, asked.pipeline, device, &asked.scope);
    let scope = match (api, user) {
        (Some(api), Some(user)) => enforced(api, user, &scope),
        _ => scope,
    };
    AuthorizationRequest {
        scope,
        ..asked.clone()
    }
}

async fn grant(
    visit: &Visit<'_>,
    session: &BrowserSession,
    asked: &AuthorizationRequest,
) -> Result<Option<Grant>, Error> {
    let (user_id, audience) = (session.user_id(), asked.audience.as_ref());
    let store = &visit.app.store;
    Ok(store
        .load_grant(user_id, &asked.client_id, audience)
        .await?)
}
