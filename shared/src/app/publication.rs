//! All that discovery publishes.

use std::{collections::BTreeMap, sync::Arc};

use super::{App, Parts, SigningKeys, StartError, configuration::Configuration};
use crate::{
    adapters::dynamo::StoreError,
    config::Issuer,
    domain::{ids::ClientId, mobile::MobileApps, settings::Settings},
    keys::signer::PublishedKey,
};

/// The public keys of a stack, and as much of its tenant's configuration as everybody may read.
#[derive(Debug, Clone)]
pub struct Publication {
    pub(super) signing: Arc<SigningKeys>,
    pub(super) configuration: Arc<Configuration>,
}

impl Publication {
    /// Reads the signing keys, or writes down the first, and the tenant's settings at the same time.
    pub async fn load(parts: &Parts) -> Result<Self, StartError> {
        let (signing, configuration) =
            futures_util::future::try_join(SigningKeys::load(parts), Configuration::load(parts))
                .await?;
        Ok(Self {
            signing: Arc::new(signing),
            configuration: Arc::new(configuration),
        })
    }

    /// Who the tokens say they are from.
    pub fn issuer(&self) -> &Issuer {
        self.signing.issuer()
    }

    /// The keys of the JWKS: those whose algorithms the tenant uses. A store that does not answer leaves
    /// it at those that were published last.
    pub async fn keys(&self) -> Vec<PublishedKey> {
        let settings = self.settings().await;
        self.signing.published(&settings).await
    }

    /// The certificate of the key that RS256 tokens are signed with, in DER.
    pub async fn certificate(&self) -> Option<Vec<u8>> {
        self.signing.certificate().await
    }

    /// The tenant's settings, or those that were read last while the store does not answer.
    pub async fn settings(&self) -> Arc<Settings> {
        self.configuration.settings_or_last().await
    }

    /// The phone apps of all applications; those that were read last while the store does not answer.
    pub async fn mobile_apps(&self) -> Result<Arc<BTreeMap<ClientId, MobileApps>>, StoreError> {
        self.configuration.mobile_apps().await
    }
}

impl App {
    /// What discovery publishes of this stack.
    pub fn publication(&self) -> Publication {
        Publication {
            signing: Arc::clone(&self.signing),
            configuration: Arc::clone(&self.configuration),
        }
    }
}
