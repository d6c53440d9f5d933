//! The stack that a command works on.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use aws_config::identity::IdentityCache;
use clap::Args;
use ratchet_core::{
    App, KeyUse, Parts,
    clients::{self, Clients, SdkConfig},
    config::{Config, Issuer},
};
use ratchet_domain::{client::SigningAlgorithm, signing_key::SigningMode};
use ratchet_keys::file::KeyFile;
use ratchet_store::Store;
use tokio::sync::OnceCell;

use crate::{failure::Failure, profile::of_profile};

/// Time limit for finding credentials.
const CREDENTIALS_PATIENCE: Duration = Duration::from_secs(30);

/// Options of every command. No command requires all of them, so a missing one is reported where it is needed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Stack")]
pub(crate) struct Connection {
    /// The name of the stack's DynamoDB table.
    #[arg(long, global = true, env = "TABLE_NAME", value_name = "NAME")]
    table: Option<String>,

    /// The stack's issuer, with its trailing slash. Also gives `##ISSUER##` in tenant files, without the
    /// slash.
    #[arg(long, global = true, env = "ISSUER", value_name = "URL")]
    issuer: Option<String>,

    /// The key file of a stack that has no KMS; the local server's is `.data/keys.json`.
    #[arg(long, global = true, env = "KEY_FILE", value_name = "FILE")]
    key_file: Option<PathBuf>,

    /// The key in KMS that wraps what lies in the table.
    #[arg(long, global = true, env = "WRAPPING_KEY", value_name = "KEY")]
    wrapping_key: Option<String>,

    /// The signing keys in KMS, `RS256=<key id or ARN>`, separated by commas; with
    /// `--signing-mode wrapped` the algorithms alone.
    #[arg(long, global = true, env = "SIGNING_KEYS", value_name = "KEYS")]
    signing_keys: Option<String>,

    /// Location of private signing keys: `kms` or `wrapped`, as the stack was deployed.
    #[arg(long, global = true, env = "SIGNING_MODE", value_name = "MODE")]
    signing_mode: Option<String>,

    /// An embedded or emulated DynamoDB, reached without AWS credentials. Of these it is given the access key
    /// (`AWS_ACCESS_KEY_ID`), which the local server asks for and prints at start.
    #[arg(long, global = true, value_name = "URL")]
    endpoint: Option<String>,

    /// Access key that requests to `--endpoint` name.
    #[arg(long, hide = true, env = "AWS_ACCESS_KEY_ID", hide_env_values = true)]
    access_key: Option<String>,

    /// Profile of the AWS CLI's files, before credentials in variables [default: `AWS_PROFILE`, after them].
    #[arg(long, global = true, value_name = "NAME")]
    profile: Option<String>,

    /// Append the audit event of the command to this file [default: standard error].
    #[arg(
        long,
        global = true,
        env = "AUDIT_LOG",
        value_name = "FILE",
        help_heading = "Audit"
    )]
    audit_log: Option<PathBuf>,

    /// The command in AWS's own record of the calls: `admin.users.log-out`.
    #[arg(skip)]
    application: String,

    /// True for the command that reads the account, with or without a stack.
    #[arg(skip)]
    reads_account: bool,

    #[arg(skip)]
    sdk: OnceCell<SdkConfig>,
}

impl Connection {
    /// Sets the command's name in the calls of AWS: `admin.users.log-out`.
    pub(crate) fn called_for(&mut self, command: &str) {
        self.application = format!("admin.{}", command.replace(' ', "."));
        self.reads_account = command == "preflight";
    }

    /// True if the command works on AWS.
    pub(crate) const fn is_of_a_stack(&self) -> bool {
        self.endpoint.is_none() && (self.table.is_some() || self.reads_account)
    }

    /// The stack's table, if it is named.
    pub(crate) fn table(&self) -> Option<&str> {
        self.table.as_deref()
    }

    /// Configuration of AWS clients and the Region, for a command that reads the account.
    pub(crate) async fn account(&self) -> Result<(&SdkConfig, String), Failure> {
        if self.endpoint.is_some() {
            let text = "preflight reads an account of AWS, and --endpoint is none";
            return Err(Failure::Usage(text.to_owned()));
        }
        let sdk = self.aws().await;
        let region = region(sdk)?;
        Ok((sdk, region))
    }

    /// The location of private signing keys.
    pub(crate) fn signing_mode(&self) -> Result<SigningMode, Failure> {
        match self.signing_mode.as_deref() {
            None | Some("kms") => Ok(SigningMode::Kms),
            Some("wrapped") => Ok(SigningMode::Wrapped),
            Some(_) => Err(Failure::Usage(
                "--signing-mode must be kms or wrapped".to_owned(),
            )),
        }
    }

    /// The algorithms of the signing keys; RS256 if none are named.
    pub(crate) fn signing_algorithms(&self) -> Result<Vec<SigningAlgorithm>, Failure> {
        let keys = self.signing_keys.as_deref().unwrap_or("RS256").split(',');
        let algorithm = |key: &str| {
            let name = key.split('=').next().unwrap_or_default().trim();
            let known = SigningAlgorithm::parse(name);
            known
                .filter(|algorithm| *algorithm != SigningAlgorithm::HS256)
                .ok_or_else(|| {
                    Failure::Usage(format!(
                        "--signing-keys: `{key}` does not begin with RS256, PS256 or ES256"
                    ))
                })
        };
        keys.map(algorithm).collect()
    }

