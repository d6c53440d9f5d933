//! Compiled scripts.

use std::collections::BTreeMap;

use ratchet_domain::secret::Secret;

use super::{bytecode::Bytecode, needs::Needs};

/// A tenant's scripts as bytecode, compiled once and run at every login.
#[derive(Debug)]
pub struct Program {
    pub(super) rules: Vec<Compiled>,
    pub(super) actions: Vec<CompiledAction>,
    /// `configuration` of the Rules.
    pub(super) configuration: BTreeMap<String, Secret>,
    /// The needs of all Rules, which share a context.
    pub(super) needs: Needs,
}

#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) name: String,
    pub(super) bytecode: Bytecode,
    /// The parts that its context must have.
    pub(super) needs: Needs,
}

/// A compiled Action with its secrets.
#[derive(Debug)]
pub(super) struct CompiledAction {
    pub(super) script: Compiled,
    pub(super) secrets: BTreeMap<String, Secret>,
}

impl Program {
    /// True if there are Rules, which need a `user` and a `context`.
    pub fn has_rules(&self) -> bool {
        !self.rules.is_empty()
    }

    /// True if there are Actions, which need an `event`.
    pub fn has_actions(&self) -> bool {
        !self.actions.is_empty()
    }

    /// The name of the script at a position, which counts the Rules first, then the Actions.
    pub(super) fn name(&self, position: usize) -> &str {
        let actions = self.actions.iter().map(|action| &action.script);
        let mut scripts = self.rules.iter().chain(actions);
        scripts.nth(position).map_or("", |script| &script.name)
    }
}
