//! The embedded `DynamoDB`: dynoxide over SQLite. The functions reach it through the AWS SDK, whose requests are
//! answered in this process. Other programs reach it only with `--dynamodb-port` and its key.

mod access_control;
mod connector;
mod engine;
mod key;

use std::{net::SocketAddr, path::Path, sync::Arc};

use dynoxide::Database;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use access_control::AccessControl;
pub(crate) use connector::InProcess;
use engine::Engine;
pub(crate) use key::AccessKey;

use crate::{data, error::LocalError, hosts::Hosts, listen};

/// The database of this process.
#[derive(Debug, Clone)]
pub(crate) struct Embedded {
    engine: Arc<Engine>,
}

/// The database's server for other programs, until it stops.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    /// The key that requests have to name.
    pub(crate) key: AccessKey,
    serving: JoinHandle<()>,
}

impl Embedded {
    /// Opens the database in a folder, or in memory without one.
    pub(crate) fn open(folder: Option<&Path>) -> Result<Self, LocalError> {
        let database = match folder {
            Some(folder) => {
                let failed = |reason: String| LocalError::Data {
                    path: folder.to_owned(),
                    reason,
                };
                let file = folder.join(data::DATABASE);
                // SQLite would make the file readable by all; its further files are as private as this one.
                data::make_private(&file).map_err(|e| failed(e.to_string()))?;
                let path = file
                    .to_str()
                    .ok_or_else(|| failed("not a UTF-8 path".to_owned()))?;
                Database::new(path).map_err(|e| failed(e.to_string()))?
            }
            None => Database::memory().map_err(|e| LocalError::Database(e.to_string()))?,
        };
        Ok(Self {
            engine: Arc::new(Engine::new(database)),
        })
    }

    /// Answers the AWS SDK of this process.
    pub(crate) fn connector(&self) -> InProcess {
        InProcess::new(Arc::clone(&self.engine))
    }

    /// Serves the database on loopback to programs that name the key, until `stopping` changes.
    pub(crate) async fn serve(
        &self,
        port: u16,
        hosts: Hosts,
        stopping: watch::Receiver<bool>,
    ) -> Result<Served, LocalError> {
        let listener = TcpListener::bind(("127.0.0.1", port))
            .await
            .map_err(|source| LocalError::Port { port, source })?;
        let address = listener.local_addr().map_err(LocalError::Network)?;
        let key = AccessKey::draw();
        let access_control = AccessControl::new(Arc::clone(&self.engine), key.clone(), hosts);
        let serving = tokio::spawn(listen::serve(
            listener,
            None,
            Arc::new(access_control),
            stopping,
        ));
        Ok(Served {
            address,
            key,
            serving,
        })
    }
}

impl Served {
    /// Waits until the database is no longer served.
    pub(crate) async fn stopped(self) -> Result<(), LocalError> {
        let ended = self.serving.await;
        ended.map_err(|error| LocalError::Database(error.to_string()))
    }
}
