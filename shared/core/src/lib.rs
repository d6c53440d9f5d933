//! The composition root: the parts of every function, created once and kept warm.
//!
// Of two definitions of a link the first counts: from `target/doc` the pages are elsewhere than from `shared`.
//! [decisions]: ../../../infra/docs/decisions/README.md
//! [glossary]: ../../../infra/docs/glossary.md
//! [login]: ../../../infra/docs/architecture/login.md
//! [login-costs]: ../../../infra/docs/architecture/login.md#cost-of-one-login
//! [scripts]: ../../../infra/docs/architecture/scripts.md
//! [sealed-texts]: ../../../infra/docs/architecture/sealed-texts.md
//! [writes]: ../../../infra/docs/architecture/writes.md
#![doc = include_str!("../../README.md")]

mod access_tokens;
mod assertion;
mod audience;
mod authenticate;
mod backchannel;
mod cache;
pub mod clients;
pub mod config;
mod configuration;
mod connections;
mod cross_origin;
mod devices;
mod ends_with;
mod evictions;
mod families;
mod freshness;
mod grant_ids;
mod hashing;
mod host_bridge;
mod in_time;
mod key_use;
mod keyring;
mod limiter;
mod login_flow;
mod login_request;
mod logout;
mod management_ids;
mod minting;
mod passwords;
mod presented_id_token;
mod publication;
mod refreshing;
mod scripts;
mod sealed;
mod signing;
mod stack_keys;
mod token_hash;
mod token_keys;
mod verification;

use std::sync::Arc;

use ratchet_domain::{
    ids::RequestId, sealed::KeyId, signing_key::SigningMode, throttle::Origin, time::Timestamp,
};
use ratchet_keys::{
    KeyServiceError, SignError,
    file::{KeyFile, KeyFileError},
    kms::Kms,
    sealing::{Keyring, SealingError},
    service::KeyService,
};
use ratchet_outbound::Outbound;
use ratchet_protocol::{Request, RequestContext};
use ratchet_scripts::{
    engine::{Engine, Limits},
    requests::{ScriptRequests, hosts::AllowedHosts},
};
use ratchet_store::{Store, StoreError, TenantReads};
use ratchet_system::{Clock, Deadline, random};

use crate::{
    clients::Clients,
    config::{Config, Issuer, KeyConfig},
};

pub use access_tokens::issued_access_token;
pub use authenticate::{AuthenticatedClient, CLIENT_SECRET, Caller};
pub use ends_with::EndsWith;
pub use evictions::Evicted;
pub use families::{NewFamily, seal_refresh_token};
pub use freshness::Freshness;
pub use in_time::in_time;
pub use key_use::KeyUse;
pub use keyring::KEY_ACTIVATION_DELAY;
pub use limiter::Limited;
pub use login_flow::{EffectsOnce, ScriptedLogin};
pub use minting::{FrontChannelTokens, Tokens, TokensFor};
pub use passwords::PasswordLogin;
pub use presented_id_token::PresentedIdToken;
pub use publication::Publication;
pub use scripts::{LoadedScripts, Unopened, open_scripts, seal_scripts};
pub use signing::{SIGNING_KEY_DELAY, SigningKeys};
pub use stack_keys::StackKeys;
pub use verification::{AccessToken, Begun, ManagementToken, OpaqueToken};

use configuration::Configuration;
use limiter::Limiter;
use refreshing::Refreshing;
use scripts::KnownScripts;

/// The state that every function works with.
#[derive(Debug)]
pub struct App {
    /// The issuer of the tokens.
    pub issuer: Issuer,
    /// Access to the stack's `DynamoDB` table.
    pub store: Store,
    /// The only source of the current time; tests stop it.
    pub clock: Arc<Clock>,
    /// Holder of the wrapping and signing keys: AWS KMS or a key file.
    pub key_service: Arc<KeyService>,
    /// The client for our own HTTP requests.
    pub outbound: Arc<Outbound>,
    script_requests: Arc<ScriptRequests>,
    signing: Arc<SigningKeys>,
    configuration: Arc<Configuration>,
    reads: TenantReads,
    keyring: Refreshing<Keyring>,
    scripts: KnownScripts,
    engine: Engine,
    limiter: Limiter,
}

/// The parts of an [`App`].
#[derive(Debug)]
#[expect(missing_docs, reason = "the fields are those of the `App`")]
pub struct Parts {
    pub issuer: Issuer,
    pub store: Store,
    pub key_service: Arc<KeyService>,
    pub clock: Arc<Clock>,
    pub signing_mode: SigningMode,
    pub key_use: KeyUse,
    pub freshness: Freshness,
    pub script_hosts: AllowedHosts,
    pub script_limits: Limits,
}

