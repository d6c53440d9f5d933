//! The next step of an activation: a page, or the device is connected. The decision is the same for a browser that
//! has just confirmed and for one that returns from the login.

use ratchet_domain::{
    consent::Basis,
    device::{Activation, Approval, DeviceGrant, needs_consent},
    error::Error,
};
use ratchet_store::CommitError;

use super::ends;
use crate::{
    flow::outcome::Outcome,
    session::{binding::BrowserBinding, browser::BrowserSession, transaction::Step},
    visit::{ClientAndApi, Visit},
};

/// Decides, and connects the device if the user has nothing left to do.
pub(crate) async fn decide(
    visit: &Visit<'_>,
    activation: Activation,
    session: Option<BrowserSession>,
) -> Result<Outcome, Error> {
    if !BrowserBinding::matches(visit, session.as_ref(), &activation).await {
        return Ok(Outcome::go_to(Step::ConfirmDevice, activation));
    }
    let both = visit
        .client_and_api(&activation.client_id, activation.audience.as_ref())
        .await?;
    let Some(device) = visit.app.store.load_device(activation.device_id).await? else {
        return over(visit, &activation).await;
    };
    if let Some(session) = &session
        && device.was_approved_in(session.sid())
    {
        return connected(visit, &both).await;
    }
    if !device.is_open(visit.now()) {
        return over(visit, &activation).await;
    }
    let Some(session) = session else {
        return Ok(Outcome::go_to(Step::LogIn, activation));
    };
    if session.user.active().is_err() {
        return Ok(Outcome::Blocked(activation.into()));
    }
    connect(visit, activation, &both, &device, &session).await
}

/// Connects the device to the user of a session, if the user agrees.
async fn connect(
    visit: &Visit<'_>,
    activation: Activation,
    both: &ClientAndApi,
    device: &DeviceGrant,
    session: &BrowserSession,
) -> Result<Outcome, Error> {
    let Some(basis) = agreed(visit, &activation, both, session).await? else {
        return Ok(Outcome::go_to(Step::Consent, activation));
    };
    // Before the approval, so that the device's tokens belong to an existing session.
    let settings = visit.app.settings().await?;
    if !session
        .touch(visit, &activation.client_id, &settings)
        .await?
    {
        return Ok(Outcome::go_to(Step::LogIn, activation));
    }
    let approval = Approval {
        user_id: session.user_id().clone(),
        session_id: session.sid().clone(),
        issued_in: session.issued_in(),
        auth_time: session.stored.authenticated_at,
        basis,
    };
    match approve(visit, &activation, device, approval).await {
        Ok(()) => connected(visit, both).await,
        Err(CommitError::Conflict) => over(visit, &activation).await,
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

/// The consent that the approval rests on; `None` if the user has to consent first.
async fn agreed(
    visit: &Visit<'_>,
    activation: &Activation,
    both: &ClientAndApi,
    session: &BrowserSession,
) -> Result<Option<Basis>, Error> {
    if !needs_consent(&both.client, both.api.as_deref()) {
        return Ok(Some(Basis::Unasked));
    }
    let (user_id, audience) = (session.user_id(), activation.audience.as_ref());
    let grant = visit
        .app
        .store
        .load_grant(user_id, &activation.client_id, audience)
        .await?;
    let agreed = grant.filter(|grant| activation.scope.is_subset(&grant.scope));
    Ok(agreed.as_ref().map(Basis::of))
}

/// Stores the approval with a conditional write: of two users who confirm at once, only one connects the device.
async fn approve(
    visit: &Visit<'_>,
    activation: &Activation,
    device: &DeviceGrant,
    approval: Approval,
) -> Result<(), CommitError> {
    let (id, user_id) = (activation.device_id, approval.user_id.clone());
    visit.app.store.approve_device(id, device, approval).await?;
    tracing::info!(
        client_id = %activation.client_id,
        device_id = %id,
        %user_id,
        "a device is connected"
    );
    Ok(())
}

async fn connected(visit: &Visit<'_>, both: &ClientAndApi) -> Result<Outcome, Error> {
    let page = ends::connected(visit, &both.client.name).await;
    Ok(Outcome::Page(page))
}

async fn over(visit: &Visit<'_>, activation: &Activation) -> Result<Outcome, Error> {
    Ok(Outcome::Page(ends::over(visit, activation).await))
}
