//! Client authentication.

use ratchet_domain::client::{AppType, AuthMethod};

use super::seen::{Seen, each_client};
use crate::yaml::path::Fault;

pub(super) fn servers_without_authentication(seen: &Seen<'_>) -> Vec<Fault> {
    each_client(seen, |client, at| {
        let can_keep_a_key = matches!(
            client.app_type,
            AppType::RegularWeb | AppType::NonInteractive
        );
        let message = "an application on a server can authenticate: give it a key or a secret";
        (client.is_public() && can_keep_a_key)
            .then(|| Fault::new(at.key("token_endpoint_auth_method"), message))
    })
}

pub(super) fn shared_secrets(seen: &Seen<'_>) -> Vec<Fault> {
    each_client(seen, |client, at| {
        let is_shared = matches!(
            client.auth_method,
            AuthMethod::ClientSecretPost | AuthMethod::ClientSecretBasic
        );
        let message =
            "authenticates with a secret that the service knows, too; `private_key_jwt` needs none";
        is_shared.then(|| Fault::new(at.key("token_endpoint_auth_method"), message))
    })
}
