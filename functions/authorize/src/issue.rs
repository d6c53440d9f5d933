//! The end of a login: the tenant's scripts have their say, and the application gets what it asked for.

use shared::{
    app::Moment,
    domain::{
        authorization::AuthorizationRequest,
        code::{AuthorizationCode, CODE_LIFETIME},
        consent::{Basis, RestsOn},
        denial::Denial,
        grant::GrantKey,
        ids::CodeId,
        login_flow::Effects,
        sealed::{Owned, Purpose},
        settings::Settings,
        user::User,
    },
    http::Response,
    system::random,
    telemetry::event,
};

use crate::{
    answer::{self, Refusal, Reply},
    browser::BrowserSession,
    continuation, front_channel,
    resume::{Arrival, Parties, go_to, log_in, refuse},
    scripts::{self, Answer},
    visit::Visit,
};

/// A request that nothing stands in the way of.
pub(crate) struct Granted<'a> {
    pub(crate) checked: AuthorizationRequest,
    pub(crate) parties: Parties,
    pub(crate) session: BrowserSession,
    pub(crate) settings: &'a Settings,
    pub(crate) basis: Basis,
    pub(crate) arrival: Arrival,
}

/// Asks the tenant's scripts, and then issues. They come last, so that they run once per login and know
/// that nothing else stands in its way; nothing is written before they have answered.
pub(crate) async fn issue(visit: &Visit<'_>, granted: Granted<'_>) -> Result<Response, Denial> {
    let checked = &granted.checked;
    let user = granted.session.user.clone();
    if let Err(blocked) = user.active() {
        let refusal = Refusal::new("unauthorized", blocked.to_string());
        return refuse(visit, checked, refusal).await;
    }
    match scripts::run(visit, &granted, &user).await {
        Ok(Answer::Effects(effects)) => {
            let granted = granted.with_scopes_of(&effects);
            let login = Decided {
                granted,
                user: effects.user(&user).into_owned(),
                effects: *effects,
            };
            give(visit, &login).await
        }
        Ok(Answer::Redirect(redirect)) => continuation::send_away(visit, &granted, &redirect).await,
        Err(denial) => scripts::refuse(visit, &granted, denial).await,
    }
}

/// The session or the consent has ended that tokens were about to be issued on: everything is decided anew.
async fn ask_again(visit: &Visit<'_>, checked: &AuthorizationRequest) -> Result<Response, Denial> {
    if checked.prompt.none {
        let refusal = Refusal::new("consent_required", "Consent required");
        return refuse(visit, checked, refusal).await;
    }
    go_to(visit, "/authorize/resume", checked.clone()).await
}

impl Granted<'_> {
    /// What is issued rests on.
    fn rests_on(&self) -> RestsOn {
        RestsOn {
            grant: GrantKey {
                user_id: self.session.session.user_id.clone(),
                client_id: self.checked.client_id.clone(),
                audience: self.checked.audience.clone(),
            },
            basis: self.basis,
        }
    }

    /// With the scopes that scripts have chosen: they have the last word, after the user's permissions.
    fn with_scopes_of(mut self, effects: &Effects) -> Self {
        self.checked.scope = effects.granted(&self.checked.scope);
        self
    }
}

/// A login that the scripts have let through.
pub(crate) struct Decided<'a> {
    pub(crate) granted: Granted<'a>,
    /// As tokens tell of them.
    pub(crate) user: User,
    pub(crate) effects: Effects,
}

async fn give(visit: &Visit<'_>, login: &Decided<'_>) -> Result<Response, Denial> {
    let Granted {
        checked,
        session,
        settings,
        ..
    } = &login.granted;
    let user_id = &session.session.user_id;
    // Before anything is issued: what is issued belongs to a session that is there, and a token that rests on a
    // consent to one that is there. A code is compared with it at its exchange.
    let rests_on = login.granted.rests_on();
    if checked.response_type.gives_tokens() && rests_on.basis != Basis::Unasked {
        let touched = session.touch_on(visit, &rests_on, settings);
        if !touched.await? {
            return ask_again(visit, checked).await;
        }
    } else {
        let touched = session.touch(visit, &checked.client_id, settings);
        if !touched.await? {
            return log_in(visit, checked).await;
        }
    }
    let code = if checked.response_type.code {
        Some(new_code(visit, login).await?)
    } else {
        None
    };
    let new = front_channel::new_family(visit, login).await?;
    let tokens = front_channel::tokens(visit, login, code.as_deref(), new.as_ref()).await?;
    if let Some(new) = &new
        && !visit.app.put_family(&new.family, visit.at).await?
    {
        return log_in(visit, checked).await;
    }
    let refresh_token = new.map(|new| new.refresh_token);
    if checked.prompt.none {
        let client_id = &checked.client_id;
        tracing::info!(r#type = event::SILENT_LOGIN, %client_id, %user_id);
    }
    let given = front_channel::parameters(
        checked,
        code.as_deref(),
        tokens.as_ref(),
        refresh_token.as_deref(),
    );
    let given: Vec<_> = given
        .iter()
        .map(|(name, value)| (*name, value.as_ref()))
        .collect();
    answer::give(visit, &Reply::from(checked), &given).await
}

/// Writes a code down; its text.
async fn new_code(visit: &Visit<'_>, login: &Decided<'_>) -> Result<String, Denial> {
    let id = CodeId::from_bytes(random());
    visit.app.store.put_code(id, &code(login, visit.at)).await?;
    let (keyring, key) = visit.app.active_key().await;
    let owned = Owned {
        user_id: login.granted.session.session.user_id.clone(),
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

fn code(login: &Decided<'_>, at: Moment) -> AuthorizationCode {
    let Granted {
        checked,
        session,
        basis,
        ..
    } = &login.granted;
    AuthorizationCode {
        user_id: session.session.user_id.clone(),
        client_id: checked.client_id.clone(),
        redirect_uri: checked.redirect_uri.clone(),
        redirect_uri_was_sent: checked.redirect_uri_was_sent,
        audience: checked.audience.clone(),
        scope: checked.scope.clone(),
        nonce: checked.nonce.clone(),
        challenge: checked.challenge.clone(),
        auth_time: session.session.authenticated_at,
        tells_auth_time: checked.tells_auth_time(),
        session_id: session.session.session_id.clone(),
        issued_in: session.issued_in(),
        pipeline: checked.pipeline,
        device: checked.device.clone(),
        basis: *basis,
        effects: login.effects.clone(),
        expires_at: at.now.plus(CODE_LIFETIME),
        redeemed: None,
    }
}
