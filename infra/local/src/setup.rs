//! Set-up before the first request: folder, keys, table, tenant.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use aws_lc_rs::rand;
use ratchet_core::{App, Freshness, Parts, config::Issuer};
use ratchet_domain::jitter::Jitter;
use ratchet_keys::file::KeyFile;
use ratchet_store::Store;
use ratchet_tenant::{Destination, Keywords, Tenant};

use crate::{
    data,
    dynamodb::{Embedded, InProcess},
    error::LocalError,
    options::Options,
};

/// The demo tenant, which is part of the program.
const DEMO_TENANT: &str = include_str!("../tenant.yaml");

/// Table name of a server that keeps its data.
const TABLE: &str = "ratchet";

/// Database of a server: its own, or that of another process.
pub(crate) enum Database {
    /// The database of this process.
    Embedded(InProcess),
    /// A database that is reached over HTTP.
    External {
        endpoint: String,
        /// Access key that requests name; an emulator accepts any.
        access_key: Option<String>,
    },
}

impl Database {
    /// The `DynamoDB` that the variables of AWS's tools name, or else the one in the data folder.
    pub(crate) fn open(folder: Option<&Path>) -> Result<(Self, Option<Embedded>), LocalError> {
        if let Some(endpoint) = variable("AWS_ENDPOINT_URL_DYNAMODB") {
            let access_key = variable("AWS_ACCESS_KEY_ID");
            let external = Self::External {
                endpoint,
                access_key,
            };
            return Ok((external, None));
        }
        let embedded = Embedded::open(folder)?;
        Ok((Self::Embedded(embedded.connector()), Some(embedded)))
    }
}

fn variable(name: &str) -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the laptop's own composition root"
    )]
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Opens keys and table and builds the app.
pub(crate) async fn open(
    issuer: Issuer,
    database: Database,
    options: &Options,
) -> Result<App, LocalError> {
    let folder = options.folder();
    let keys = match folder {
        Some(folder) => KeyFile::open(&folder.join(data::KEYS)),
        None => KeyFile::generate(),
    };
    let keys = keys.map_err(|e| LocalError::Start(e.into()))?;
    let store = match database {
        Database::Embedded(connector) => Store::in_process(connector, TABLE),
        Database::External {
            endpoint,
            access_key,
        } => {
            // Keys in memory cannot open what another process sealed, so such a server gets its own table.
            let table = match folder {
                None => format!("{TABLE}-{}", random_suffix()),
                Some(_) => TABLE.to_owned(),
            };
            Store::emulated(endpoint, table, access_key.as_deref())
        }
    };
    store
        .create_table()
        .await
        .map_err(|e| LocalError::Start(e.into()))?;
    let parts = Parts::with_key_file(issuer, store, keys);
    App::new(Parts {
        freshness: Freshness::of_function(Jitter::MIDDLE),
        script_hosts: options.script_hosts.clone(),
        script_limits: options.script_limits(),
        clock: Arc::new(options.clock()),
        ..parts
    })
    .await
    .map_err(LocalError::Start)
}

/// Imports the demo tenant into the table.
pub(crate) async fn import_demo(app: &App) -> Result<Tenant, LocalError> {
    let tenant = parse_tenant(app, DEMO_TENANT)?;
    import(app, &tenant).await?;
    Ok(tenant)
}

/// Reads a tenant file and the scripts that it names; also returns the files that the outcome depends on.
pub(crate) fn read_tenant(app: &App, file: &Path) -> (Result<Tenant, LocalError>, Vec<PathBuf>) {
    let (tenant, files) = ratchet_tenant::load_watched(file, &keywords(app));
    (tenant.map_err(LocalError::TenantFile), files)
}

/// Parses the text of a tenant file.
pub(crate) fn parse_tenant(app: &App, text: &str) -> Result<Tenant, LocalError> {
    ratchet_tenant::parse(text, &keywords(app)).map_err(LocalError::Tenant)
}

/// Imports a tenant into the table and drops cached configuration. Warnings go to standard error, one line each.
pub(crate) async fn import(app: &App, tenant: &Tenant) -> Result<(), LocalError> {
    for warning in &tenant.warnings {
        eprintln!("warning: {warning}");
    }
    ratchet_tenant::import(tenant, &Destination::of(app).await)
        .await
        .map_err(|e| LocalError::Import(e.to_string()))?;
    app.forget_configuration();
    // Errors that are raised before any I/O use the most recently cached settings.
    let settings = app.settings().await;
    settings.map_err(|e| LocalError::Import(e.to_string()))?;
    Ok(())
}

/// Keywords of a tenant file: `##ISSUER##` is this server's address, without the slash.
fn keywords(app: &App) -> Keywords {
    let mut keywords = Keywords::new();
    keywords.set("ISSUER", app.issuer.origin());
    keywords
}

fn random_suffix() -> String {
    let mut bytes = [0; 4];
    // Without randomness the name still works, and generating the keys would have failed before.
    if rand::fill(&mut bytes).is_err() {
        tracing::warn!("no randomness for a table name");
    }
    format!("{:08x}", u32::from_be_bytes(bytes))
}
