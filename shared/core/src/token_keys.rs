//! The key that a token is signed with: the tenant's, or for HS256 the secret of the API or client that verifies it.

use ratchet_domain::{
    client::{Client, SigningAlgorithm},
    error::Failure,
    resource_server::ResourceServer,
    sealed::Purpose,
    secret::Secret,
};
use ratchet_keys::{sealing::Keyring, signer::SigningKey};

/// The key of an algorithm: the tenant's, or the secret of the API or client that verifies the token.
pub(super) fn signing_key(
    algorithm: SigningAlgorithm,
    secret: Option<&Secret>,
) -> Result<SigningKey<'_>, Failure> {
    match (algorithm, secret) {
        (SigningAlgorithm::HS256, Some(secret)) => Ok(SigningKey::Secret(secret)),
        (SigningAlgorithm::HS256, None) => Err(Failure::internal("no HS256 secret")),
        (algorithm, _) => Ok(SigningKey::Tenant(algorithm)),
    }
}

/// The HS256 secret of an API; `None` if its tokens are signed otherwise.
pub(super) fn api_secret(
    api: &ResourceServer,
    keyring: &Keyring,
) -> Result<Option<Secret>, Failure> {
    match (api.signing_alg, &api.sealed_signing_secret) {
        (SigningAlgorithm::HS256, Some(sealed)) => {
            unseal(keyring, api.identifier.as_str(), sealed).map(Some)
        }
        _ => Ok(None),
    }
}

/// The HS256 secret of a client; `None` for another algorithm.
pub(super) fn client_secret(
    client: &Client,
    algorithm: SigningAlgorithm,
    keyring: &Keyring,
) -> Result<Option<Secret>, Failure> {
    let sealed = client
        .secret
        .as_ref()
        .and_then(|secret| secret.sealed.as_ref());
    match (algorithm, sealed) {
        (SigningAlgorithm::HS256, Some(sealed)) => {
            unseal(keyring, client.client_id.as_str(), sealed).map(Some)
        }
        _ => Ok(None),
    }
}

fn unseal(keyring: &Keyring, owner: &str, sealed: &str) -> Result<Secret, Failure> {
    keyring
        .open(Purpose::Configuration, owner, sealed)
        .and_then(|opened| String::from_utf8(opened.plaintext).ok())
        .map(Secret::new)
        .ok_or_else(|| Failure::internal(format!("the sealed secret of {owner} does not open")))
}
