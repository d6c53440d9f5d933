//! `--tls`: HTTPS with a certificate for the issuer's host, signed by a certificate authority that a client has to
//! trust once.
//!
//! | file of `--tls-dir` | contents |
//! | --- | --- |
//! | `ca.crt`, `ca.key` | the certificate authority for hosts that exist on private networks only |
//! | `ca-<host>.crt`, `ca-<host>.key` | the certificate authority of an issuer with any other host |
//! | `tls.crt`, `tls.key` | the server's certificate, replaced when it ends soon or the host changes |

mod certificates;
mod names;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use ratchet_domain::time::Timestamp;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

use crate::{data, error::LocalError};
use certificates::Authority;
use names::Names;

/// TLS of a server.
pub(crate) struct Tls {
    /// Acceptor of TLS connections.
    pub(crate) acceptor: TlsAcceptor,
    /// Path of the certificate that clients have to trust.
    pub(crate) authority: PathBuf,
}

impl Tls {
    /// Reads the folder's certificates; creates those that are missing, end soon, or are for another host.
    pub(crate) fn open(folder: &Path, host: &str, now: Timestamp) -> Result<Self, LocalError> {
        data::make_folder(folder)?;
        let names = Names::of(host);
        let folder = Folder(folder);
        let (authority, path) = folder.authority(&names, now)?;
        let (certificate, key) = folder.certificate(&authority, &names, now)?;
        authority
            .check(&certificate, &names, now)
            .map_err(|error| {
                let path = path.display();
                tls(format!("{path} cannot certify {host}, delete it: {error}"))
            })?;
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(tls)?;
        let mut config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .map_err(tls)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            authority: fs::canonicalize(&path).unwrap_or(path),
        })
    }
}

/// The folder of certificates and their keys.
struct Folder<'a>(&'a Path);

impl Folder<'_> {
    /// The authority for these names, and the path of its certificate.
    fn authority(&self, names: &Names, now: Timestamp) -> Result<(Authority, PathBuf), LocalError> {
        let stem = names.public().map_or_else(
            || "ca".to_owned(),
            |host| format!("ca-{}", host.replace(':', "-")),
        );
        let key = self.key(&format!("{stem}.key"))?;
        let name = format!("{stem}.crt");
        let kept = match self.read(&name)? {
            Some(certificate) => Authority::kept(&certificate, &key, names, now).map_err(tls)?,
            None => None,
        };
        let authority = match kept {
            Some(authority) => authority,
            None => {
                let (authority, text) = Authority::new(&key, names, now).map_err(tls)?;
                self.replace(&name, &text)?;
                authority
            }
        };
        Ok((authority, self.0.join(name)))
    }

    /// The server's certificate and its key.
    fn certificate(
        &self,
        authority: &Authority,
        names: &Names,
        now: Timestamp,
    ) -> Result<(CertificateDer<'static>, String), LocalError> {
        let key = self.key("tls.key")?;
        if let Some(text) = self.read("tls.crt")?
            && let Some(kept) = authority
                .kept_certificate(&text, &key, names, now)
                .map_err(tls)?
        {
            return Ok((kept, key));
        }
        let text = authority.certificate(&key, names, now).map_err(tls)?;
        self.replace("tls.crt", &text)?;
        let certificate = CertificateDer::from_pem_slice(text.as_bytes()).map_err(tls)?;
        Ok((certificate, key))
    }

    /// The existing private key, or a new one. Two servers that start at the same time both use the key that was
    /// written first.
    fn key(&self, name: &str) -> Result<String, LocalError> {
        if let Some(key) = self.read(name)? {
            return Ok(key);
        }
        let key = certificates::new_key().map_err(tls)?;
        let draft = self.draft(name);
        let path = self.0.join(name);
        data::write_private(&draft, &key).map_err(|e| self.failed(&e))?;
        let linked = fs::hard_link(&draft, &path);
        fs::remove_file(&draft).map_err(|e| self.failed(&e))?;
        match linked {
            Ok(()) => Ok(key),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                fs::read_to_string(&path).map_err(|e| self.failed(&e))
            }
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// Text of a file; `None` if it does not exist.
    fn read(&self, name: &str) -> Result<Option<String>, LocalError> {
        match fs::read_to_string(self.0.join(name)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// Replaces a certificate atomically, so that no other server reads half of it.
    fn replace(&self, name: &str, text: &str) -> Result<(), LocalError> {
        let draft = self.draft(name);
        fs::write(&draft, text)
            .and_then(|()| fs::rename(&draft, self.0.join(name)))
            .map_err(|e| self.failed(&e))
    }

    /// A name that no other process uses.
    fn draft(&self, name: &str) -> PathBuf {
        self.0.join(format!(".{name}.{}", std::process::id()))
    }

    fn failed(&self, source: &io::Error) -> LocalError {
        LocalError::Data {
            path: self.0.to_owned(),
            reason: source.to_string(),
        }
    }
}

fn tls(error: impl std::fmt::Display) -> LocalError {
    LocalError::Tls(error.to_string())
}
