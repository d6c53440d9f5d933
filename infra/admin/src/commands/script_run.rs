//! Runs one script in the engine, with the limits of a login and a host that changes nothing.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use clap::Args;
use futures_util::future::BoxFuture;
use ratchet_domain::secret::Secret;
use ratchet_scripts::{
    Command, Scripts,
    engine::{
        Engine, Host, HostCall, HostError, Limits, LogLevel, Output, Program, ReadBack, Report, Run,
    },
    requests::{ScriptRequests, hosts::AllowedHosts},
};
use serde_json::{Map, Value, json};

use super::tenant::value_in;
use crate::{connection::Connection, failure::Failure, output::json};

/// Reachable hosts and output format of a test run.
#[derive(Debug, Args)]
pub(crate) struct Trial {
    /// Print JSON for a program.
    #[arg(long)]
    pub(crate) json: bool,

    /// The hosts that it may reach, separated by commas: `api.example.com`, `*.example.com`,
    /// `http://localhost:4000` [default: none].
    #[arg(long, value_name = "HOSTS", value_parser = AllowedHosts::parse, default_value = "", hide_default_value = true)]
    pub(crate) script_hosts: AllowedHosts,
}

/// Input of a script.
pub(crate) struct Given {
    pub(crate) scripts: Scripts,
    pub(crate) user: Value,
    pub(crate) context: Value,
    pub(crate) event: Value,
}

/// Reads the text of a script.
pub(crate) fn read_script(file: &Path) -> Result<String, Failure> {
    let read = fs::read_to_string(file);
    read.map_err(|error| Failure::Refused(format!("{}: {error}", file.display())))
}

/// Reads an object from a file, or else takes the example.
pub(crate) fn read_object(file: Option<&PathBuf>, example: &str) -> Result<Value, Failure> {
    let Some(file) = file else {
        return Ok(serde_json::from_str(example)?);
    };
    let wrong = |reason: String| Failure::Refused(format!("{}: {reason}", file.display()));
    let text = fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    match serde_json::from_str(&text) {
        Ok(object @ Value::Object(_)) => Ok(object),
        Ok(_) => Err(wrong("must be a JSON object".to_owned())),
        Err(error) => Err(wrong(error.to_string())),
    }
}

/// Secrets from the `KEY=VALUE` pairs, and from the `KEY=FILE` pairs of the option that names files.
pub(crate) fn secrets<C: FromIterator<(String, Secret)>>(
    option: &str,
    values: Vec<(String, String)>,
    files: Vec<(String, String)>,
) -> Result<C, Failure> {
    let values = values.into_iter().map(Ok);
    let read = files
        .into_iter()
        .map(|(key, file)| Ok((key, value_in(option, &file)?)));
    values
        .chain(read)
        .map(|pair: Result<_, Failure>| pair.map(|(key, value)| (key, Secret::new(value))))
        .collect()
}

/// Runs the script and returns its report. A script that denies the login or fails is a failure, with the output up to
/// that point.
pub(crate) async fn run(given: Given, trial: &Trial, to: &Connection) -> Result<String, Failure> {
    let program = Program::compile(&given.scripts);
    let program = program.map_err(|error| Failure::Refused(error.to_string()))?;
    let issuer = to.issuer()?;
    let issuer = issuer.map_or_else(
        || "https://login.example.com/".to_owned(),
        |issuer| issuer.as_str().to_owned(),
    );
    let host = Arc::new(RecordingHost::new(&given, trial));
    let report = Engine::new(Limits::default())
        .run(Run {
            program: Arc::new(program),
            issuer,
            user: given.user.clone(),
            context: given.context.clone(),
            event: given.event.clone(),
            continued: None,
            can_redirect: true,
            read_back: ReadBack::All,
            left: None,
            host: Arc::<RecordingHost>::clone(&host),
        })
        .await;
    let denied = denial(&report);
    let said = if trial.json {
        json(&as_json(&given, &report, &host.asked()))?
    } else {
        as_text(&given, &report, &host.asked())
    };
    match denied {
        None => Ok(said),
        Some(reason) => Err(Failure::Script { said, reason }),
    }
}

/// The reason why a login would get no tokens.
fn denial(report: &Report) -> Option<String> {
    match &report.result {
        Err(failure) => Some(failure.to_string()),
        Ok(output) => output.commands.iter().find_map(|command| match command {
            Command::Deny { reason } => Some(format!("access denied: {reason}")),
            _ => None,
        }),
    }
}

