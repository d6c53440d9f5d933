//! The operator's command line: imports a tenant file, creates users, shows and revokes families of
//! refresh tokens, rotates the sealing key. It works on the table itself, past the functions.

mod cli;
mod commands;
mod connection;
mod failure;
mod output;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::Cli;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    match commands::run(cli.command, &cli.connection).await {
        Ok(text) => output::print(&text),
        Err(failure) => failure.report(),
    }
}
