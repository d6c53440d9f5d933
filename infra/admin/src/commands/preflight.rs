//! `preflight`: the limits of the account, in the order in which a growing load reaches them.

use std::fmt::Write;

use clap::Args;
use ratchet_core::config::environment;
use ratchet_domain::signing_key::SigningMode;
use serde::Serialize;

use super::counted;
use crate::{
    caller::principal,
    connection::Connection,
    failure::Failure,
    output::{json, table},
    preflight::{
        account::{Account, Reader, Unread},
        limits::{Limit, Line, Load, ranked},
    },
};

#[derive(Debug, Args)]
pub(crate) struct Preflight {
    /// Refreshes a second that the stack has to carry at its peak.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    refreshes_per_second: u32,

    /// Name of the stack: shows the tables and keys that it has, or has left behind.
    #[arg(long, env = "STACK", value_name = "NAME")]
    stack: Option<String>,

    /// Print JSON for a program.
    #[arg(long)]
    json: bool,
}

/// The result for a program.
#[derive(Serialize)]
struct Report {
    principal: Option<String>,
    region: String,
    refreshes_per_second: u32,
    limits: Vec<Line>,
    unread: Vec<Unread>,
    table: Option<String>,
    kept: Vec<String>,
    warnings: Vec<String>,
}

impl Preflight {
    /// Reads the account and compares. The status is 1 if a limit does not carry the load or could not be read.
    pub(crate) async fn run(&self, to: &Connection) -> Result<String, Failure> {
        let load = Load {
            refreshes: self.refreshes_per_second,
            mode: to.signing_mode()?,
            algorithms: to.signing_algorithms()?,
        };
        let (sdk, region) = to.account().await?;
        let reader = Reader {
            sdk,
            region: &region,
            table: to.table(),
            stack: self.stack.as_deref(),
        };
        let mut account = reader.read(&Limit::of(&load)).await;
        let principal = match principal(to).await {
            Ok(principal) => Some(principal),
            Err(reason) => {
                account.unread.insert(0, unknown_principal(reason));
                None
            }
        };
        let report = Report::new(&load, principal, region, account);
        let said = if self.json {
            json(&report)?
        } else {
            report.text(&load)
        };
        report.verdict(said)
    }
}

fn unknown_principal(reason: String) -> Unread {
    Unread {
        what: "who calls".to_owned(),
        reason,
        permission: "no permission, but credentials",
    }
}

impl Report {
    fn new(load: &Load, principal: Option<String>, region: String, account: Account) -> Self {
        let [own, default] = ["AWS_REGION", "AWS_DEFAULT_REGION"]
            .map(|name| environment(name).filter(|region| !region.is_empty()));
        Self {
            principal,
            refreshes_per_second: load.refreshes,
            limits: ranked(load, &account.values),
            unread: account.unread,
            table: account.table,
            kept: account.kept,
            warnings: region_warning(own.as_deref(), default.as_deref())
                .into_iter()
                .collect(),
            region,
        }
    }

    fn short(&self) -> usize {
        self.limits.iter().filter(|line| !line.is_enough).count()
    }

    fn verdict(&self, said: String) -> Result<String, Failure> {
        let refreshes = self.refreshes_per_second;
        let short = match self.short() {
            0 => None,
            short => Some(format!(
                "{} less than {refreshes} refreshes a second",
                counted(short, "limit carries", "limits carry")
            )),
        };
        let unread = match self.unread.len() {
            0 => None,
            unread => Some(format!("{unread} could not be read")),
        };
        match [short, unread].into_iter().flatten().collect::<Vec<_>>() {
            reasons if reasons.is_empty() => Ok(said),
            reasons => Err(Failure::Findings {
                said,
                reason: reasons.join(", "),
            }),
        }
    }

    fn text(&self, load: &Load) -> String {
        let principal = self.principal.as_deref().unwrap_or("an unknown principal");
        let mode = match load.mode {
            SigningMode::Kms => "kms",
            SigningMode::Wrapped => "wrapped",
        };
        let names = load.algorithms.iter().map(|algorithm| algorithm.as_str());
        let mut text = format!(
            "{principal} in {}\n{} refreshes a second, signed with {} in {mode} mode, each with an ID token\n",
            self.region,
            load.refreshes,
            names.collect::<Vec<_>>().join(", "),
        );
        for warning in &self.warnings {
            let _ = writeln!(text, "warning: {warning}");
        }
        let rows: Vec<_> = self.limits.iter().map(row).collect();
        text.push('\n');
        text.push_str(&table(
            ["CARRIES", "ENOUGH", "LIMIT", "VALUE", "RAISED BY"],
            &rows,
        ));
        if let Some(first) = self.limits.first() {
            let of = if self.unread.is_empty() {
                ""
            } else {
                ", of those that were read"
            };
            let Line {
                limit, consequence, ..
            } = first;
            let _ = writeln!(text, "\nbreaks first{of}: {limit}: {consequence}");
        }
        if let Some(table) = &self.table {
            let _ = writeln!(text, "{table}");
        }
        for unread in &self.unread {
            let Unread {
                what,
                reason,
                permission,
            } = unread;
            let _ = writeln!(text, "not read: {what} (needs {permission}): {reason}");
        }
        for arn in &self.kept {
            let _ = writeln!(text, "a stack of this name has, or left behind: {arn}");
        }
        text
    }
}

fn row(line: &Line) -> [String; 5] {
    let carries = line.carries.map(|carries| format!("{carries:.0}/s"));
    let quota = line
        .quota
        .map(|quota| format!("{} {}", quota.service, quota.code));
    [
        carries.unwrap_or_else(|| "any load".to_owned()),
        if line.is_enough { "yes" } else { "NO" }.to_owned(),
        line.limit.to_owned(),
        format!("{:.0}", line.value),
        quota.unwrap_or_else(|| "warm throughput of the table".to_owned()),
    ]
}

/// A Region in which the SAM CLI would deploy another stack than this command and the AWS CLI see: SAM ignores
/// `AWS_REGION`.
fn region_warning(own: Option<&str>, default: Option<&str>) -> Option<String> {
    match (own, default) {
        (Some(own), Some(default)) if own != default => Some(format!(
            "AWS_REGION is {own}, and the SAM CLI deploys to AWS_DEFAULT_REGION, which is {default}"
        )),
        (Some(own), None) => Some(format!(
            "the SAM CLI ignores AWS_REGION: set AWS_DEFAULT_REGION to {own}, too"
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_that_sam_would_not_deploy_to_is_a_warning() {
        let warned = |own, default| region_warning(own, default).is_some();
        assert!(warned(Some("eu-west-1"), Some("us-east-1")));
        assert!(warned(Some("eu-west-1"), None));
        assert!(!warned(Some("eu-west-1"), Some("eu-west-1")));
        assert!(!warned(None, Some("eu-west-1")));
        assert!(!warned(None, None));
    }
}
