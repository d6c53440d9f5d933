//! The scopes that a request asks for.

use ratchet_domain::{
    client::Client,
    resource::open_to_users,
    resource_server::ResourceServer,
    scope::{OFFLINE_ACCESS, ONLINE_ACCESS, Scope},
};

use super::parameters::Parameters;
use crate::error::Refusal;

/// `scope`, reduced to what the API's policy allows the client's users.
pub(super) fn asked(
    params: Parameters<'_>,
    client: &Client,
    api: Option<&ResourceServer>,
) -> Result<Scope, Refusal> {
    let asked = params.scope()?;
    one_kind_of_refresh_token(&asked)?;
    match api {
        Some(api) => Ok(open_to_users(client, api, &asked)?),
        None => Ok(asked),
    }
}

/// Rejects a request for both kinds of refresh token: one belongs to the session, the other outlives it
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
