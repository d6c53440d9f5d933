//! The end of a login: the tenant's scripts run, and the client gets what it asked for.

use ratchet_domain::{
    code::AuthorizationCode,
    consent::Basis,
    error::Error,
    ids::CodeId,
    sealed::{Owned, Purpose},
};
use ratchet_system::random;
use ratchet_telemetry::event;

use super::{
    answer::Reply,
    approved::{Approved, Issuable},
    continuation, front_channel,
    outcome::Outcome,
    scripts::{self, Answer},
};
use crate::{
    error::{AuthorizeError, Refusal},
    visit::Visit,
};

/// Runs the tenant's scripts and then issues. The scripts run last, so that they run once per login and only after
/// all other checks. Nothing but the metadata that they set is written before they have finished.
pub(crate) async fn issue(visit: &Visit<'_>, approved: Approved) -> Result<Outcome, Error> {
    if let Err(blocked) = approved.session.user.active() {
        let refusal = Refusal::new("unauthorized", blocked.to_string());
        return Ok(Outcome::refuse(approved.asked, refusal));
    }
    match scripts::run(visit, &approved).await {
        Ok(Answer::Effects(effects)) => issue_to_client(visit, approved.with(*effects)).await,
        Ok(Answer::Redirect(redirect)) => {
            let url = continuation::begin(visit, &approved, &redirect).await?;
            Ok(Outcome::Redirect(url))
        }
        Err(AuthorizeError::ForClient(refusal)) => Ok(Outcome::refuse(approved.asked, refusal)),
        Err(AuthorizeError::ForUser(error)) => Err(error),
    }
}

async fn issue_to_client(visit: &Visit<'_>, login: Issuable) -> Result<Outcome, Error> {
    let Approved { asked, session, .. } = &login.approved;
    if let Some(outcome) = touch(visit, &login.approved).await? {
        return Ok(outcome);
    }
    let code = if asked.response_type.code {
        Some(new_code(visit, &login).await?)
    } else {
        None
    };
    let new = front_channel::new_family(visit, &login).await?;
    let tokens = front_channel::tokens(visit, &login, code.as_deref(), new.as_ref()).await?;
    if let Some(new) = &new
        && !visit.app.put_family(&new.family, visit.at).await?
    {
        return Ok(Outcome::log_in_again(login.approved.asked));
    }
    let refresh_token = new.map(|new| new.refresh_token);
    if asked.prompt.none {
        let (client_id, user_id) = (&asked.client_id, session.user_id());
        tracing::info!(r#type = event::SILENT_LOGIN, %client_id, %user_id);
    }
    let parameters = front_channel::parameters(asked, code, tokens, refresh_token);
    Ok(Outcome::Issue(Reply::from(asked), parameters))
}

/// Records the browser's visit before anything is issued: codes and tokens must belong to an existing session, and
/// tokens that rest on a consent to an existing consent. A code is checked against its consent when it is exchanged.
/// Returns an outcome if session or consent has ended.
async fn touch(visit: &Visit<'_>, approved: &Approved) -> Result<Option<Outcome>, Error> {
    let Approved {
        asked,
        session,
        settings,
        ..
    } = approved;
    if asked.response_type.gives_tokens() && approved.basis != Basis::Unasked {
        let rests_on = approved.rests_on();
        let touched = session.touch_on(visit, &rests_on, settings).await?;
        return Ok((!touched).then(|| Outcome::decide_again(asked.clone())));
    }
    let touched = session.touch(visit, &asked.client_id, settings).await?;
    Ok((!touched).then(|| Outcome::log_in_again(asked.clone())))
}

/// Stores a code and returns its text.
async fn new_code(visit: &Visit<'_>, login: &Issuable) -> Result<String, Error> {
    let Approved {
        asked,
        session,
        basis,
        ..
    } = &login.approved;
    let id = CodeId::from_bytes(random());
    let code = AuthorizationCode::issue(
        asked,
        &session.stored,
        session.issued_in(),
        *basis,
        login.effects.clone(),
        visit.now(),
    );
    visit.app.store.put_code(id, &code).await?;
    let (keyring, key) = visit.app.active_key().await;
    let owned = Owned {
        user_id: session.user_id().clone(),
        id: *id.as_bytes(),
    };
    Ok(keyring.seal(
        key,
        Purpose::AuthorizationCode,
        "",
        random(),
        &owned.to_bytes(),
    )?)
}
