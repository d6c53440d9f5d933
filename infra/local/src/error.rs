//! Errors of the local server.

use std::{io, path::PathBuf};

use ratchet_core::StartError;

/// The server cannot start, or stopped unexpectedly.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LocalError {
    #[error("cannot listen on port {port}: {source}")]
    Port { port: u16, source: io::Error },
    #[error("network: {0}")]
    Network(io::Error),
    #[error("cannot listen for signals: {0}")]
    Signal(io::Error),
    #[error("--issuer: {0}")]
    Issuer(#[from] ratchet_core::config::InvalidIssuer),
    #[error("data folder {}: {reason}", path.display())]
    Data { path: PathBuf, reason: String },
    #[error("database: {0}")]
    Database(String),
    #[error("cannot start: {0}")]
    Start(StartError),
    #[error("{0}")]
    TenantFile(ratchet_tenant::LoadError),
    #[error("tenant: {0}")]
    Tenant(ratchet_tenant::TenantFileError),
    #[error("import: {0}")]
    Import(String),
    #[error("certificate: {0}")]
    Tls(String),
}
