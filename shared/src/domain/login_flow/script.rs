//! Rules and Actions as a tenant has them.

use std::collections::BTreeMap;

use crate::domain::secret::Secret;

/// A rule that is enabled: one function `function (user, context, callback)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// Its place: rules run in ascending order.
    pub order: u32,
    /// Its source.
    pub script: String,
}

/// A post-login Action that is deployed and bound to the trigger: a module with
/// `exports.onExecutePostLogin` and perhaps `exports.onContinuePostLogin`.
#[derive(Debug, Clone)]
pub struct Action {
    /// Its name.
    pub name: String,
    /// Its source.
    pub code: String,
    /// `event.secrets`
    pub secrets: BTreeMap<String, Secret>,
}

/// Everything of a tenant's that runs at a login.
#[derive(Debug, Clone, Default)]
pub struct Scripts {
    /// The enabled rules in ascending order.
    pub rules: Vec<Rule>,
    /// The bound Actions in the order of their bindings.
    pub actions: Vec<Action>,
    /// `configuration`: the keys and values of `rulesConfigs`.
    pub configuration: BTreeMap<String, Secret>,
}

impl Scripts {
    /// Whether nothing would run.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.actions.is_empty()
    }
}
