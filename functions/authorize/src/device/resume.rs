//! What happens next to a confirmed user code: a page, or the device is connected. The same for a
//! browser that just confirmed and for one that comes back from logging in.

use http::StatusCode;
use shared::{
    adapters::dynamo::CommitError,
    domain::{
        consent::Basis,
        denial::Denial,
        device::{Activation, Approval, DeviceGrant, DeviceState, needs_consent},
    },
    http::{Response, response},
    telemetry::event,
};

use super::{mark, over};
use crate::{
    browser::BrowserSession,
    pages::{DeviceConnectedPage, FormLeads},
    resume::Parties,
    screen::Screen,
    transaction::Transaction,
    visit::Visit,
};

/// Decides and does it.
pub(crate) async fn proceed(visit: &Visit<'_>, activation: Activation) -> Result<Response, Denial> {
    let session = BrowserSession::load(visit).await?;
    let confirmed = match &activation.confirmed_in {
        Some(mark) => mark::is_of(visit, session.as_ref(), mark).await,
        None => false,
    };
    if !confirmed {
        return go_to(visit, "/activate/confirm", activation).await;
    }
    let parties = Parties::load(visit, &activation.client_id, activation.audience.as_ref()).await?;
    let Some(device) = visit.app.store.load_device(activation.device_id).await? else {
        return Ok(over(visit, &activation).await);
    };
    if let Some(session) = &session
        && device.was_approved_in(&session.session.session_id)
    {
        return Ok(connected(visit, &parties).await);
    }
    if !device.is_open(visit.at.now) {
        return Ok(over(visit, &activation).await);
    }
    let Some(session) = session else {
        return go_to(visit, "/u/login", activation).await;
    };
    if session.user.active().is_err() {
        return Err(blocked(&activation));
    }
    connect(visit, activation, &parties, &device, &session).await
}

/// Connects the device to the user of a session, if the user agrees.
async fn connect(
    visit: &Visit<'_>,
    activation: Activation,
    parties: &Parties,
    device: &DeviceGrant,
    session: &BrowserSession,
) -> Result<Response, Denial> {
    let Some(basis) = agreed(visit, &activation, parties, session).await? else {
        return go_to(visit, "/u/consent", activation).await;
    };
    // Before anything is approved: what the device gets belongs to a session that is there.
    let settings = visit.app.settings().await?;
    if !session
        .touch(visit, &activation.client_id, &settings)
        .await?
    {
        return go_to(visit, "/u/login", activation).await;
    }
    let approval = Approval {
        user_id: session.session.user_id.clone(),
        session_id: session.session.session_id.clone(),
        issued_in: session.issued_in(),
        auth_time: session.session.authenticated_at,
        basis,
    };
    match approve(visit, &activation, device, approval).await {
        Ok(()) => Ok(connected(visit, parties).await),
        Err(CommitError::Conflict) => Ok(over(visit, &activation).await),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

/// A blocked user connects nothing; somebody else still may.
pub(crate) fn blocked(activation: &Activation) -> Denial {
    tracing::warn!(
        r#type = event::DEVICE_ACTIVATION_FAILED,
        client_id = %activation.client_id,
        device_id = %activation.device_id,
        reason = "the user is blocked",
    );
    Denial::UserBlocked
}

/// The consent that the approval rests on; `None` if the user has to agree first.
async fn agreed(
    visit: &Visit<'_>,
    activation: &Activation,
    parties: &Parties,
    session: &BrowserSession,
) -> Result<Option<Basis>, Denial> {
    if !needs_consent(&parties.client, parties.api.as_deref()) {
        return Ok(Some(Basis::Unasked));
    }
    let (user_id, audience) = (&session.session.user_id, activation.audience.as_ref());
    let grant = visit
        .app
        .store
        .load_grant(user_id, &activation.client_id, audience)
        .await?;
    let agreed = grant.filter(|grant| activation.scope.is_subset(&grant.scope));
    Ok(agreed.as_ref().map(Basis::of))
}

/// Writes down who confirmed. The write is the check: of two who confirm at once, one has the device.
async fn approve(
    visit: &Visit<'_>,
    activation: &Activation,
    device: &DeviceGrant,
    approval: Approval,
) -> Result<(), CommitError> {
    let id = activation.device_id;
    let Approval {
        user_id,
        session_id,
        ..
    } = approval.clone();
    let next = DeviceState::Approved(approval);
    if let Err(failure) = visit.app.store.commit_device(id, device, &next).await {
        // Perhaps the write landed and its answer was lost.
        let after = visit.app.store.load_device(id).await?;
        if !after.is_some_and(|after| after.was_approved_in(&session_id)) {
            return Err(failure);
        }
    }
    tracing::info!(
        client_id = %activation.client_id,
        device_id = %id,
        %user_id,
        "a device is connected"
    );
    Ok(())
}

async fn connected(visit: &Visit<'_>, parties: &Parties) -> Response {
    let screen = Screen::new(visit).await;
    let html = DeviceConnectedPage {
        branding: screen.branding(),
        nonce: &screen.nonce,
        application: &parties.client.name,
    }
    .render();
    screen.page(StatusCode::OK, html, FormLeads::Here)
}

async fn go_to(visit: &Visit<'_>, path: &str, activation: Activation) -> Result<Response, Denial> {
    let transaction = Transaction::begin(visit, activation).await?;
    Ok(response::redirect(&transaction.address(path)))
}
