//! Audit events: the caller, the command, its objects and the outcome. Commands run only through [`recorded`], and
//! an event is built from the command line itself, so that every command has one.
//!
//! An event is a line of JSON with the fields of the functions' audit events, on standard error or in the file that
//! `--audit-log` names. AWS keeps its own record, which no operator can suppress (infra/docs/RUNBOOK.md, "What
//! operators did").

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::Write,
    path::Path,
};

use clap::{ArgMatches, parser::ValueSource};
use ratchet_system::Clock;
use ratchet_telemetry::event;
use serde::Serialize;

use crate::{
    caller::Caller,
    connection::Connection,
    failure::{Failure, one_line},
};

/// Arguments that an event repeats: they name the objects of the command.
const NAMED: [&str; 21] = [
    "table",
    "issuer",
    "endpoint",
    "user",
    "address",
    "connection",
    "email",
    "session",
    "family",
    "client",
    "client_id",
    "audience",
    "file",
    "script",
    "event",
    "context",
    "keys",
    "dry_run",
    "profile",
    "refreshes_per_second",
    "stack",
];
/// The longest argument or reason in an event, in characters.
const LONGEST_TEXT: usize = 300;
/// Last words of commands that only read.
const READS: [&str; 4] = ["list", "test", "check", "preflight"];

/// A command as the command line requests it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operation {
    /// Full name of the command: `users log-out`.
    pub(crate) name: String,
    /// Arguments that name the command's objects.
    on: BTreeMap<&'static str, String>,
}

impl Operation {
    /// The command that these arguments request.
    pub(crate) fn of(matches: &ArgMatches) -> Self {
        let (mut names, mut on, mut at) = (Vec::new(), BTreeMap::new(), matches);
        loop {
            on.extend(NAMED.into_iter().filter_map(|name| given(at, name)));
            let Some((name, below)) = at.subcommand() else {
                break;
            };
            names.push(name);
            at = below;
        }
        let name = names.join(" ");
        Self { name, on }
    }

    fn code(&self, outcome: &Result<String, Failure>) -> &'static str {
        let last = self.name.rsplit(' ').next().unwrap_or_default();
        match outcome {
            Err(_) => event::MANAGEMENT_REFUSED,
            Ok(_) if READS.contains(&last) || self.on.contains_key("dry_run") => {
                event::MANAGEMENT_READ
            }
            Ok(_) => event::MANAGED,
        }
    }
}

fn given(matches: &ArgMatches, name: &'static str) -> Option<(&'static str, String)> {
    let values = matches.try_get_raw(name).ok()??;
    if matches.value_source(name) == Some(ValueSource::DefaultValue) {
        return None;
    }
    let values: Vec<_> = values.map(|value| value.to_string_lossy()).collect();
    let text = one_line(&values.join(" "));
    Some((name, text.chars().take(LONGEST_TEXT).collect()))
}

/// An event as it is logged.
#[derive(Serialize)]
struct Event<'a> {
    timestamp: String,
    r#type: &'static str,
    description: &'a str,
    #[serde(flatten)]
    caller: &'a Caller,
    on: &'a BTreeMap<&'static str, String>,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Runs a command and logs its audit event. A log file that cannot be opened rejects the command before it does
/// anything.
pub(crate) async fn recorded(
    operation: &Operation,
    connection: &Connection,
    command: impl Future<Output = Result<String, Failure>>,
) -> Result<String, Failure> {
    let mut log = connection.audit_log().map(open).transpose()?;
    let caller = Caller::of(connection).await;
    let outcome = tokio::select! {
        outcome = command => outcome,
        _ = tokio::signal::ctrl_c() => Err(Failure::Interrupted),
    };
    let line = line(operation, &caller, &outcome)?;
    let logged = log.as_mut().map(|log| log.write_all(line.as_bytes()));
    if !matches!(logged, Some(Ok(()))) {
        eprint!("{line}");
    }
    outcome
}

