//! The checks of an authorization request, in order. One that fails names itself.

use std::sync::Arc;

use shared::{
    domain::{
        authorization::{AuthorizationRequest, grantable},
        client::Client,
        denial::Denial,
        ids::{ClientId, ConnectionName},
        pipeline::{AskedAudience, Pipeline},
        pkce::Challenge,
        redirect_uri,
        resource::open_to_users,
        response_type::{ResponseMode, ResponseType},
        scope::{OFFLINE_ACCESS, ONLINE_ACCESS, OPENID, Scope},
    },
    http::{gateway, params::Params},
};

use crate::{
    answer::{Refusal, Reply},
    legacy,
    visit::Visit,
    web_message, wishes,
};

/// Who asks, and where the answer may go.
pub(crate) struct Recipient {
    pub(crate) client: Arc<Client>,
    redirect_uri: String,
    redirect_uri_was_sent: bool,
}

/// Why a request is not answered: it is refused, or we are the ones who failed.
pub(crate) enum Fault {
    Told(Refusal),
    Failed(Denial),
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Told(refusal)
    }
}

/// Client and redirect URI, which have to belong together before anything is sent anywhere.
pub(crate) async fn recipient(visit: &Visit<'_>, params: &Params) -> Result<Recipient, Denial> {
    let named = params.required("client_id")?;
    let id = ClientId::parse(named).map_err(|_| Denial::UnknownClient(named.to_owned()))?;
    let client = visit.app.client(&id).await?;
    let client = client.ok_or_else(|| Denial::UnknownClient(named.to_owned()))?;
    let (redirect_uri, redirect_uri_was_sent) = match params.text("redirect_uri")? {
        Some(uri) if redirect_uri::is_registered(&client, uri) => (uri.to_owned(), true),
        Some(uri) => return Err(Denial::CallbackMismatch(uri.to_owned())),
        None => {
            let first = client.callbacks.first().cloned();
            (
                first.ok_or(Denial::MissingParameter("redirect_uri"))?,
                false,
            )
        }
    };
    Ok(Recipient {
        client,
        redirect_uri,
        redirect_uri_was_sent,
    })
}

impl Recipient {
    /// How an answer reaches the application, as far as the request is well-formed.
    pub(crate) fn reply(&self, params: &Params) -> Result<Reply, Denial> {
        let response_type = params.first_text("response_type");
        let response_type = response_type
            .and_then(ResponseType::parse)
            .unwrap_or(ResponseType::CODE);
        let response_mode = params
            .first_text("response_mode")
            .and_then(ResponseMode::parse)
            .filter(|mode| mode.carries(response_type))
            .unwrap_or(response_type.default_mode());
        if response_mode == ResponseMode::WebMessage {
            web_message::origin(&self.client, &self.redirect_uri)?;
        }
        Ok(Reply {
            redirect_uri: self.redirect_uri.clone(),
            response_mode,
            // One that came twice is no state that the application would know again, and one that is too
            // long for an address would keep the refusal from it.
            state: params
                .text("state")
                .ok()
                .flatten()
                .filter(|state| !in_address(response_mode) || gateway::takes_back(state))
                .map(str::to_owned),
        })
    }
}

