//! Client authentication (RFC 6749 section 2.3): the one place that makes an [`AuthenticatedClient`].

use std::{ops::Deref, sync::Arc};

use super::{App, Moment};
use crate::{
    domain::{
        client::{AuthMethod, Client},
        denial::Denial,
    },
    http::credentials::{Credentials, Proof},
};

/// The label of client secrets' digests.
pub const CLIENT_SECRET: &str = "client-secret";

/// A client that has proved who it is, as far as its kind can.
#[derive(Debug, Clone)]
pub struct AuthenticatedClient(Arc<Client>);

impl Deref for AuthenticatedClient {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.0
    }
}

impl App {
    /// Checks who is calling. Without I/O when the client is warm, but for assertions, whose single
    /// use has to be written down.
    pub async fn authenticate(
        &self,
        credentials: &Credentials,
        at: Moment,
    ) -> Result<AuthenticatedClient, Denial> {
        let client = self.client(&credentials.client_id).await?;
        let client = client.ok_or(Denial::ClientAuthentication("unknown client"))?;
        match (client.auth_method, &credentials.proof) {
            // A public client has nothing to prove; a secret it sends all the same says nothing.
            (AuthMethod::None, Proof::None | Proof::Secret(_)) => {}
            (
                AuthMethod::ClientSecretPost | AuthMethod::ClientSecretBasic,
                Proof::Secret(readings),
            ) => {
                let keyring = self.keyring().await;
                let digest = client.secret.as_ref().map(|secret| secret.digest.as_str());
                let digest = digest.ok_or(Denial::ClientAuthentication("no secret is stored"))?;
                let matches = readings.iter().any(|secret| {
                    keyring.digest_matches(digest, CLIENT_SECRET, secret.expose().as_bytes())
                });
                if !matches {
                    return Err(Denial::ClientAuthentication("wrong secret"));
                }
            }
            (AuthMethod::PrivateKeyJwt, Proof::Assertion(assertion)) => {
                self.verify_assertion(&client, assertion.expose(), at)
                    .await?;
            }
            _ => return Err(Denial::ClientAuthentication("wrong authentication method")),
        }
        Ok(AuthenticatedClient(client))
    }
}
