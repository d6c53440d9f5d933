//! `actions`: listing the Actions that run, and testing one.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use ratchet_scripts::{Action, Scripts};
use ratchet_store::Store;
use serde::Serialize;
use serde_json::json;

use super::{
    digest,
    list::{Format, Row},
    rules,
    script_run::{self, Given, Trial},
    tenant::key_value,
};
use crate::{connection::Connection, failure::Failure};

#[derive(Debug, Subcommand)]
pub(crate) enum ActionsCommand {
    /// List the Actions that run after the rules, in their order.
    #[command(after_help = "\
Examples:
  admin --table ratchet-prod actions list
  admin --table ratchet-prod actions list --json")]
    List(Format),

    /// Run one post-login Action and show what it asks for, without a table.
    ///
    /// It runs with the limits of a login. Nothing that it asks for is done, and only the hosts that are named are
    /// reached. The status is 1 if it does not compile, denies access or fails.
    #[command(after_help = "\
Examples:
  admin actions test actions/Plan/code.js
  admin actions test actions/Plan/code.js --event refresh.json --secret-file API_KEY=api-key --json

Without `--event` the Action is given an example: Ada logs in to `demo-spa`.")]
    Test(Test),
}

#[derive(Debug, Args)]
pub(crate) struct Test {
    /// The JavaScript file with the Action's code.
    script: PathBuf,

    /// `event`, as a JSON file.
    #[arg(long, value_name = "FILE")]
    event: Option<PathBuf>,

    /// A value of `event.secrets`; may be given many times.
    #[arg(long, value_name = "NAME=VALUE", value_parser = key_value)]
    secret: Vec<(String, String)>,

    /// A value of `event.secrets`, in a file; may be given many times.
    #[arg(long, value_name = "NAME=FILE", value_parser = key_value)]
    secret_file: Vec<(String, String)>,

    #[command(flatten)]
    trial: Trial,
}

pub(crate) async fn run(command: ActionsCommand, to: &Connection) -> Result<String, Failure> {
    match command {
        ActionsCommand::List(format) => list(&format, &to.store().await?).await,
        ActionsCommand::Test(test) => test.run(to).await,
    }
}

/// An Action in the list, with only the names of its secrets.
#[derive(Debug, Serialize)]
struct Shown {
    name: String,
    bytes: usize,
    sha256: String,
    secrets: Vec<String>,
}

impl Row<4> for Shown {
    const TITLES: [&'static str; 4] = ["NAME", "BYTES", "SHA256", "SECRETS"];

    fn cells(&self) -> [String; 4] {
        [
            self.name.clone(),
            self.bytes.to_string(),
            self.sha256.clone(),
            self.secrets.join(" "),
        ]
    }
}

async fn list(format: &Format, store: &Store) -> Result<String, Failure> {
    let scripts = rules::load(store).await?;
    let rows = scripts.actions.into_iter().map(|action| Shown {
        bytes: action.code.len(),
        sha256: digest(&action.code),
        secrets: action.secrets.into_keys().collect(),
        name: action.name,
    });
    let rows: Vec<_> = rows.collect();
    format.show(&rows, || "no Actions run".to_owned())
}

impl Test {
    async fn run(self, to: &Connection) -> Result<String, Failure> {
        let action = Action {
            name: self.script.display().to_string(),
            code: script_run::read_script(&self.script)?,
            secrets: script_run::secrets("--secret-file", self.secret, self.secret_file)?,
        };
        let example = include_str!("examples/event.json");
        let given = Given {
            scripts: Scripts {
                actions: vec![action],
                ..Scripts::default()
            },
            user: json!({}),
            context: json!({}),
            event: script_run::read_object(self.event.as_ref(), example)?,
        };
        script_run::run(given, &self.trial, to).await
    }
}
