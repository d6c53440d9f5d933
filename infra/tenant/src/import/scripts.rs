//! Importing scripts: the import writes a complete new set beside the old one, then names it in one write.

use std::collections::BTreeMap;

use ratchet_core::{StackKeys, open_scripts, seal_scripts};
use ratchet_domain::{
    login_flow::{ImportId, ScriptsVersion},
    secret::Secret,
    time::Timestamp,
};
use ratchet_scripts::Scripts;
use ratchet_store::{CommitError, Store, StoredScripts};
use ratchet_system::random;

use crate::{
    import::{destination::Destination, error::ImportError},
    model::ScriptEntries,
};

/// Attempts of an import while others overtake it.
const TRIES: usize = 5;

/// Replaces the sections that the file has, and leaves the others.
pub(crate) async fn import_scripts<E>(
    entries: &ScriptEntries,
    to: &Destination<'_, E>,
) -> Result<(), ImportError> {
    if entries.is_empty() {
        return Ok(());
    }
    for _ in 0..TRIES {
        if try_import(entries, to).await? {
            return Ok(());
        }
    }
    Err(ImportError::ScriptsOvertaken)
}

/// Imports once; false if another import has overtaken this one.
async fn try_import<E>(
    entries: &ScriptEntries,
    to: &Destination<'_, E>,
) -> Result<bool, ImportError> {
    let before = to.store.load_settings().await?.unwrap_or_default().scripts;
    let Some(stored) = load(before.as_ref(), entries, to.store).await? else {
        return Ok(false);
    };
    let next = merge(entries, &stored, &to.keys)?;
    if next == stored {
        return Ok(true);
    }
    let now = to.clock.now();
    let import = ImportId::new(now, random());
    let after = if next.is_empty() {
        None
    } else {
        to.store.put_scripts(&import, &next).await?;
        Some(ScriptsVersion::new(import.clone(), next.digest()?))
    };
    let committed = to.store.commit_scripts(before.as_ref(), after.as_ref());
    match committed.await {
        Ok(()) => {}
        Err(CommitError::Conflict) => {
            to.store.delete_scripts(|other| *other == import).await?;
            return Ok(false);
        }
        Err(CommitError::Store(error)) => return Err(error.into()),
    }
    // The settings no longer name the replaced scripts. Scripts of other imports are deleted only once they are an hour
    // old: a younger import may still be under way.
    let abandoned = ImportId::new(an_hour_before(now), [0; 8]);
    let over = |other: &ImportId| {
        let replaced = before
            .as_ref()
            .is_some_and(|before| before.import() == other);
        *other != import && (replaced || *other < abandoned)
    };
    to.store.delete_scripts(over).await?;
    Ok(true)
}

/// Scripts of an unfinished import are deleted by a later one when they are older than this.
fn an_hour_before(now: Timestamp) -> Timestamp {
    Timestamp::from_secs(now.as_secs().saturating_sub(3600))
}

/// The scripts in the table; `None` if they are incomplete, as they are while another import replaces them.
async fn load(
    version: Option<&ScriptsVersion>,
    entries: &ScriptEntries,
    store: &Store,
) -> Result<Option<StoredScripts>, ImportError> {
    let Some(version) = version else {
        return Ok(Some(StoredScripts::default()));
    };
    let stored = store.load_scripts(version.import()).await?;
    if stored.digest()? == version.digest() {
        return Ok(Some(stored));
    }
    // A file with both sections replaces items that were changed by other means than an import.
    let says_all = entries.rules.is_some() && entries.actions.is_some();
    Ok(says_all.then(StoredScripts::default))
}

/// The scripts that the table is to hold. Unchanged values stay as they are, sealed texts included.
fn merge(
    entries: &ScriptEntries,
    stored: &StoredScripts,
    keys: &StackKeys,
) -> Result<StoredScripts, ImportError> {
    let StackKeys { keyring, active } = keys;
    let wanted = Scripts {
        rules: entries.rules.clone().unwrap_or_default(),
        actions: entries.actions.clone().unwrap_or_default(),
        configuration: entries.configuration.clone().unwrap_or_default(),
    };
    let mut next = seal_scripts(&wanted, keyring, *active)?;
    // Texts that cannot be opened are sealed anew.
    let known = open_scripts(stored, keyring).unwrap_or_default();
    if entries.rules.is_none() {
        next.rules.clone_from(&stored.rules);
    }
    match &entries.actions {
        None => next.actions.clone_from(&stored.actions),
        Some(wanted) => {
            for (next, wanted) in next.actions.iter_mut().zip(wanted) {
                let same = known.actions.iter().zip(&stored.actions);
                let mut same = same.filter(|(known, _)| known.name == wanted.name);
                if let Some((known, stored)) = same.next() {
                    keep(
                        &mut next.secrets,
                        &stored.secrets,
                        &known.secrets,
                        &wanted.secrets,
                    );
                }
            }
        }
    }
    match &entries.configuration {
        None => next.configuration.clone_from(&stored.configuration),
        Some(wanted) => keep(
            &mut next.configuration,
            &stored.configuration,
            &known.configuration,
            wanted,
        ),
    }
    Ok(next)
}

/// Keeps the sealed texts of values that have not changed.
fn keep(
    next: &mut BTreeMap<String, String>,
    stored: &BTreeMap<String, String>,
    known: &BTreeMap<String, Secret>,
    wanted: &BTreeMap<String, Secret>,
) {
    for (name, value) in wanted {
        let same = known
            .get(name)
            .is_some_and(|known| known.matches(value.expose().as_bytes()));
        if let (true, Some(sealed)) = (same, stored.get(name)) {
            next.insert(name.clone(), sealed.clone());
        }
    }
}