fn as_json(given: &Given, report: &Report, asked: &[Value]) -> Value {
    let logs = report.logs.iter().map(|line| {
        let (level, text) = (level(line.level), &line.text);
        json!({ "level": level, "text": text })
    });
    let mut answer = json!({
        "logs": logs.collect::<Vec<_>>(),
        "asked": asked,
        "usage": {
            "cpu_ms": report.usage.cpu.as_secs_f64() * 1000.0,
            "wall_ms": report.usage.wall.as_secs_f64() * 1000.0,
            "memory_bytes": report.usage.memory,
        },
    });
    match &report.result {
        Ok(output) => {
            answer["user"] = output.user.clone();
            answer["context"] = output.context.clone();
            answer["commands"] = json!(output.commands);
            answer["changed"] = changed(given, output);
        }
        Err(failure) => answer["error"] = json!(failure.to_string()),
    }
    answer
}

fn as_text(given: &Given, report: &Report, asked: &[Value]) -> String {
    let mut text = String::new();
    for line in &report.logs {
        line_of(&mut text, level(line.level), &line.text);
    }
    for call in asked {
        line_of(&mut text, "asked", &call.to_string());
    }
    if let Ok(output) = &report.result {
        let changes = changed(given, output);
        for name in ["user", "context"] {
            let Some(changes) = changes[name].as_object() else {
                continue;
            };
            for (key, value) in changes {
                line_of(&mut text, name, &format!("{key} = {value}"));
            }
        }
        for command in &output.commands {
            line_of(&mut text, "command", &json!(command).to_string());
        }
    }
    let usage = &report.usage;
    let (cpu, wall) = (
        usage.cpu.as_secs_f64() * 1e3,
        usage.wall.as_secs_f64() * 1e3,
    );
    let took = format!(
        "{cpu:.1} ms of CPU, {wall:.1} ms, {} KB",
        usage.memory / 1024
    );
    line_of(&mut text, "took", &took);
    text
}

fn line_of(text: &mut String, title: &str, what: &str) {
    // Writing to a `String` cannot fail.
    let _ = writeln!(text, "{title:8} {what}");
}

fn level(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Debug => "debug",
        LogLevel::Info => "info",
        LogLevel::Warn => "warn",
        LogLevel::Error => "error",
    }
}

/// Changes at the root of a Rule's objects; `null` marks a removed key.
fn changed(given: &Given, output: &Output) -> Value {
    json!({
        "user": difference(&given.user, &output.user),
        "context": difference(&given.context, &output.context),
    })
}

fn difference(before: &Value, after: &Value) -> Map<String, Value> {
    let empty = Map::new();
    let before = before.as_object().unwrap_or(&empty);
    let after = after.as_object().unwrap_or(&empty);
    let new = after
        .iter()
        .filter(|(key, value)| before.get(*key) != Some(*value));
    let gone = before.keys().filter(|key| !after.contains_key(*key));
    new.map(|(key, value)| (key.clone(), value.clone()))
        .chain(gone.map(|key| (key.clone(), Value::Null)))
        .collect()
}

/// A host that records the script's calls. Only requests to allowed hosts are real.
struct RecordingHost {
    requests: Arc<ScriptRequests>,
    user: Mutex<Value>,
    asked: Mutex<Vec<Value>>,
}

impl RecordingHost {
    fn new(given: &Given, trial: &Trial) -> Self {
        Self {
            requests: Arc::new(ScriptRequests::new(
                Arc::default(),
                trial.script_hosts.clone(),
                Limits::default().request(),
            )),
            user: Mutex::new(given.user.clone()),
            asked: Mutex::default(),
        }
    }

    fn asked(&self) -> Vec<Value> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.clone()
    }

    fn note(&self, call: Value) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.push(call);
    }

    /// Patches the user and returns the metadata after the patch.
    fn patch(&self, which: &str, patch: &Map<String, Value>) -> Value {
        let mut user = self.user.lock().unwrap_or_else(PoisonError::into_inner);
        let mut metadata = user[which].as_object().cloned().unwrap_or_default();
        for (key, value) in patch {
            if value.is_null() {
                metadata.remove(key);
            } else {
                metadata.insert(key.clone(), value.clone());
            }
        }
        user[which] = Value::Object(metadata.clone());
        Value::Object(metadata)
    }
}

impl Host for RecordingHost {
    fn call(&self, call: HostCall) -> BoxFuture<'static, Result<Value, HostError>> {
        let answer = match call {
            HostCall::UpdateAppMetadata { user_id, patch } => {
                self.note(json!({ "updateAppMetadata": user_id, "patch": patch }));
                Ok(self.patch("app_metadata", &patch))
            }
            HostCall::UpdateUserMetadata { user_id, patch } => {
                self.note(json!({ "updateUserMetadata": user_id, "patch": patch }));
                Ok(self.patch("user_metadata", &patch))
            }
            HostCall::Http(request) => {
                self.note(json!({ "http": request.method, "url": request.url }));
                let requests = Arc::clone(&self.requests);
                return Box::pin(async move {
                    let answer = requests.send(request).await;
                    answer.map_err(|failure| HostError::of_request(&failure))
                });
            }
        };
        Box::pin(std::future::ready(answer))
    }
}
