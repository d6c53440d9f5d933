//! The kind of answer that a request asks for: response type and mode.

use ratchet_domain::{
    client::Client,
    denial::Denial,
    pipeline::Pipeline,
    response_type::{ResponseMode, ResponseType},
    scope::{OPENID, Scope},
};

use super::parameters::Parameters;
use crate::error::Refusal;

/// `response_type`, which the client's grant types have to allow.
pub(super) fn response_type(
    params: Parameters<'_>,
    client: &Client,
) -> Result<ResponseType, Refusal> {
    let text = params
        .text("response_type")?
        .ok_or(Denial::MissingParameter("response_type"))?;
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

/// `response_mode`, or the default of the response type.
pub(super) fn response_mode(
    params: Parameters<'_>,
    asked: ResponseType,
) -> Result<ResponseMode, Refusal> {
    let refuse = |why: &'static str| Refusal::new("invalid_request", why);
    let Some(text) = params.text("response_mode")? else {
        return Ok(asked.default_mode());
    };
    let mode = ResponseMode::parse(text).ok_or_else(|| refuse("Unsupported response mode"))?;
    if mode.carries(asked) {
        Ok(mode)
    } else {
        Err(refuse("Response mode query is not allowed for tokens"))
    }
}

/// Checks that `/authorize` can issue the ID token that was requested. It needs the scope `openid`, and outside the
/// legacy pipeline a nonce to repeat (`OpenID` Connect Core sections 3.2.2.1 and 3.3.2.11).
pub(super) fn id_token_is_possible(
    response_type: ResponseType,
    scope: &Scope,
    nonce: Option<&str>,
    pipeline: Pipeline,
) -> Result<(), Refusal> {
    if !response_type.id_token {
        return Ok(());
    }
    if nonce.is_none() && !pipeline.is_legacy() {
        return Err(Denial::MissingParameter("nonce").into());
    }
    if !scope.contains(OPENID) {
        return Err(Refusal::new(
            "invalid_request",
            "Response type id_token needs the scope openid",
        ));
    }
    Ok(())
}

/// True if the parameters of an answer are in a URL.
pub(super) const fn in_address(mode: ResponseMode) -> bool {
    matches!(mode, ResponseMode::Query | ResponseMode::Fragment)
}
