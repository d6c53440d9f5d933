//! What happens next to a checked request: a page, a code, or a refusal. The same for a browser that
//! just arrived and for one that comes back from logging in.

use shared::{
    app::{App, Moment},
    domain::{
        authorization::{AuthorizationRequest, Grant, Next, needs_consent},
        client::Client,
        code::{AuthorizationCode, CODE_LIFETIME},
        denial::Denial,
        errand::Errand,
        ids::{Audience, ClientId, CodeId},
        login_flow::Effects,
        resource::enforced,
        resource_server::ResourceServer,
        sealed::{Owned, Purpose},
        settings::Settings,
        user::User,
    },
    http::{Request, Response, response},
    system::random,
    telemetry::event,
};

use crate::{
    answer::{self, Refusal, Reply},
    browser::BrowserSession,
    device, front_channel,
    transaction::Transaction,
};

/// `GET /authorize/resume`: the browser comes back from a page.
pub(crate) async fn handle(app: &App, request: &Request) -> Result<Response, Denial> {
    let transaction = Transaction::open(app, request, app.moment(request).now).await?;
    match transaction.errand {
        Errand::Authorize(asked) => {
            let reply = Reply::from(&*asked);
            let answered = proceed(app, request, *asked).await;
            answer::or_tell(app, request, &reply, answered).await
        }
        Errand::Activate(activation) => device::resume::proceed(app, request, activation).await,
    }
}

/// Decides and does it, with the session that the browser has.
pub(crate) async fn proceed(
    app: &App,
    request: &Request,
    checked: AuthorizationRequest,
) -> Result<Response, Denial> {
    let now = app.moment(request).now;
    let session = BrowserSession::load(app, request, now).await?;
    proceed_with(app, request, checked, session).await
}

/// Decides and does it, with a session that the browser may not have the cookie of yet.
pub(crate) async fn proceed_with(
    app: &App,
    request: &Request,
    checked: AuthorizationRequest,
    session: Option<BrowserSession>,
) -> Result<Response, Denial> {
    let at = app.moment(request);
    let parties = Parties::load(app, &checked.client_id, checked.audience.as_ref()).await?;
    let Parties { client, api } = &parties;
    let settings = app.settings().await?;
    let asks = !checked.pipeline.is_legacy()
        && (needs_consent(client, api.as_deref(), &checked.redirect_uri, &settings)
            || checked.prompt.consent);
    let grant = match &session {
        Some(session) if asks => grant(app, session, &checked).await?,
        _ => None,
    };
    let user = match &session {
        Some(session) => app.store.load_user(&session.session.user_id).await?,
        None => None,
    };
    let user = user.map(|record| record.user);
    let theirs = within_permissions(&checked, api.as_deref(), user.as_ref());
    let known = session.as_ref().map(|session| &session.session);
    let next = theirs.decide(known, asks, grant.as_ref(), at.now);
    match (next, session) {
        (Next::Issue, Some(session)) => {
            issue(
                app,
                request,
                &Granted {
                    checked: theirs,
                    parties,
                    session,
                    settings: &settings,
                    rests_on_consent: asks,
                },
                user,
                at,
            )
            .await
        }
        (Next::AskConsent, Some(_)) => go_to(app, "/u/consent", theirs).await,
        (Next::LoginRequired, _) => {
            let refusal = Refusal::new("login_required", "Login required");
            refuse(app, request, &checked, refusal).await
        }
        (Next::ConsentRequired, _) => {
            let refusal = Refusal::new("consent_required", "Consent required");
            refuse(app, request, &checked, refusal).await
        }
        (Next::LogIn | Next::Issue | Next::AskConsent, _) => go_to(app, "/u/login", checked).await,
    }
}

/// The request as far as this user may have what it asks for. Whoever logs in instead may have
/// something else.
fn within_permissions(
    checked: &AuthorizationRequest,
    api: Option<&ResourceServer>,
    user: Option<&User>,
) -> AuthorizationRequest {
    let scope = match (api, user) {
        (Some(api), Some(user)) => enforced(api, user, &checked.scope),
        _ => checked.scope.clone(),
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
        app: &App,
        client_id: &ClientId,
        audience: Option<&Audience>,
    ) -> Result<Self, Denial> {
        let client = app.client(client_id).await?;
        Ok(Self {
            client: client.ok_or_else(|| Denial::UnknownClient(client_id.to_string()))?,
            api: app.api_for(audience).await?,
        })
    }
}

