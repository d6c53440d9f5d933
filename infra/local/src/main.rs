//! Ratchet on a laptop: every function behind one port, over an embedded `DynamoDB`.

mod banner;
mod controls;
mod data;
mod demo;
mod dynamodb;
mod error;
mod hosts;
mod listen;
mod options;
mod reload;
mod routes;
mod server;
mod setup;
mod tls;

use std::process::ExitCode;

use clap::Parser;
use ratchet_core::config::environment;

#[tokio::main]
async fn main() -> ExitCode {
    let options = options::Options::parse();
    ratchet_telemetry::init_text(environment("RUST_LOG").as_deref());
    // Boxed: start-up holds the whole app, which would be on the stack twice.
    match Box::pin(server::run(options)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", one_line(&error));
            ExitCode::FAILURE
        }
    }
}

/// The error in one line for the terminal, with its causes joined by colons.
fn one_line(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let reason = error.to_string();
        if !text.contains(&reason) {
            text = format!("{text}: {reason}");
        }
        cause = error.source();
    }
    text.replace('\n', " ")
}
