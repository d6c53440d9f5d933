//! The checks of an authorization request, in order. One that fails names itself.

use std::sync::Arc;

use shared::{
    app::App,
    domain::{
        authorization::{AuthorizationRequest, Prompt, ResponseMode, grantable},
        client::Client,
        denial::Denial,
        ids::{Audience, ClientId},
        pkce::Challenge,
        redirect_uri,
        scope::Scope,
        time::{Lifetime, Timestamp},
    },
    http::params::Params,
};

use crate::answer::{Refusal, Reply};

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
pub(crate) async fn recipient(app: &App, params: &Params) -> Result<Recipient, Denial> {
    let named = params.required("client_id")?;
    let id = ClientId::parse(named).map_err(|_| Denial::UnknownClient(named.to_owned()))?;
    let client = app.client(&id).await?;
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
        let response_mode = match params.text("response_mode") {
            Ok(Some("form_post")) => ResponseMode::FormPost,
            _ => ResponseMode::Query,
        };
        Ok(Reply {
            redirect_uri: self.redirect_uri.clone(),
            response_mode,
            state: params.text("state")?.map(str::to_owned),
        })
    }
}

/// Everything else. The order is that of a reader of the specification: what kind of answer, may
/// the client have it, for which API, with which proof, under which circumstances.
pub(crate) async fn request(
    app: &App,
    params: &Params,
    recipient: &Recipient,
    now: Timestamp,
) -> Result<AuthorizationRequest, Fault> {
    let text = |name| params.text(name).map_err(|e| Refusal::invalid(&e));
    unsupported(params)?;
    response_type(params, &recipient.client)?;
    let response_mode = response_mode(params)?;
    let audience = audience(app, params).await?;
    let api = match app.api_for(audience.as_ref()).await {
        Ok(api) => api,
        Err(Denial::UnknownAudience(name)) => return Err(Refusal::unknown_audience(&name).into()),
        Err(denial) => return Err(Fault::Failed(denial)),
    };
    let asked = params.scope().map_err(|e| Refusal::invalid(&e))?;
    let asked = Scope::parse(&asked.unwrap_or_default());
    Ok(AuthorizationRequest {
        client_id: recipient.client.client_id.clone(),
        redirect_uri: recipient.redirect_uri.clone(),
        redirect_uri_was_sent: recipient.redirect_uri_was_sent,
        response_mode,
        state: text("state")?.map(str::to_owned),
        nonce: text("nonce")?.map(str::to_owned),
        scope: grantable(&recipient.client, api.as_deref(), &asked),
        audience,
        challenge: challenge(params)?,
        prompt: prompt(params)?,
        max_age: max_age(params)?,
        login_hint: text("login_hint")?.map(str::to_owned),
        started_at: now,
    })
}

/// Request objects (`OpenID` Connect Core section 6) are not supported, and ignoring one would
/// ignore what it asks for.
fn unsupported(params: &Params) -> Result<(), Refusal> {
    for (name, error) in [
        ("request", "request_not_supported"),
        ("request_uri", "request_uri_not_supported"),
        ("registration", "registration_not_supported"),
    ] {
        if params.text(name).is_ok_and(|value| value.is_some()) {
            return Err(Refusal::new(
                error,
                format!("Parameter {name} is not supported"),
            ));
        }
    }
    Ok(())
}

fn response_type(params: &Params, client: &Client) -> Result<(), Refusal> {
    match params
        .text("response_type")
        .map_err(|e| Refusal::invalid(&e))?
    {
        None => Err(Refusal::invalid(&Denial::MissingParameter("response_type"))),
        Some("code") if client.allows_grant("authorization_code") => Ok(()),
        Some("code") => Err(Refusal::new(
            "unauthorized_client",
            "Grant type 'authorization_code' not allowed for the client.",
        )),
        Some(_) => Err(Refusal::new(
            "unsupported_response_type",
            "Unsupported response type",
        )),
    }
}

fn response_mode(params: &Params) -> Result<ResponseMode, Refusal> {
    match params
        .text("response_mode")
        .map_err(|e| Refusal::invalid(&e))?
    {
        None | Some("query") => Ok(ResponseMode::Query),
        Some("form_post") => Ok(ResponseMode::FormPost),
        Some(_) => Err(Refusal::new("invalid_request", "Unsupported response mode")),
    }
}

/// The API named, or the tenant's default. `<issuer>userinfo` names no API: it asks for the
/// OIDC-conformant pipeline with a token for `/userinfo` alone.
async fn audience(app: &App, params: &Params) -> Result<Option<Audience>, Fault> {
    match params.text("audience").map_err(|e| Refusal::invalid(&e))? {
        Some(name) if name == app.issuer.join("userinfo") => Ok(None),
        Some(name) => {
            let audience = Audience::parse(name).map_err(|_| Refusal::unknown_audience(name))?;
            Ok(Some(audience))
        }
        None => {
            let settings = app.settings().await.map_err(Fault::Failed)?;
            Ok(settings.default_audience.clone())
        }
    }
}

fn challenge(params: &Params) -> Result<Option<Challenge>, Refusal> {
    let text = |name| params.text(name).map_err(|e| Refusal::invalid(&e));
    let method = text("code_challenge_method")?;
    match text("code_challenge")? {
        Some(value) => Challenge::parse(value, method)
            .map(Some)
            .map_err(|e| Refusal::new("invalid_request", e.to_string())),
        None if method.is_some() => Err(Refusal::invalid(&Denial::MissingParameter(
            "code_challenge",
        ))),
        None => Ok(None),
    }
}

fn prompt(params: &Params) -> Result<Prompt, Refusal> {
    let text = params.text("prompt").map_err(|e| Refusal::invalid(&e))?;
    Prompt::parse(text.unwrap_or_default())
        .ok_or_else(|| Refusal::new("invalid_request", "Invalid value for parameter prompt"))
}

fn max_age(params: &Params) -> Result<Option<Lifetime>, Refusal> {
    let Some(text) = params.text("max_age").map_err(|e| Refusal::invalid(&e))? else {
        return Ok(None);
    };
    let seconds = text.parse().map_err(|_| {
        Refusal::new(
            "invalid_request",
            "Parameter max_age must be a number of seconds",
        )
    })?;
    Ok(Some(Lifetime::from_secs(seconds)))
}
