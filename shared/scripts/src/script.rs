//! Rules and Actions of a tenant.

use std::collections::BTreeMap;

use ratchet_domain::secret::Secret;

/// An enabled Rule: one function `function (user, context, callback)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Name in the tenant, for the log and in errors.
    pub name: String,
    /// Position: Rules run in ascending order.
    pub order: u32,
    /// JavaScript source: one function expression.
    pub script: String,
}

/// A post-login Action that is deployed and bound to the trigger: a module with `exports.onExecutePostLogin` and
/// optionally `exports.onContinuePostLogin`.
#[derive(Debug, Clone)]
pub struct Action {
    /// Name in the tenant, for the log and in errors.
    pub name: String,
    /// JavaScript source of a `CommonJS` module.
    pub code: String,
    /// `event.secrets`
    pub secrets: BTreeMap<String, Secret>,
}

/// All scripts of a tenant that run at a login.
#[derive(Debug, Clone, Default)]
pub struct Scripts {
    /// The enabled Rules in ascending order.
    pub rules: Vec<Rule>,
    /// The bound Actions in the order of their bindings.
    pub actions: Vec<Action>,
    /// `configuration`: the keys and values of `rulesConfigs`.
    pub configuration: BTreeMap<String, Secret>,
}

impl Scripts {
    /// True if there is no script to run.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.actions.is_empty()
    }
}