    /// File of the audit event; `None` for standard error.
    pub(crate) fn audit_log(&self) -> Option<&Path> {
        self.audit_log.as_deref()
    }

    /// Configuration of AWS clients, loaded once. They share their credentials, so that a role is assumed once, and a
    /// session refreshed once.
    pub(crate) async fn aws(&self) -> &SdkConfig {
        let load = async || {
            let sdk = clients::of_operator(&self.application).await;
            let sdk = match &self.profile {
                Some(profile) => of_profile(sdk, profile).await,
                None => sdk,
            };
            // A program that prints credentials may itself ask AWS; the SDK's default is five seconds.
            let cache = IdentityCache::lazy().load_timeout(CREDENTIALS_PATIENCE);
            let cache = cache.build();
            sdk.into_builder().identity_cache(cache).build()
        };
        self.sdk.get_or_init(load).await
    }

    async fn clients(&self) -> Result<Clients, Failure> {
        let sdk = self.aws().await;
        region(sdk)?;
        Ok(Clients::of_operator(sdk))
    }

    /// The store of the stack's table.
    pub(crate) async fn store(&self) -> Result<Store, Failure> {
        let table = required(self.table.as_ref(), "--table", "TABLE_NAME")?;
        Ok(match &self.endpoint {
            Some(endpoint) => Store::emulated(endpoint, table, self.access_key.as_deref()),
            None => Store::new(self.clients().await?.dynamodb, table),
        })
    }

    /// An app with the stack's table and keys.
    pub(crate) async fn app(&self) -> Result<App, Failure> {
        self.app_that(KeyUse::Rotate).await
    }

    /// An app for commands that end sessions: it can sign the logout tokens for their applications.
    pub(crate) async fn notifying_app(&self) -> Result<App, Failure> {
        self.app_that(KeyUse::SignLogoutTokens).await
    }

    async fn app_that(&self, key_use: KeyUse) -> Result<App, Failure> {
        let parts = self.parts(key_use).await?;
        Ok(Box::pin(App::new(parts)).await?)
    }

    /// Table and keys for commands that need keys but answer no requests.
    pub(crate) async fn parts(&self, key_use: KeyUse) -> Result<Parts, Failure> {
        required(self.table.as_ref(), "--table", "TABLE_NAME")?;
        let issuer = self.issuer()?;
        let issuer = issuer.ok_or_else(|| missing("--issuer", "ISSUER"))?;
        let Some(key_file) = &self.key_file else {
            return self.parts_with_kms(key_use).await;
        };
        self.without_kms()?;
        // Opening a missing file would generate new keys, which can open nothing in the table.
        if !key_file.exists() {
            return Err(Failure::NoKeyFile(key_file.display().to_string()));
        }
        let store = self.store().await?;
        Ok(Parts::with_key_file(
            issuer,
            store,
            KeyFile::open(key_file)?,
        ))
    }

    /// Rejects the options of KMS, which a key file would leave unread. `conflicts_with` does not see a global option
    /// that stands before the command beside one that stands after it.
    fn without_kms(&self) -> Result<(), Failure> {
        for (value, option, variable) in [
            (&self.wrapping_key, "--wrapping-key", "WRAPPING_KEY"),
            (&self.signing_keys, "--signing-keys", "SIGNING_KEYS"),
            (&self.signing_mode, "--signing-mode", "SIGNING_MODE"),
        ] {
            if value.is_some() {
                return Err(Failure::Usage(format!(
                    "{option} (or the variable {variable}) is for keys in KMS and cannot be used with --key-file"
                )));
            }
        }
        Ok(())
    }

    /// Table and keys with keys in KMS, under the names that configure a function.
    async fn parts_with_kms(&self, key_use: KeyUse) -> Result<Parts, Failure> {
        required(
            self.wrapping_key.as_ref(),
            "--wrapping-key or --key-file",
            "WRAPPING_KEY",
        )?;
        let config = Config::read(&|name| match name {
            "ISSUER" => self.issuer.clone(),
            "TABLE_NAME" => self.table.clone(),
            "WRAPPING_KEY" => self.wrapping_key.clone(),
            "SIGNING_KEYS" => self.signing_keys.clone(),
            "SIGNING_MODE" => self.signing_mode.clone(),
            _ => None,
        });
        let config = config.map_err(|error| Failure::Usage(error.to_string()))?;
        Ok(Parts::from_config(config, self.clients().await?, key_use)?)
    }

    /// The issuer; `None` if it is not given.
    pub(crate) fn issuer(&self) -> Result<Option<Issuer>, Failure> {
        let parsed = self.issuer.as_deref().map(Issuer::parse).transpose();
        parsed.map_err(|error| Failure::Usage(format!("--issuer {error}")))
    }
}

/// The Region, from the sources and in the order of the AWS CLI: `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile.
fn region(sdk: &SdkConfig) -> Result<String, Failure> {
    let missing = || {
        let text = "no Region is configured: set AWS_REGION, or `region` in the profile";
        Failure::Usage(text.to_owned())
    };
    Ok(sdk.region().ok_or_else(missing)?.to_string())
}

fn required<'a, T>(value: Option<&'a T>, option: &str, variable: &str) -> Result<&'a T, Failure> {
    value.ok_or_else(|| missing(option, variable))
}

fn missing(option: &str, variable: &str) -> Failure {
    Failure::Usage(format!("{option} is missing (or the variable {variable})"))
}