/// Everything else. The order is that of a reader of the specification: what kind of answer, may
/// the client have it, for which API, with which proof, under which circumstances.
pub(crate) async fn request(
    visit: &Visit<'_>,
    params: &Params,
    recipient: &Recipient,
) -> Result<AuthorizationRequest, Fault> {
    let text = |name| params.text(name).map_err(|e| Refusal::invalid(&e));
    if let Some(denial) = params.malformed_name() {
        return Err(Refusal::invalid(denial).into());
    }
    unsupported(params)?;
    let client = &recipient.client;
    let response_type = response_type(params, client)?;
    let response_mode = response_mode(params, response_type)?;
    let audience = audience(visit, params).await?;
    let pipeline = Pipeline::of(client, &audience);
    let audience = audience.into_api();
    let api = match visit.app.api_for(audience.as_ref()).await {
        Ok(api) => api,
        Err(Denial::UnknownAudience(name)) => return Err(Refusal::unknown_audience(&name).into()),
        Err(denial) => return Err(Fault::Failed(denial)),
    };
    let asked = params.scope().map_err(|e| Refusal::invalid(&e))?;
    let asked = Scope::parse(&asked.unwrap_or_default());
    one_kind_of_refresh_token(&asked)?;
    let asked = match &api {
        Some(api) => {
            open_to_users(&recipient.client, api, &asked).map_err(|e| Refusal::invalid(&e))?
        }
        None => asked,
    };
    let nonce = text("nonce")?.map(str::to_owned);
    id_token_is_possible(response_type, &asked, nonce.as_deref(), pipeline)?;
    let device = legacy::device(params, pipeline)?;
    let scope = match pipeline {
        Pipeline::Conformant => grantable(client, api.as_deref(), &asked),
        Pipeline::Legacy => legacy::scope(client, device.as_ref(), &asked)?,
    };
    let connection = connection(visit, params, client).await?;
    let hinted_user = wishes::hinted_user(visit, params).await?;
    let request = AuthorizationRequest {
        client_id: client.client_id.clone(),
        redirect_uri: recipient.redirect_uri.clone(),
        redirect_uri_was_sent: recipient.redirect_uri_was_sent,
        response_type: pipeline.answers(response_type, &scope),
        response_mode,
        state: text("state")?.map(str::to_owned),
        nonce,
        scope,
        audience,
        challenge: challenge(params, client, response_type)?,
        prompt: legacy::prompt(wishes::prompt(params)?, client, pipeline),
        max_age: wishes::max_age(params)?,
        login_hint: text("login_hint")?.map(str::to_owned),
        connection,
        hinted_user,
        started_at: visit.at.now,
        pipeline,
        device,
        confirmed_in: None,
        sent: wishes::for_scripts(visit, params).await?,
    };
    gets_through(&request)?;
    Ok(request)
}

/// Whether the gateway takes the addresses of the pages that the request leads through, and the one that
/// returns its state. It is the same with and without a session, so that a request is good or not.
fn gets_through(request: &AuthorizationRequest) -> Result<(), Fault> {
    let text =
        serde_json::to_vec(request).map_err(|e| Fault::Failed(Denial::Internal(e.to_string())))?;
    let state = request.state.as_deref();
    let returned =
        state.is_none_or(|state| !in_address(request.response_mode) || gateway::takes_back(state));
    if returned && gateway::takes_state_of(text.len()) {
        Ok(())
    } else {
        Err(Refusal::invalid(&Denial::RequestTooLong).into())
    }
}

fn in_address(mode: ResponseMode) -> bool {
    matches!(mode, ResponseMode::Query | ResponseMode::Fragment)
}

/// Request objects (`OpenID` Connect Core section 6) are not supported, and ignoring one would
/// ignore what it asks for.
fn unsupported(params: &Params) -> Result<(), Refusal> {
    for (name, error) in [
        ("request", "request_not_supported"),
        ("request_uri", "request_uri_not_supported"),
        ("registration", "registration_not_supported"),
    ] {
        if params.text(name) != Ok(None) {
            return Err(Refusal::new(
                error,
                format!("Parameter {name} is not supported"),
            ));
        }
    }
    Ok(())
}

fn response_type(params: &Params, client: &Client) -> Result<ResponseType, Refusal> {
    let text = params
        .text("response_type")
        .map_err(|e| Refusal::invalid(&e))?
        .ok_or_else(|| Refusal::invalid(&Denial::MissingParameter("response_type")))?;
    let asked = ResponseType::parse(text)
        .ok_or_else(|| Refusal::new("unsupported_response_type", "Unsupported response type"))?;
    match asked.grants().find(|grant| !client.allows_grant(grant)) {
        None => Ok(asked),
        Some(grant) => Err(Refusal::new(
            "unauthorized_client",
            format!("Grant type '{grant}' not allowed for the client."),
        )),
    }
}

