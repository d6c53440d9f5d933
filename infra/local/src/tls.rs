//! `--tls`: a certificate for this machine, made once and kept with the data.

use std::{fs, path::Path, sync::Arc};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

use crate::error::LocalError;

/// Reads the folder's certificate, or makes one.
pub(crate) fn acceptor(folder: Option<&Path>) -> Result<TlsAcceptor, LocalError> {
    let (certificate, key) = match folder {
        Some(folder) => kept(folder)?,
        None => generated()?,
    };
    let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).map_err(tls)?;
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(tls)?;
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .map_err(tls)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn kept(folder: &Path) -> Result<(String, String), LocalError> {
    let (certificate, key) = (folder.join("tls.crt"), folder.join("tls.key"));
    let data = |source: std::io::Error| LocalError::Data {
        path: folder.to_owned(),
        reason: source.to_string(),
    };
    if !(certificate.exists() && key.exists()) {
        let (made_certificate, made_key) = generated()?;
        fs::write(&certificate, made_certificate).map_err(data)?;
        crate::setup::write_private(&key, &made_key).map_err(data)?;
    }
    Ok((
        fs::read_to_string(certificate).map_err(data)?,
        fs::read_to_string(key).map_err(data)?,
    ))
}

fn generated() -> Result<(String, String), LocalError> {
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).map_err(tls)?;
    Ok((cert.pem(), signing_key.serialize_pem()))
}

fn tls(error: impl std::fmt::Display) -> LocalError {
    LocalError::Tls(error.to_string())
}
