//! The data folder, whose files are their owner's alone: passwords' hashes and keys lie there.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use crate::error::LocalError;

/// The file of the table. SQLite keeps others beside it, whose names begin like this one.
pub(crate) const DATABASE: &str = "dynamodb.sqlite";

/// The file of the keys.
pub(crate) const KEYS: &str = "keys.json";

/// The folder of the certificates.
pub(crate) const TLS: &str = "tls";

/// Makes the folder and looks whether it can be written to. What a folder that was there holds of ours becomes
/// its owner's alone, and so does the folder unless other files lie in it, too.
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
    let mut all_ours = true;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_ours = name.to_str().is_some_and(is_ours);
        all_ours &= is_ours;
        // The metadata of an entry are a link's own: what a link leads to is left alone.
        if is_ours && entry.metadata()?.is_file() {
            restrict(&entry.path(), 0o600)?;
        }
    }
    if all_ours {
        restrict(folder, 0o700)?;
    }
    Ok(())
}

/// Whether we write a file of that name into a data folder, or into the folder of the certificates.
fn is_ours(name: &str) -> bool {
    let is_certificate = || {
        let (stem, kind) = name.rsplit_once('.').unwrap_or_default();
        (stem == TLS || stem == "ca" || stem.starts_with("ca-")) && matches!(kind, "crt" | "key")
    };
    [KEYS, TLS].contains(&name) || name.starts_with(DATABASE) || is_certificate()
}

/// Takes from a file or folder what others may do to it.
fn restrict(path: &Path, mode: u32) -> io::Result<()> {
    let mut permissions = path.metadata()?.permissions();
    if permissions.mode() & 0o077 != 0 {
        permissions.set_mode(mode);
        fs::set_permissions(path, permissions)?;
    }
    Ok(())
}

/// Makes an empty file that only its owner can read, unless there is one.
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
