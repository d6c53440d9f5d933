//! `rules`: listing the Rules that run, and testing one.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use ratchet_scripts::{Rule, Scripts};
use ratchet_store::{Store, StoredScripts};
use serde::Serialize;

use super::{
    digest,
    list::{Format, Row},
    script_run::{self, Given, Trial},
    tenant::key_value,
};
use crate::{connection::Connection, failure::Failure};

#[derive(Debug, Subcommand)]
pub(crate) enum RulesCommand {
    /// List the rules that run at every login and every refresh.
    ///
    /// The digest is the beginning of the script's SHA-256, as `sha256sum` prints it, once its keywords are
    /// replaced.
    #[command(after_help = "\
Examples:
  admin --table ratchet-prod rules list
  admin --table ratchet-prod rules list --json")]
    List(Format),

    /// Run one rule and show what it does, without a table.
    ///
    /// It runs with the limits of a login. Changes of metadata are shown and not stored, and only the
    /// hosts that are named are reached. The status is 1 if it does not compile, refuses the login or fails.
    #[command(after_help = "\
Examples:
  admin rules test rules/Plan.js
  admin rules test rules/Plan.js --user ada.json --context refresh.json --config-file API_KEY=api-key --json
  admin rules test rules/Plan.js --script-hosts api.example.com

Without `--user` or `--context` the rule is given an example: Ada logs in to `demo-spa`.")]
    Test(Test),
}

#[derive(Debug, Args)]
pub(crate) struct Test {
    /// The JavaScript file with the rule's function.
    script: PathBuf,

    /// `user`, as a JSON file.
    #[arg(long, value_name = "FILE")]
    user: Option<PathBuf>,

    /// `context`, as a JSON file.
    #[arg(long, value_name = "FILE")]
    context: Option<PathBuf>,

    /// A value of `configuration`; may be given many times.
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    config: Vec<(String, String)>,

    /// A value of `configuration`, in a file; may be given many times.
    #[arg(long, value_name = "KEY=FILE", value_parser = key_value)]
    config_file: Vec<(String, String)>,

    #[command(flatten)]
    trial: Trial,
}

pub(crate) async fn run(command: RulesCommand, to: &Connection) -> Result<String, Failure> {
    match command {
        RulesCommand::List(format) => list(&format, &to.store().await?).await,
        RulesCommand::Test(test) => test.run(to).await,
    }
}

/// Loads the scripts that the settings name.
pub(super) async fn load(store: &Store) -> Result<StoredScripts, Failure> {
    let settings = store.load_settings().await?.unwrap_or_default();
    match settings.scripts {
        None => Ok(StoredScripts::default()),
        Some(version) => Ok(store.load_scripts(version.import()).await?),
    }
}

/// A rule in the list.
#[derive(Debug, Serialize)]
struct Shown {
    order: u32,
    name: String,
    bytes: usize,
    sha256: String,
}

impl Row<4> for Shown {
    const TITLES: [&'static str; 4] = ["ORDER", "NAME", "BYTES", "SHA256"];

    fn cells(&self) -> [String; 4] {
        [
            self.order.to_string(),
            self.name.clone(),
            self.bytes.to_string(),
            self.sha256.clone(),
        ]
    }
}

async fn list(format: &Format, store: &Store) -> Result<String, Failure> {
    let scripts = load(store).await?;
    let rows = scripts.rules.into_iter().map(|rule| Shown {
        order: rule.order,
        bytes: rule.script.len(),
        sha256: digest(&rule.script),
        name: rule.name,
    });
    let rows: Vec<_> = rows.collect();
    format.show(&rows, || "no rules run".to_owned())
}

impl Test {
    async fn run(self, to: &Connection) -> Result<String, Failure> {
        let rule = Rule {
            name: self.script.display().to_string(),
            order: 1,
            script: script_run::read_script(&self.script)?,
        };
        let example = include_str!("examples/context.json");
        let given = Given {
            scripts: Scripts {
                rules: vec![rule],
                actions: Vec::new(),
                configuration: script_run::secrets("--config-file", self.config, self.config_file)?,
            },
            user: script_run::read_object(self.user.as_ref(), include_str!("examples/user.json"))?,
            context: script_run::read_object(self.context.as_ref(), example)?,
            event: serde_json::json!({}),
        };
        script_run::run(given, &self.trial, to).await
    }
}
