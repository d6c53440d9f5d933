//! The parameters about the login itself (`OpenID` Connect Core section 3.1.2.1), that is its age and its user, and
//! those that only the tenant's scripts read.

use std::collections::BTreeMap;

use ratchet_domain::{authorization::Prompt, ids::UserId, time::Lifetime};
use ratchet_scripts::objects::sent;
use serde_json::Value;

use super::parameters::Parameters;
use crate::{
    error::{AuthorizeError, Refusal},
    visit::Visit,
};

/// `prompt`
pub(super) fn prompt(params: Parameters<'_>) -> Result<Prompt, Refusal> {
    let text = params.text("prompt")?;
    Prompt::parse(text.unwrap_or_default())
        .ok_or_else(|| Refusal::new("invalid_request", "Invalid value for parameter prompt"))
}

/// `max_age`, in seconds.
pub(super) fn max_age(params: Parameters<'_>) -> Result<Option<Lifetime>, Refusal> {
    let Some(text) = params.text("max_age")? else {
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

/// The user that `id_token_hint` names. Text that is not an ID token of ours is rejected: an answer that ignored it
/// could be about another user.
pub(super) async fn hinted_user(
    visit: &Visit<'_>,
    params: Parameters<'_>,
) -> Result<Option<UserId>, AuthorizeError> {
    let Some(token) = params.text("id_token_hint")? else {
        return Ok(None);
    };
    let hint = visit.app.verify_id_token_hint(token).await;
    Ok(Some(hint.map_err(AuthorizeError::of_check)?.user_id))
}

/// The parameters that scripts read and we do not.
pub(super) async fn for_scripts(
    visit: &Visit<'_>,
    params: Parameters<'_>,
) -> Result<BTreeMap<String, Value>, AuthorizeError> {
    if visit.app.has_scripts().await? {
        Ok(sent(params.all().texts()))
    } else {
        Ok(BTreeMap::new())
    }
}