impl Parts {
    /// The parts for a function or an operator's command, from its configuration. Configuration is read as by an
    /// operator's command.
    pub fn from_config(
        config: Config,
        clients: Clients,
        key_use: KeyUse,
    ) -> Result<Self, StartError> {
        let key_service = match config.keys {
            KeyConfig::File(path) => KeyService::File(Box::new(KeyFile::open(&path)?)),
            KeyConfig::Kms {
                wrapping_keys,
                signing_keys,
            } => KeyService::Kms(Kms::new(clients.kms, wrapping_keys, signing_keys)),
        };
        Ok(Self {
            issuer: config.issuer,
            store: Store::new(clients.dynamodb, config.table),
            key_service: Arc::new(key_service),
            clock: Arc::new(Clock::system()),
            signing_mode: config.signing_mode,
            key_use,
            freshness: Freshness::OF_OPERATOR,
            script_hosts: config.script_hosts,
            script_limits: Limits {
                wall: config.script_time,
                ..Limits::default()
            },
        })
    }

    /// Parts with keys from a file and the machine's clock: for everything but Lambda. Configuration is read as by an
    /// operator's command.
    pub fn with_key_file(issuer: Issuer, store: Store, keys: KeyFile) -> Self {
        Self {
            issuer,
            store,
            key_service: Arc::new(KeyService::File(Box::new(keys))),
            clock: Arc::new(Clock::system()),
            signing_mode: SigningMode::default(),
            key_use: KeyUse::SignAndRotate,
            freshness: Freshness::OF_OPERATOR,
            script_hosts: AllowedHosts::default(),
            script_limits: Limits::default(),
        }
    }
}

/// The reason why a function or command cannot start. The operator sees it, a client does not.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each variant is the error it wraps")]
pub enum StartError {
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    #[error(transparent)]
    KeyService(#[from] KeyServiceError),
    #[error(transparent)]
    Sign(#[from] SignError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("table {table}: {error}")]
    Table { table: String, error: StoreError },
    #[error("there are no keys yet: import a tenant first, or start the function that signs")]
    NoKeysYet,
    #[error("keyring: {0}")]
    Keyring(String),
    #[error(transparent)]
    Sealing(#[from] SealingError),
}

impl StartError {
    /// Adds the table's name to an error of the store.
    fn of(self, store: &Store) -> Self {
        match self {
            Self::Store(error) => Self::Table {
                table: store.table().to_owned(),
                error,
            },
            other => other,
        }
    }
}

/// The id, time, origin and deadline of one request.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// Id of the request.
    pub request: RequestId,
    /// Time of the request.
    pub now: Timestamp,
    /// Origin of the request.
    pub origin: Origin,
    /// End of the time for long work.
    pub deadline: Deadline,
}

impl App {
    /// Assembles the parts and loads everything before the first request: the connection to the table, the public keys,
    /// the keyring and, in functions that sign tokens, the tenant's scripts.
    pub async fn new(parts: Parts) -> Result<Self, StartError> {
        let (publication, keyring) =
            futures_util::future::try_join(Publication::load(&parts), keyring::load(&parts))
                .await?;
        let Publication {
            signing,
            configuration,
        } = publication;
        let reads = parts.freshness.reads(&parts.store);
        let Parts {
            issuer,
            store,
            key_service,
            clock,
            key_use,
            script_hosts,
            script_limits,
            ..
        } = parts;
        let outbound = Arc::new(Outbound::default());
        let app = Self {
            issuer,
            store,
            clock,
            key_service,
            script_requests: Arc::new(ScriptRequests::new(
                Arc::clone(&outbound),
                script_hosts,
                script_limits.request(),
            )),
            outbound,
            signing,
            configuration,
            reads,
            keyring,
            scripts: KnownScripts::default(),
            engine: Engine::new(script_limits),
            limiter: Limiter::default(),
        };
        if key_use.runs_scripts() {
            app.prepare_scripts().await;
        }
        Ok(app)
    }

    /// The id, the origin and the time of a request; called once per request.
    pub fn moment(&self, request: &Request) -> Moment {
        let context = request.extensions().get::<RequestContext>();
        let id = context.map_or_else(|| RequestId::from_bytes(random()), |context| context.id);
        Moment {
            request: id,
            now: self.clock.now(),
            origin: Origin::of(context.and_then(|context| context.client_ip)),
            deadline: context.map_or(Deadline::NEVER, |context| context.deadline),
        }
    }

    /// The keyring and the key that seals now.
    pub async fn active_key(&self) -> (Arc<Keyring>, KeyId) {
        let keyring = self.keyring().await;
        let active = keyring.active(self.clock.now());
        (keyring, active)
    }
}
