//! What a request wishes of the login (`OpenID` Connect Core section 3.1.2.1): how fresh, and whose;
//! and what it wishes of the tenant's scripts alone.

use std::collections::BTreeMap;

use serde_json::Value;
use shared::{
    domain::{
        authorization::Prompt, denial::Denial, ids::UserId, login_flow::sent, time::Lifetime,
    },
    http::params::Params,
};

use crate::{answer::Refusal, checks::Fault, visit::Visit};

pub(crate) fn prompt(params: &Params) -> Result<Prompt, Refusal> {
    let text = params.text("prompt").map_err(|e| Refusal::invalid(&e))?;
    Prompt::parse(text.unwrap_or_default())
        .ok_or_else(|| Refusal::new("invalid_request", "Invalid value for parameter prompt"))
}

pub(crate) fn max_age(params: &Params) -> Result<Option<Lifetime>, Refusal> {
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

/// The user that `id_token_hint` names. What is no ID token of ours is refused: to ignore it could answer
/// for somebody else.
pub(crate) async fn hinted_user(
    visit: &Visit<'_>,
    params: &Params,
) -> Result<Option<UserId>, Fault> {
    let token = params.text("id_token_hint");
    let Some(token) = token.map_err(|e| Refusal::invalid(&e))? else {
        return Ok(None);
    };
    match visit.app.verify_id_token_hint(token).await {
        Ok(hint) => Ok(Some(hint.user_id)),
        Err(denial @ Denial::IdTokenHint(_)) => Err(Refusal::invalid(&denial).into()),
        Err(denial) => Err(Fault::Failed(denial)),
    }
}

/// What scripts read of the request beyond what we do.
pub(crate) async fn for_scripts(
    visit: &Visit<'_>,
    params: &Params,
) -> Result<BTreeMap<String, Value>, Fault> {
    let scripts = visit.app.has_scripts().await.map_err(Fault::Failed)?;
    if scripts {
        Ok(sent(params.texts()))
    } else {
        Ok(BTreeMap::new())
    }
}
