//! Callers of commands: the AWS principal whose credentials the command uses, and the user of this machine.

use std::fs;

use aws_sdk_sts::Client;
use ratchet_core::config::environment;
use serde::Serialize;

use crate::connection::Connection;

/// The caller of a command.
#[derive(Debug, Serialize)]
pub(crate) struct Caller {
    /// The AWS principal if the command works on a stack and AWS names it, or else `os:` and the user of this machine.
    #[serde(rename = "caller")]
    name: String,
    /// The user of this machine.
    os_user: String,
    /// The reason why the AWS principal of a stack's command is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    aws_principal_unknown: Option<String>,
}

impl Caller {
    /// Asks AWS (STS, `GetCallerIdentity`) if the command works on a stack. A caller whom AWS does not name is not
    /// rejected: the command has to work on the day of a theft.
    pub(crate) async fn of(connection: &Connection) -> Self {
        let os_user = os_user();
        let (principal, aws_principal_unknown) = if connection.is_of_a_stack() {
            match principal(connection).await {
                Ok(principal) => (Some(principal), None),
                Err(reason) => (None, Some(reason)),
            }
        } else {
            (None, None)
        };
        Self {
            name: principal.unwrap_or_else(|| format!("os:{os_user}")),
            os_user,
            aws_principal_unknown,
        }
    }
}

/// ARN of the AWS principal whose credentials the command uses (STS, `GetCallerIdentity`), or the reason why AWS does
/// not name it.
pub(crate) async fn principal(connection: &Connection) -> Result<String, String> {
    let client = Client::new(connection.aws().await);
    match client.get_caller_identity().send().await {
        Ok(identity) => identity
            .arn
            .ok_or_else(|| "AWS did not name the principal".to_owned()),
        Err(error) => Err(ratchet_aws::reason(&error)),
    }
}

/// Name of the user who runs this process, or else the number. An environment variable could name another user.
fn os_user() -> String {
    let uid = rustix::process::getuid().as_raw().to_string();
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1) == Some(&*uid)).then(|| name.to_owned())
    });
    // The file does not list users of a directory service.
    name.or_else(|| environment("USER").map(|user| format!("{user} ({uid})")))
        .unwrap_or(uid)
}