fn response_mode(params: &Params, asked: ResponseType) -> Result<ResponseMode, Refusal> {
    let refuse = |why: &'static str| Refusal::new("invalid_request", why);
    let text = params
        .text("response_mode")
        .map_err(|e| Refusal::invalid(&e))?;
    let Some(text) = text else {
        return Ok(asked.default_mode());
    };
    let mode = ResponseMode::parse(text).ok_or_else(|| refuse("Unsupported response mode"))?;
    if mode.carries(asked) {
        Ok(mode)
    } else {
        Err(refuse("Response mode query is not allowed for tokens"))
    }
}

/// A refresh token belongs to the session or outlives it
/// ([Auth0's online refresh tokens](https://auth0.com/docs/secure/tokens/refresh-tokens/online-refresh-tokens)).
fn one_kind_of_refresh_token(scope: &Scope) -> Result<(), Refusal> {
    if scope.contains(ONLINE_ACCESS) && scope.contains(OFFLINE_ACCESS) {
        return Err(Refusal::new(
            "invalid_request",
            "Cannot request both online_access and offline_access scopes",
        ));
    }
    Ok(())
}

/// An ID token from `/authorize` has to repeat a nonce (`OpenID` Connect Core sections 3.2.2.1 and
/// 3.3.2.11; the legacy pipeline does without), and there is none without `openid`.
fn id_token_is_possible(
    response_type: ResponseType,
    scope: &Scope,
    nonce: Option<&str>,
    pipeline: Pipeline,
) -> Result<(), Refusal> {
    if !response_type.id_token {
        return Ok(());
    }
    if nonce.is_none() && !pipeline.is_legacy() {
        return Err(Refusal::invalid(&Denial::MissingParameter("nonce")));
    }
    if !scope.contains(OPENID) {
        return Err(Refusal::new(
            "invalid_request",
            "Response type id_token needs the scope openid",
        ));
    }
    Ok(())
}

/// What the request names, or the tenant's default.
async fn audience(visit: &Visit<'_>, params: &Params) -> Result<AskedAudience, Fault> {
    visit
        .app
        .requested_audience(params)
        .await
        .map_err(|denial| match denial {
            Denial::UnknownAudience(name) => Fault::Told(Refusal::unknown_audience(&name)),
            Denial::InvalidParameter(_)
            | Denial::RepeatedParameter(_)
            | Denial::SeveralResources
            | Denial::Body(_) => Fault::Told(Refusal::invalid(&denial)),
            denial => Fault::Failed(denial),
        })
}

/// The database that the user is to log in from, if the request names one. The client may use it, or
/// else the one that the login page would take.
async fn connection(
    visit: &Visit<'_>,
    params: &Params,
    client: &Client,
) -> Result<Option<ConnectionName>, Fault> {
    let text = |name| params.text(name).map_err(|e| Refusal::invalid(&e));
    let named = text("connection")?.or(text("realm")?);
    let found = match named {
        Some(realm) => visit.app.realm(realm, client).await,
        None => visit.app.login_connection(None, client).await,
    };
    match found {
        Ok(connection) => Ok(named.map(|_| connection.name.clone())),
        Err(denial @ (Denial::UnknownRealm(_) | Denial::ConnectionNotEnabled(_))) => {
            Err(Refusal::invalid(&denial).into())
        }
        Err(denial) => Err(Fault::Failed(denial)),
    }
}

/// PKCE. Nothing but the verifier will show that a public client's code is its own: without a challenge the request is
/// refused (RFC 7636 section 4.4.1).
fn challenge(
    params: &Params,
    client: &Client,
    asked: ResponseType,
) -> Result<Option<Challenge>, Refusal> {
    let text = |name| params.text(name).map_err(|e| Refusal::invalid(&e));
    let method = text("code_challenge_method")?;
    match text("code_challenge")? {
        Some(value) => Challenge::parse(value, method)
            .map(Some)
            .map_err(|e| Refusal::new("invalid_request", e.to_string())),
        None if method.is_some() || (asked.code && client.is_public()) => Err(Refusal::invalid(
            &Denial::MissingParameter("code_challenge"),
        )),
        None => Ok(None),
    }
}
