//! The tenant's scripts in a warm function: read and compiled once per version; the settings name the version.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use ratchet_domain::{
    error::{Error, Failure},
    login_flow::ScriptsVersion,
    sealed::{KeyId, Purpose},
    secret::Secret,
};
use ratchet_keys::sealing::{Keyring, SealingError};
use ratchet_scripts::{
    Action, Rule, Scripts,
    engine::{CompileError, Program},
};
use ratchet_store::{StoreError, StoredAction, StoredRule, StoredScripts};
use ratchet_system::random;

use super::App;

/// Scripts, ready to run.
#[derive(Debug)]
pub struct LoadedScripts {
    /// The version in the settings that these scripts were loaded for.
    pub version: ScriptsVersion,
    /// The scripts as bytecode, which every engine thread shares.
    pub program: Arc<Program>,
}

/// The scripts that were loaded last; without a program if none of them runs.
#[derive(Debug, Default)]
pub(super) struct KnownScripts(Mutex<Option<Known>>);

#[derive(Debug, Clone)]
struct Known {
    version: ScriptsVersion,
    loaded: Option<Arc<LoadedScripts>>,
}

/// Failure to load the scripts.
#[derive(Debug, thiserror::Error)]
enum LoadFailure {
    /// The items are not those that the settings name: an import has replaced them since.
    #[error("the scripts in the table are not those of version {0}")]
    Replaced(ScriptsVersion),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A sealed value cannot be opened.
    #[error("the sealed value {0} does not open")]
    Sealed(String),
    /// A script that the import compiled does not compile in this engine.
    #[error(transparent)]
    Compile(#[from] CompileError),
}

impl App {
    /// The scripts that run at a login, from memory if the version in the settings is loaded; `None`, at no cost, if
    /// none run.
    pub async fn scripts(&self) -> Result<Option<Arc<LoadedScripts>>, Error> {
        let settings = self.settings().await?;
        let Some(version) = &settings.scripts else {
            return Ok(None);
        };
        if let Some(known) = self.scripts.get(version) {
            return Ok(known.loaded);
        }
        // Boxed: it is rare and large, and would make every future that runs scripts as large.
        match Box::pin(self.load_scripts(version)).await {
            Ok(known) => Ok(self.scripts.put(known).loaded),
            Err(LoadFailure::Replaced(_)) => Box::pin(self.reload_scripts()).await,
            Err(failure) => Err(failure.into()),
        }
    }

    /// Reads settings and scripts again, strongly consistent: the settings may be a minute old, and name scripts that a
    /// newer import has replaced, or a replica may lag.
    async fn reload_scripts(&self) -> Result<Option<Arc<LoadedScripts>>, Error> {
        let settings = self.configuration.settings_now().await?;
        let Some(version) = &settings.scripts else {
            return Ok(None);
        };
        let stored = self.store.load_scripts(version.import()).await?;
        let known = self.compiled(version, stored).await?;
        Ok(self.scripts.put(known).loaded)
    }

    async fn load_scripts(&self, version: &ScriptsVersion) -> Result<Known, LoadFailure> {
        let stored = self.configuration.scripts(version).await?;
        self.compiled(version, stored).await
    }

    async fn compiled(
        &self,
        version: &ScriptsVersion,
        stored: StoredScripts,
    ) -> Result<Known, LoadFailure> {
        if stored.digest()? != version.digest() {
            return Err(LoadFailure::Replaced(version.clone()));
        }
        let scripts = open_scripts(&stored, &*self.keyring().await)
            .map_err(|unopened| LoadFailure::Sealed(unopened.0))?;
        let loaded = if scripts.is_empty() {
            None
        } else {
            let program = Arc::new(Program::compile(&scripts)?);
            let version = version.clone();
            Some(Arc::new(LoadedScripts { version, program }))
        };
        Ok(Known {
            version: version.clone(),
            loaded,
        })
    }

