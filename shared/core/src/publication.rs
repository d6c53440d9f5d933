//! The data that discovery publishes.

use std::{collections::BTreeMap, sync::Arc};

use ratchet_domain::{ids::ClientId, mobile::MobileApps, settings::Settings};
use ratchet_keys::signer::PublishedKey;
use ratchet_store::StoreError;

use super::{App, Parts, SigningKeys, StartError, configuration::Configuration};
use crate::config::Issuer;

/// The public keys of a stack, and the public part of its tenant's configuration.
#[derive(Debug, Clone)]
pub struct Publication {
    pub(super) signing: Arc<SigningKeys>,
    pub(super) configuration: Arc<Configuration>,
}

impl Publication {
    /// Reads the signing keys, or stores the first ones, and concurrently the tenant's settings.
    pub async fn load(parts: &Parts) -> Result<Self, StartError> {
        let (signing, configuration) =
            futures_util::future::try_join(SigningKeys::load(parts), Configuration::load(parts))
                .await?;
        Ok(Self {
            signing: Arc::new(signing),
            configuration: Arc::new(configuration),
        })
    }

    /// The issuer of the tokens.
    pub fn issuer(&self) -> &Issuer {
        self.signing.issuer()
    }

    /// The keys of the JWKS: those whose algorithms the tenant uses. They stay as they were last read while the store
    /// does not answer.
    pub async fn keys(&self) -> Vec<PublishedKey> {
        let settings = self.settings().await;
        self.signing.published(&settings).await
    }

    /// The certificate of the key that signs RS256 tokens, in DER.
    pub async fn certificate(&self) -> Option<Vec<u8>> {
        self.signing.certificate().await
    }

    /// The tenant's settings, or those that were read last while the store does not answer.
    pub async fn settings(&self) -> Arc<Settings> {
        self.configuration.settings_or_last().await
    }

    /// The mobile apps of all clients, or those that were read last while the store does not answer.
    pub async fn mobile_apps(&self) -> Result<Arc<BTreeMap<ClientId, MobileApps>>, StoreError> {
        self.configuration.mobile_apps().await
    }
}

impl App {
    /// The published data of this stack.
    pub fn publication(&self) -> Publication {
        Publication {
            signing: Arc::clone(&self.signing),
            configuration: Arc::clone(&self.configuration),
        }
    }
}