fn line(
    operation: &Operation,
    caller: &Caller,
    outcome: &Result<String, Failure>,
) -> Result<String, Failure> {
    let event = Event {
        timestamp: Clock::system().now().to_rfc3339(),
        r#type: operation.code(outcome),
        description: &operation.name,
        caller,
        on: &operation.on,
        outcome: match outcome {
            Ok(_) => "done",
            Err(failure) if failure.is_refusal() => "refused",
            Err(_) => "failed",
        },
        reason: outcome.as_ref().err().map(|failure| {
            let reason = one_line(&failure.to_string());
            reason.chars().take(LONGEST_TEXT).collect()
        }),
    };
    Ok(serde_json::to_string(&event)? + "\n")
}

fn open(path: &Path) -> Result<File, Failure> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .map_err(|error| Failure::AuditLog(path.display().to_string(), error))
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory};

    use super::*;
    use crate::cli::Cli;

    /// Arguments that an event omits: secrets, files of secrets, and options that only shape the output.
    const LEFT_OUT: [&str; 20] = [
        "access_key",
        "audit_log",
        "config",
        "config_file",
        "email_verified",
        "help",
        "json",
        "key_file",
        "mappings",
        "name",
        "password_stdin",
        "script_hosts",
        "secret",
        "secret_file",
        "set",
        "set_file",
        "signing_keys",
        "signing_mode",
        "version",
        "wrapping_key",
    ];

    fn leaves(command: &Command, path: &str, found: &mut Vec<(String, Vec<String>)>) {
        let below: Vec<_> = command
            .get_subcommands()
            .filter(|command| command.get_name() != "help")
            .collect();
        if below.is_empty() {
            let arguments = command.get_arguments();
            let arguments = arguments.map(|argument| argument.get_id().to_string());
            found.push((path.trim_start().to_owned(), arguments.collect()));
        }
        for command in below {
            leaves(command, &format!("{path} {}", command.get_name()), found);
        }
    }

    #[test]
    fn every_argument_of_every_command_is_in_its_event_or_left_out_on_purpose() {
        let mut cli = Cli::command();
        cli.build();
        let mut found = Vec::new();
        leaves(&cli, "", &mut found);
        assert!(found.len() > 15, "{found:?}");
        for (command, arguments) in found {
            for argument in arguments {
                let argument = argument.as_str();
                let (named, left_out) = (NAMED.contains(&argument), LEFT_OUT.contains(&argument));
                assert!(named != left_out, "`{argument}` of `{command}`");
            }
        }
    }

    fn operation(arguments: &[&str]) -> Operation {
        let arguments = std::iter::once(&"admin").chain(arguments);
        Operation::of(&Cli::command().get_matches_from(arguments))
    }

    #[test]
    fn an_audit_event_names_the_full_command_without_secrets() {
        let import = operation(&[
            "tenant",
            "import",
            "t.yaml",
            "--set",
            "A=secret",
            "--table",
            "t",
            "--dry-run",
        ]);
        assert_eq!(import.name, "tenant import");
        let on: Vec<_> = import
            .on
            .iter()
            .map(|(name, on)| (*name, on.as_str()))
            .collect();
        let wanted = [("dry_run", "true"), ("file", "t.yaml"), ("table", "t")];
        assert_eq!(on, wanted);
        let revoke = operation(&["families", "revoke", "ada@example.com", "--client", "spa"]);
        assert_eq!(revoke.name, "families revoke");
        assert_eq!(revoke.on["user"], "ada@example.com");
        assert_eq!(revoke.on["client"], "spa");
    }

    #[test]
    fn a_read_only_command_has_its_own_event_code() {
        for (arguments, code) in [
            (&["keys", "list"][..], "mgmt_api_read"),
            (&["keys", "rotate"], "sapi"),
            (
                &["preflight", "--refreshes-per-second", "9"],
                "mgmt_api_read",
            ),
            (&["tenant", "import", "t.yaml"], "sapi"),
            (
                &["tenant", "import", "t.yaml", "--dry-run"],
                "mgmt_api_read",
            ),
        ] {
            let operation = operation(arguments);
            assert_eq!(operation.code(&Ok(String::new())), code, "{arguments:?}");
            let refused = Err(Failure::Refused(String::new()));
            assert_eq!(operation.code(&refused), "fapi", "{arguments:?}");
        }
    }
}
