//! The operator's command line: imports a tenant file, creates users, lists and revokes refresh token families, rotates
//! the sealing key. It works directly on the table, without the functions. Every command logs an audit event.

mod audit;
mod caller;
mod cli;
mod commands;
mod connection;
mod failure;
mod output;
mod preflight;
mod profile;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use crate::{audit::Operation, cli::Cli};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let matches = Cli::command().get_matches();
    let operation = Operation::of(&matches);
    let Cli {
        mut connection,
        command,
    } = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    connection.called_for(&operation.name);
    let command = Box::pin(commands::run(command, &connection));
    match audit::recorded(&operation, &connection, command).await {
        Ok(text) => match output::print(&text) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        Err(failure) => failure.report(),
    }
}
