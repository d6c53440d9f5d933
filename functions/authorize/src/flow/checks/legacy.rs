//! The parameters with a different meaning in the legacy pipeline ([Auth0's differences]).
//!
//! [Auth0's differences]: https://auth0.com/docs/authenticate/login/oidc-conformant-authentication/oidc-adoption-implicit-flow

use ratchet_domain::{
    authorization::{MAX_FREE_SCOPE_BYTES, Prompt, grantable_to_legacy},
    client::Client,
    ids::DeviceName,
    pipeline::Pipeline,
    scope::Scope,
};

use super::parameters::Parameters;
use crate::error::Refusal;

/// `device`, the name of the refresh token; ignored in the conformant pipeline.
pub(super) fn device(
    params: Parameters<'_>,
    pipeline: Pipeline,
) -> Result<Option<DeviceName>, Refusal> {
    if !pipeline.is_legacy() {
        return Ok(None);
    }
    params
        .text("device")?
        .map(DeviceName::parse)
        .transpose()
        .map_err(|e| Refusal::new("invalid_request", format!("Parameter device {e}")))
}

/// The requested scopes that may be granted.
pub(super) fn scope(
    client: &Client,
    device: Option<&DeviceName>,
    asked: &Scope,
) -> Result<Scope, Refusal> {
    let scope = grantable_to_legacy(client, device, asked);
    if scope.to_string().len() > MAX_FREE_SCOPE_BYTES {
        let message = format!("Scope must not be longer than {MAX_FREE_SCOPE_BYTES} bytes");
        return Err(Refusal::new("invalid_scope", message));
    }
    Ok(scope)
}

/// The prompts that the client requests. In the legacy pipeline the user is never asked for consent, and a session is
/// not enough for a client without single sign-on.
pub(super) fn prompt(asked: Prompt, client: &Client, pipeline: Pipeline) -> Prompt {
    if !pipeline.is_legacy() {
        return asked;
    }
    Prompt {
        login: asked.login || client.sso == Some(false),
        consent: false,
        ..asked
    }
}
