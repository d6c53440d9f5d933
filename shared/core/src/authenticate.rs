//! Client authentication (RFC 6749 section 2.3): the only module that creates an [`AuthenticatedClient`].

use std::{ops::Deref, sync::Arc};

use ratchet_domain::{
    client::{AuthMethod, Client},
    denial::Denial,
    error::Error,
};
use ratchet_protocol::credentials::{Credentials, Proof};
use ratchet_telemetry::event;

use super::{App, Limited, Moment};

/// Label of the digests of client secrets.
pub const CLIENT_SECRET: &str = "client-secret";

/// The sender of a request, not authenticated yet.
#[derive(Debug)]
pub struct Caller {
    credentials: Credentials,
    client: Option<Arc<Client>>,
}

impl Caller {
    /// The client that the request names; `None` if there is no such client.
    pub fn client(&self) -> Option<Arc<Client>> {
        self.client.clone()
    }

    /// True if the request contains a proof of the client's identity.
    pub const fn sends_proof(&self) -> bool {
        !matches!(self.credentials.proof, Proof::None)
    }
}

/// A client that has authenticated as far as its type can.
#[derive(Debug, Clone)]
pub struct AuthenticatedClient(Arc<Client>);

impl Deref for AuthenticatedClient {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.0
    }
}

impl App {
    /// Looks up the client that a request names.
    pub async fn identify(&self, credentials: Credentials) -> Result<Caller, Error> {
        let client = self.client(&credentials.client_id).await?;
        Ok(Caller {
            credentials,
            client,
        })
    }

    /// Authenticates the caller. There is no I/O except for assertions, whose single use is stored. Too many failures
    /// of one client from one address make it wait, even with the right secret: an attacker learns nothing.
    pub async fn authenticate(
        &self,
        caller: &Caller,
        at: Moment,
    ) -> Result<AuthenticatedClient, Error> {
        let (credentials, client) = (&caller.credentials, caller.client());
        let known = client.as_ref().map(|client| client.client_id.as_str());
        let limited = Limited {
            what: "client authentication",
            // Unknown clients share one bucket, or an attacker would have one per name.
            by: format!("{} {}", at.origin, known.unwrap_or_default()),
        };
        // A public client has no secret that could be guessed.
        if client.as_ref().is_some_and(|client| client.is_public()) {
            return self.check_proof(client, &credentials.proof, at).await;
        }
        let limit = self.settings().await?.client_authentication_rate_limit;
        let checked = match self.has_room(&limited, limit, at.now) {
            Ok(()) => self.check_proof(client, &credentials.proof, at).await,
            Err(throttled) => Err(throttled.into()),
        };
        let checked = match checked {
            Err(Error::Denied(denial @ Denial::ClientAuthentication(_))) => {
                let counted = self.throttle(limited, limit, at.now);
                Err(counted.err().unwrap_or(denial).into())
            }
            checked => checked,
        };
        if let Err(Error::Denied(Denial::Throttled(_))) = &checked {
            tracing::warn!(
                r#type = event::RATE_LIMITED,
                client_id = %credentials.client_id,
                ip = %at.origin,
                what = "client authentication",
            );
        }
        checked
    }

    async fn check_proof(
        &self,
        client: Option<Arc<Client>>,
        proof: &Proof,
        at: Moment,
    ) -> Result<AuthenticatedClient, Error> {
        let client = client.ok_or(Denial::ClientAuthentication("unknown client"))?;
        match (client.auth_method, proof) {
            // A public client proves nothing; a secret that it sends nevertheless is ignored.
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
                    return Err(Denial::ClientAuthentication("wrong secret").into());
                }
            }
            (AuthMethod::PrivateKeyJwt, Proof::Assertion(assertion)) => {
                self.verify_assertion(&client, assertion.expose(), at)
                    .await?;
            }
            _ => return Err(Denial::ClientAuthentication("wrong authentication method").into()),
        }
        Ok(AuthenticatedClient(client))
    }
}