/// A request that nothing stands in the way of.
pub(crate) struct Granted<'a> {
    pub(crate) checked: AuthorizationRequest,
    pub(crate) parties: Parties,
    pub(crate) session: BrowserSession,
    settings: &'a Settings,
    rests_on_consent: bool,
}

async fn issue(
    app: &App,
    request: &Request,
    granted: &Granted<'_>,
    user: Option<User>,
    at: Moment,
) -> Result<Response, Denial> {
    let Granted {
        checked,
        session,
        settings,
        ..
    } = granted;
    let user_id = &session.session.user_id;
    let user = match user {
        Some(user) if user.blocked => {
            let refusal = Refusal::new("unauthorized", "user is blocked");
            return refuse(app, request, checked, refusal).await;
        }
        Some(user) => user,
        // The session outlived its user.
        None => return log_in(app, request, checked).await,
    };
    // Before anything is issued: what is issued belongs to a session that is there.
    if !session
        .touch(app, &checked.client_id, settings, at.now)
        .await?
    {
        return log_in(app, request, checked).await;
    }
    let code = if checked.response_type.code {
        Some(new_code(app, granted, at).await?)
    } else {
        None
    };
    let tokens = front_channel::tokens(app, granted, &user, code.as_deref(), at).await?;
    let refresh_token = front_channel::refresh_token(app, granted, at).await?;
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
    answer::give(app, request, &Reply::from(checked), &given).await
}

/// Tells the application, and the log where a page could not be shown.
async fn refuse(
    app: &App,
    request: &Request,
    checked: &AuthorizationRequest,
    refusal: Refusal,
) -> Result<Response, Denial> {
    if checked.prompt.none {
        let client_id = &checked.client_id;
        let error = refusal.error;
        tracing::info!(r#type = event::SILENT_LOGIN_FAILED, %client_id, error);
    }
    answer::refuse(app, request, &Reply::from(checked), refusal).await
}

/// For want of a session.
async fn log_in(
    app: &App,
    request: &Request,
    checked: &AuthorizationRequest,
) -> Result<Response, Denial> {
    if checked.prompt.none {
        let refusal = Refusal::new("login_required", "Login required");
        return refuse(app, request, checked, refusal).await;
    }
    go_to(app, "/u/login", checked.clone()).await
}

/// Writes a code down; its text.
async fn new_code(app: &App, granted: &Granted<'_>, at: Moment) -> Result<String, Denial> {
    let id = CodeId::from_bytes(random());
    app.store.put_code(id, &code(granted, at)).await?;
    let (keyring, key) = app.active_key().await;
    let owned = Owned {
        user_id: granted.session.session.user_id.clone(),
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

fn code(granted: &Granted<'_>, at: Moment) -> AuthorizationCode {
    let Granted {
        checked,
        session,
        rests_on_consent,
        ..
    } = granted;
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
        session_id: session.id.to_string(),
        pipeline: checked.pipeline,
        device: checked.device.clone(),
        rests_on_consent: *rests_on_consent,
        effects: Effects::default(),
        expires_at: at.now.plus(CODE_LIFETIME),
        redeemed: None,
    }
}

async fn grant(
    app: &App,
    session: &BrowserSession,
    checked: &AuthorizationRequest,
) -> Result<Option<Grant>, Denial> {
    let user_id = &session.session.user_id;
    let audience = checked.audience.as_ref();
    Ok(app
        .store
        .load_grant(user_id, &checked.client_id, audience)
        .await?)
}

async fn go_to(app: &App, path: &str, checked: AuthorizationRequest) -> Result<Response, Denial> {
    let transaction = Transaction::begin(app, checked).await?;
    Ok(response::redirect(&transaction.address(path)))
}