    /// Loads the scripts before the first request. The first login tries again if that fails.
    pub(super) async fn prepare_scripts(&self) {
        match self.scripts().await {
            Ok(Some(_)) => self.engine.prepare(),
            Ok(None) => {}
            Err(error) => tracing::warn!(reason = %error, "scripts cannot be loaded yet"),
        }
    }
}

impl KnownScripts {
    fn get(&self, version: &ScriptsVersion) -> Option<Known> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.clone().filter(|known| known.version == *version)
    }

    /// Keeps the loaded scripts, unless they are older than those in memory.
    fn put(&self, loaded: Known) -> Known {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known
            .as_ref()
            .is_none_or(|known| known.version.import() <= loaded.version.import())
        {
            *known = Some(loaded.clone());
        }
        loaded
    }
}

impl From<LoadFailure> for Failure {
    fn from(failure: LoadFailure) -> Self {
        match failure {
            LoadFailure::Replaced(_) => Self::unavailable(failure),
            LoadFailure::Store(error) => error.into(),
            LoadFailure::Sealed(_) => Self::internal(failure),
            LoadFailure::Compile(_) => Self::script(failure),
        }
    }
}

/// A sealed value that cannot be opened, by its owner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the sealed value {0} does not open")]
pub struct Unopened(String);

/// Scripts in their stored form, with their secrets sealed.
pub fn seal_scripts(
    scripts: &Scripts,
    keyring: &Keyring,
    key: KeyId,
) -> Result<StoredScripts, SealingError> {
    let seal = |owner: &str, secrets: &BTreeMap<String, Secret>| {
        let sealed = secrets.iter().map(|(name, secret)| {
            let (binding, plaintext) = (binding(owner, name), secret.expose().as_bytes());
            let purpose = Purpose::Configuration;
            let sealed = keyring.seal(key, purpose, &binding, random(), plaintext)?;
            Ok((name.clone(), sealed))
        });
        sealed.collect::<Result<BTreeMap<_, _>, SealingError>>()
    };
    let rules = scripts.rules.iter().map(|rule| StoredRule {
        name: rule.name.clone(),
        order: rule.order,
        script: rule.script.clone(),
    });
    let actions = scripts.actions.iter().map(|action| {
        Ok(StoredAction {
            name: action.name.clone(),
            code: action.code.clone(),
            secrets: seal(&action_owner(&action.name), &action.secrets)?,
        })
    });
    Ok(StoredScripts {
        rules: rules.collect(),
        actions: actions.collect::<Result<_, SealingError>>()?,
        configuration: seal(CONFIGURATION_OWNER, &scripts.configuration)?,
    })
}

/// Scripts in their executable form, with their secrets opened.
pub fn open_scripts(stored: &StoredScripts, keyring: &Keyring) -> Result<Scripts, Unopened> {
    let open = |owner: &str, sealed: &BTreeMap<String, String>| {
        let secrets = sealed.iter().map(|(name, sealed)| {
            let binding = binding(owner, name);
            let opened = keyring.open(Purpose::Configuration, &binding, sealed);
            let text = opened.and_then(|opened| String::from_utf8(opened.plaintext).ok());
            let text = text.ok_or(Unopened(binding))?;
            Ok((name.clone(), Secret::new(text)))
        });
        secrets.collect::<Result<BTreeMap<_, _>, Unopened>>()
    };
    let rules = stored.rules.iter().map(|rule| Rule {
        name: rule.name.clone(),
        order: rule.order,
        script: rule.script.clone(),
    });
    let actions = stored.actions.iter().map(|action| {
        Ok(Action {
            name: action.name.clone(),
            code: action.code.clone(),
            secrets: open(&action_owner(&action.name), &action.secrets)?,
        })
    });
    Ok(Scripts {
        rules: rules.collect(),
        actions: actions.collect::<Result<_, Unopened>>()?,
        configuration: open(CONFIGURATION_OWNER, &stored.configuration)?,
    })
}

const CONFIGURATION_OWNER: &str = "rulesConfigs";

fn action_owner(name: &str) -> String {
    format!("actions/{name}")
}

/// The binding of a sealed value, so that it cannot replace another one.
fn binding(owner: &str, name: &str) -> String {
    format!("{owner}/{name}")
}
