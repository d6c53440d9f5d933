//! Imports the tenant file again when it or one of its scripts changes: an operator who works on a Rule saves it, and
//! the next refresh runs it.

use std::{
    collections::HashMap,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};

use ratchet_core::App;
use ratchet_tenant::Tenant;
use tokio::sync::{Mutex, watch};

use crate::{error::LocalError, setup};

/// Interval of checks without requests: an operator should see an error soon after saving.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A tenant file that is watched.
#[derive(Debug)]
pub(crate) struct Watched {
    file: PathBuf,
    seen: Mutex<Seen>,
}

/// Files that the last import depended on, with their stamps from before they were read.
type Seen = Vec<(PathBuf, Option<Stamp>)>;

/// Properties that change with a file: time, size, and the inode if an editor writes a new file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    modified: (i64, i64),
    size: u64,
    inode: u64,
}

impl Watched {
    /// Imports a tenant file, and starts to watch it.
    pub(crate) async fn import(app: &App, file: &Path) -> Result<(Self, Tenant), LocalError> {
        let (tenant, seen) = load(app, file);
        let tenant = tenant?;
        setup::import(app, &tenant).await?;
        let watched = Self {
            file: file.to_owned(),
            seen: Mutex::new(seen),
        };
        Ok((watched, tenant))
    }

    /// Imports the file again if something has changed. An invalid file is reported, and the last import stays.
    /// Concurrent callers wait.
    pub(crate) async fn look(&self, app: &App) {
        let mut seen = self.seen.lock().await;
        if !seen.iter().any(|(path, stamp)| stamp_of(path) != *stamp) {
            return;
        }
        let (tenant, now) = load(app, &self.file);
        *seen = now;
        let imported = match tenant {
            Ok(tenant) => setup::import(app, &tenant).await,
            Err(error) => Err(error),
        };
        match imported {
            Ok(()) => println!("reloaded {}", self.file.display()),
            Err(error) => eprintln!("not reloaded: {}", crate::one_line(&error)),
        }
    }

    /// Checks repeatedly until the server stops.
    pub(crate) async fn keep_looking(&self, app: &App, mut stopping: watch::Receiver<bool>) {
        loop {
            let stopped = stopping.changed();
            if tokio::time::timeout(LOOK_EVERY, stopped).await.is_ok() {
                return;
            }
            self.look(app).await;
        }
    }
}

/// Reads the file and its scripts. A first reading lists the files, so that each gets its stamp before the reading that
/// counts: a file that is written in between is found changed at the next check.
fn load(app: &App, file: &Path) -> (Result<Tenant, LocalError>, Seen) {
    let (_, files) = setup::read_tenant(app, file);
    let stamps: HashMap<_, _> = files
        .into_iter()
        .map(|path| {
            let stamp = stamp_of(&path);
            (path, stamp)
        })
        .collect();
    let (tenant, files) = setup::read_tenant(app, file);
    let seen = files.into_iter().map(|path| {
        let stamp = stamps.get(&path).cloned().flatten();
        (path, stamp)
    });
    (tenant, seen.collect())
}

/// The stamp of a file; `None` if it does not exist.
fn stamp_of(path: &Path) -> Option<Stamp> {
    let about = fs::metadata(path).ok()?;
    Some(Stamp {
        modified: (about.mtime(), about.mtime_nsec()),
        size: about.size(),
        inode: about.ino(),
    })
}
