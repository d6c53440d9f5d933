//! The tenant file and its scripts, imported again when one of them changes: whoever works on a rule saves
//! it, and the next refresh runs it.

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

/// How often to look while nobody asks anything: a person wants to hear of a slip soon after saving.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A tenant file that is watched.
#[derive(Debug)]
pub(crate) struct Watched {
    file: PathBuf,
    seen: Mutex<Seen>,
}

/// The files that the last reading depended on, as they were before it.
type Seen = Vec<(PathBuf, Option<Stamp>)>;

/// What changes when a file does: the time, the size, and the inode where an editor writes a new file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    modified: (i64, i64),
    size: u64,
    inode: u64,
}

impl Watched {
    /// Imports a tenant file, and watches it from now on.
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

    /// Imports the file again if something has changed. A file that is wrong is told, and what was imported
    /// last stays. Whoever asks meanwhile waits.
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

    /// Looks until the server stops.
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

/// Reads the file and its scripts. A first reading tells which files there are, so that each can have its
/// stamp before it is read for good: one that is written meanwhile looks changed at the next look.
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

/// The stamp of a file; `None` where there is none.
fn stamp_of(path: &Path) -> Option<Stamp> {
    let about = fs::metadata(path).ok()?;
    Some(Stamp {
        modified: (about.mtime(), about.mtime_nsec()),
        size: about.size(),
        inode: about.ino(),
    })
}
