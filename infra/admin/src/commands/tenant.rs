//! `tenant`: checking a tenant file and importing it into the table.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use ratchet_core::{App, KeyUse, StackKeys};
use ratchet_domain::{
    error::{self, Error},
    time::Timestamp,
    user::User,
};
use ratchet_tenant::{Destination, Evictions, Imported, Keywords, Level, Tenant};
use tokio::sync::OnceCell;

use crate::{connection::Connection, failure::Failure};

#[derive(Debug, Subcommand)]
pub(crate) enum TenantCommand {
    /// Import a tenant file: settings, applications, APIs, users, and the scripts that it names.
    ///
    /// Objects that the file does not mention stay as they are. Nothing is deleted but scripts: each of their
    /// sections replaces all scripts of its kind. Importing twice is the same as importing once. A user keeps the
    /// password unless the file gives one. Running functions see the change within 75 seconds.
    #[command(after_help = "\
Examples:
  admin tenant import tenant.yaml --dry-run
  admin tenant import tenant.yaml --set HOST=app.example.com --set-file WEB_SECRET=web-secret

The file is in the format of Auth0's deploy CLI, with a list `users` beside it. `##KEY##` in it stands
for the value of a keyword, `@@KEY@@` for the value in quotes. A wrong value is one line on standard
error, such as:
  tenant.yaml:12:5: clients[2].refresh_token.leeway: must not be negative")]
    Import(Import),
    /// List where a tenant file breaks RFC 9700, the best current practice for the security of OAuth 2.0.
    ///
    /// One line for each place on standard output, with line, section and how strongly the section asks. The
    /// status is 1 if a MUST or a SHOULD is broken, 0 if nothing is or a RECOMMENDED alone. No table is needed.
    #[command(after_help = "\
Examples:
  admin tenant check tenant.yaml
  admin tenant check tenant.yaml --set HOST=app.example.com

A line is like:
  tenant.yaml:12:9: clients[2].callbacks[0]: has a wildcard: ... (RFC 9700 section 2.1, MUST)")]
    Check(Source),
}

/// A tenant file and the values of its keywords.
#[derive(Debug, Args)]
pub(crate) struct Source {
    /// The tenant file (YAML), as the deploy CLI exports it.
    file: PathBuf,

    /// The value of a keyword; may be given many times.
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    set: Vec<(String, String)>,

    /// The value of a keyword, in a file: other users of the machine see what is typed. A line break at the end
    /// does not count. May be given many times.
    #[arg(long, value_name = "KEY=FILE", value_parser = key_value)]
    set_file: Vec<(String, String)>,

    /// Keywords as a JSON object, as the deploy CLI takes them; `--set` and `--set-file` overrule them.
    #[arg(long, env = "AUTH0_KEYWORD_REPLACE_MAPPINGS", value_name = "JSON")]
    mappings: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    #[command(flatten)]
    source: Source,

    /// Check the file and stop: no table is needed and nothing is written.
    #[arg(long)]
    dry_run: bool,
}

pub(crate) async fn run(command: TenantCommand, to: &Connection) -> Result<String, Failure> {
    match command {
        TenantCommand::Import(import) => import.run(to).await,
        TenantCommand::Check(source) => check(&source.load(to)?),
    }
}

impl Import {
    async fn run(self, to: &Connection) -> Result<String, Failure> {
        let tenant = self.source.load(to)?;
        for warning in &tenant.warnings {
            eprintln!("warning: {warning}");
        }
        if self.dry_run {
            return Ok(format!("the file is fine: {}\n", Imported::of(&tenant)));
        }
        let parts = to.parts(KeyUse::Rotate).await?;
        let destination = Destination {
            store: &parts.store,
            keys: Box::pin(StackKeys::load(&parts)).await?,
            clock: &parts.clock,
            evictions: &AppWhereNeeded::of(to),
        };
        let now = parts.clock.now();
        for algorithm in ratchet_tenant::unpublished_algorithms(&tenant, &parts.store, now).await? {
            eprintln!(
                "warning: the key of {} enters the JWKS with this import, and clients may keep the JWKS \
                 without it for seven minutes",
                algorithm.as_str()
            );
        }
        let imported = ratchet_tenant::import(&tenant, &destination).await?;
        Ok(format!("imported {imported}\n"))
    }
}

/// Ends sessions through an app, which starts only if the import changes the password of a user with sessions.
struct AppWhereNeeded<'a> {
    to: &'a Connection,
    app: OnceCell<App>,
}

impl<'a> AppWhereNeeded<'a> {
    fn of(to: &'a Connection) -> Self {
        Self {
            to,
            app: OnceCell::new(),
        }
    }
}

impl Evictions for AppWhereNeeded<'_> {
    async fn password_changed(&self, user: &User, now: Timestamp) -> Result<(), Error> {
        let start = || self.to.app();
        let app = self.app.get_or_try_init(start).await;
        let app = app.map_err(|error| error::Failure::unavailable(error.to_string()))?;
        app.password_changed(user, now).await
    }
}

fn check(tenant: &Tenant) -> Result<String, Failure> {
    let found: Vec<String> = tenant.findings.iter().map(|f| f.at.to_string()).collect();
    let is_found = |warning: &&String| found.iter().any(|found| warning.ends_with(found));
    for warning in tenant.warnings.iter().filter(|warning| !is_found(warning)) {
        eprintln!("warning: {warning}");
    }
    let lines = tenant.findings.iter().map(|finding| format!("{finding}\n"));
    let said: String = lines.collect();
    let broken = tenant.findings.iter();
    match broken
        .filter(|found| found.level > Level::Recommended)
        .count()
    {
        0 if said.is_empty() => Ok("the file breaks nothing of RFC 9700\n".to_owned()),
        0 => Ok(said),
        1 => Err(Failure::Findings {
            said,
            reason: "1 place breaks a MUST or a SHOULD of RFC 9700".to_owned(),
        }),
        many => Err(Failure::Findings {
            said,
            reason: format!("{many} places break a MUST or a SHOULD of RFC 9700"),
        }),
    }
}

impl Source {
    fn load(&self, to: &Connection) -> Result<Tenant, Failure> {
        Ok(ratchet_tenant::load(&self.file, &self.keywords(to)?)?)
    }

    fn keywords(&self, to: &Connection) -> Result<Keywords, Failure> {
        let mut keywords = match &self.mappings {
            Some(mappings) => Keywords::from_json(mappings)
                .map_err(|error| Failure::Usage(format!("--mappings: {error}")))?,
            None => Keywords::new(),
        };
        if let Some(issuer) = to.issuer()? {
            keywords.set("ISSUER", issuer.origin());
        }
        for (key, value) in &self.set {
            keywords.set(key, value);
        }
        for (key, file) in &self.set_file {
            keywords.set(key, value_in("--set-file", file)?);
        }
        Ok(keywords)
    }
}

pub(super) fn key_value(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("must be KEY=VALUE"),
    }
}

/// The value in a file, without the final line break that editors and `echo` add.
pub(super) fn value_in(option: &str, file: &str) -> Result<String, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::Usage(format!("{option}: {file}: {error}")))?;
    let value = text.strip_suffix('\n').unwrap_or(&text);
    let value = value.strip_suffix('\r').unwrap_or(value);
    Ok(value.to_owned())
}
