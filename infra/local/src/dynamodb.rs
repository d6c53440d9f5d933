//! The embedded `DynamoDB`: dynoxide over SQLite, served on loopback. The functions reach it through
//! the AWS SDK, exactly as they reach AWS.

use std::{net::SocketAddr, path::Path};

use dynoxide::Database;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use crate::error::LocalError;

/// A running database.
pub(crate) struct Embedded {
    pub(crate) address: SocketAddr,
    serving: JoinHandle<Result<(), String>>,
}

impl Embedded {
    /// Opens the database of a folder, or one in memory, and serves it until `stop` changes.
    pub(crate) async fn start(
        folder: Option<&Path>,
        port: u16,
        mut stop: watch::Receiver<bool>,
    ) -> Result<Self, LocalError> {
        let database = match folder {
            Some(folder) => {
                let file = folder.join("dynamodb.sqlite");
                let failed = |reason: String| LocalError::Data {
                    path: folder.to_owned(),
                    reason,
                };
                let path = file
                    .to_str()
                    .ok_or_else(|| failed("not a UTF-8 path".to_owned()))?;
                Database::new(path).map_err(|e| failed(e.to_string()))?
            }
            None => Database::memory().map_err(|e| LocalError::Database(e.to_string()))?,
        };
        let listener = TcpListener::bind(("127.0.0.1", port))
            .await
            .map_err(|source| LocalError::Port { port, source })?;
        let address = listener.local_addr().map_err(LocalError::Network)?;
        let stopped = async move {
            // A sender that is gone means the same as one that says stop.
            if stop.wait_for(|stop| *stop).await.is_err() {
                tracing::debug!("the database stops because the server is gone");
            }
        };
        let serving = tokio::spawn(dynoxide::server::serve_with_shutdown(
            listener, database, stopped,
        ));
        Ok(Self { address, serving })
    }

    /// Waits until the database has stopped.
    pub(crate) async fn stopped(self) -> Result<(), LocalError> {
        match self.serving.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(reason)) => Err(LocalError::Database(reason)),
            Err(error) => Err(LocalError::Database(error.to_string())),
        }
    }
}
