//! Scripts of the login flow. Each import writes separate items, and the settings name the import afterwards, so that a
//! function that reads them during another import gets one complete set.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ratchet_domain::login_flow::{ImportId, ScriptsVersion};
use serde::{Deserialize, Serialize};

use super::{
    Store,
    calls::{Consistency, send_update},
    error::{CommitError, Item, StoreError},
    item::{from_item, inconsistent, text, to_item},
    keys::{Key, SCRIPTS_PREFIX, ScriptKey, TENANT},
};

/// A tenant's stored scripts, with sealed secrets.
///
/// Their digest covers their JSON, so a new field must be omitted from it while it is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct StoredScripts {
    /// The Rules, in ascending order.
    pub rules: Vec<StoredRule>,
    /// The Actions, in the order of their bindings.
    pub actions: Vec<StoredAction>,
    /// `configuration`: sealed values by key.
    pub configuration: BTreeMap<String, String>,
}

/// A Rule as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredRule {
    /// Name in the tenant file, unique among its kind.
    pub name: String,
    /// Its position in the order.
    pub order: u32,
    /// JavaScript source, with keywords replaced.
    pub script: String,
}

/// An Action as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredAction {
    /// Name in the tenant file, unique among its kind.
    pub name: String,
    /// JavaScript source, with keywords replaced.
    pub code: String,
    /// `event.secrets`: sealed values by name.
    #[serde(default)]
    pub secrets: BTreeMap<String, String>,
}

/// A stored value of `configuration`.
#[derive(Serialize, Deserialize)]
struct StoredValue {
    value: String,
}

impl StoredScripts {
    /// True if there are no scripts.
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }

    /// The digest of all scripts.
    pub fn digest(&self) -> Result<String, StoreError> {
        let json = serde_json::to_vec(self).map_err(|e| StoreError::Refused(e.to_string()))?;
        let digest = digest::digest(&digest::SHA256, &json);
        Ok(URL_SAFE_NO_PAD.encode(digest))
    }

    fn items(&self, import: &ImportId) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        for rule in &self.rules {
            let key = Key::script(import, &ScriptKey::Rule(rule.order));
            items.push(to_item(&key, rule, None)?);
        }
        for (position, action) in self.actions.iter().enumerate() {
            let key = Key::script(import, &ScriptKey::Action(position));
            items.push(to_item(&key, action, None)?);
        }
        for (name, value) in &self.configuration {
            let key = Key::script(import, &ScriptKey::Configuration(name.clone()));
            let value = StoredValue {
                value: value.clone(),
            };
            items.push(to_item(&key, &value, None)?);
        }
        Ok(items)
    }

    /// Adds an item. Items arrive in the order of their keys, which is that of Rules and of Actions.
    fn add(&mut self, item: Item) -> Result<(), StoreError> {
        let key = Key::of_item(&item)?;
        match ScriptKey::parse(&key.sk) {
            Some((_, ScriptKey::Rule(_))) => self.rules.push(from_item(&key, item)?),
            Some((_, ScriptKey::Action(_))) => self.actions.push(from_item(&key, item)?),
            Some((_, ScriptKey::Configuration(name))) => {
                let StoredValue { value } = from_item(&key, item)?;
                self.configuration.insert(name, value);
            }
            None => return Err(inconsistent(&key, "no script")),
        }
        Ok(())
    }
}

impl Store {
    /// The scripts of an import, without those that have been deleted, strongly consistent.
    pub async fn load_scripts(&self, import: &ImportId) -> Result<StoredScripts, StoreError> {
        self.load_scripts_as(import, Consistency::Strong).await
    }

    /// [`Self::load_scripts`] with this consistency.
    pub(super) async fn load_scripts_as(
        &self,
        import: &ImportId,
        consistency: Consistency,
    ) -> Result<StoredScripts, StoreError> {
        let mut scripts = StoredScripts::default();
        let prefix = format!("{SCRIPTS_PREFIX}{}#", import.as_str());
        for item in self.query_as(TENANT, &prefix, consistency).await? {
            scripts.add(item)?;
        }
        Ok(scripts)
    }

    /// Stores the scripts of an import. Functions do not read them until the settings name the import.
    pub async fn put_scripts(
        &self,
        import: &ImportId,
        scripts: &StoredScripts,
    ) -> Result<(), StoreError> {
        for item in scripts.items(import)? {
            self.put_item(item).await?;
        }
        Ok(())
    }

    /// Sets the version of the scripts in the settings, if it is still `before`.
    pub async fn commit_scripts(
        &self,
        before: Option<&ScriptsVersion>,
        after: Option<&ScriptsVersion>,
    ) -> Result<(), CommitError> {
        let mut update = self.update(&Key::settings());
        update = match before {
            Some(before) => update
                .condition_expression("scripts = :before")
                .expression_attribute_values(":before", text(before.to_string())),
            None => update.condition_expression("attribute_not_exists(scripts)"),
        };
        update = match after {
            Some(after) => update
                .update_expression("SET scripts = :after")
                .expression_attribute_values(":after", text(after.to_string())),
            None => update.update_expression("REMOVE scripts"),
        };
        send_update(update).await
    }

    /// Deletes the scripts of imports that `over` declares unused.
    pub async fn delete_scripts(&self, over: impl Fn(&ImportId) -> bool) -> Result<(), StoreError> {
        for item in self.query(TENANT, SCRIPTS_PREFIX).await? {
            let key = Key::of_item(&item)?;
            if ScriptKey::parse(&key.sk).is_some_and(|(import, _)| over(&import)) {
                self.delete_item(&key).await?;
            }
        }
        Ok(())
    }
}
