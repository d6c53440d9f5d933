//! The data folder. Only its owner may read its files: they contain password hashes and keys.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use crate::error::LocalError;

/// File of the table. SQLite keeps other files beside it, whose names begin with this one.
pub(crate) const DATABASE: &str = "dynamodb.sqlite";

/// File of the keys.
pub(crate) const KEYS: &str = "keys.json";

/// Folder of the certificates.
pub(crate) const TLS: &str = "tls";

/// Creates the folder and checks that it is writable. Files of ours in an existing folder become private to their
/// owner, and so does the folder itself unless it contains other files.
pub(crate) fn make_folder(folder: &Path) -> Result<(), LocalError> {
    let make = || -> io::Result<()> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        let probe = folder.join(".writable");
        fs::write(&probe, b"").and_then(|()| fs::remove_file(&probe))?;
        close(folder)
    };
    make().map_err(|source| LocalError::Data {
        path: folder.to_owned(),
        reason: source.to_string(),
    })
}

fn close(folder: &Path) -> io::Result<()> {
    let mut only_own_files = true;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_own_file = name.to_str().is_some_and(is_own_file);
        only_own_files &= is_own_file;
        // A link's metadata are its own, so its target is left alone.
        if is_own_file && entry.metadata()?.is_file() {
            restrict(&entry.path(), 0o600)?;
        }
    }
    if only_own_files {
        restrict(folder, 0o700)?;
    }
    Ok(())
}

/// True if we write a file of that name into a data folder or into the folder of the certificates.
fn is_own_file(name: &str) -> bool {
    let is_certificate = || {
        let (stem, kind) = name.rsplit_once('.').unwrap_or_default();
        (stem == TLS || stem == "ca" || stem.starts_with("ca-")) && matches!(kind, "crt" | "key")
    };
    [KEYS, TLS].contains(&name) || name.starts_with(DATABASE) || is_certificate()
}

/// Removes the permissions of other users from a file or folder.
fn restrict(path: &Path, mode: u32) -> io::Result<()> {
    let mut permissions = path.metadata()?.permissions();
    if permissions.mode() & 0o077 != 0 {
        permissions.set_mode(mode);
        fs::set_permissions(path, permissions)?;
    }
    Ok(())
}

/// Creates an empty file that only its owner can read, unless it exists.
pub(crate) fn make_private(path: &Path) -> io::Result<()> {
    private().append(true).open(path).map(drop)
}

/// Writes a file that only its owner can read.
pub(crate) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut file = private().write(true).truncate(true).open(path)?;
    io::Write::write_all(&mut file, text.as_bytes())
}

fn private() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.create(true).mode(0o600);
    options
}
