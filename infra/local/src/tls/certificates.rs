//! Creates and checks the certificates of `--tls`.

use std::{sync::Arc, time::Duration as StdDuration};

use ratchet_domain::time::Timestamp;
use ratchet_system::random;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, NameConstraints, PublicKeyData, SerialNumber,
};
use time::{Duration, OffsetDateTime};
use tokio_rustls::rustls::{
    self, CertificateError, RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier},
    crypto::aws_lc_rs::default_provider,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
    server::ParsedCertificate,
};

use super::names::Names;

/// Validity of a certificate authority: ten years, because trusting it is work.
const AUTHORITY_LASTS: Duration = Duration::days(3650);

/// Validity of a server's certificate. Apple's systems reject one of more than [825 days].
///
/// [825 days]: https://support.apple.com/en-us/103769
const CERTIFICATE_LASTS: Duration = Duration::days(820);

/// Certificates begin a day early, because a client's clock may be behind ours.
const BACKDATED: Duration = Duration::days(1);

/// Certificates that end within this time are replaced.
const RENEW_BEFORE: StdDuration = StdDuration::from_hours(30 * 24);

/// A certificate that cannot be created or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertificatesError {
    #[error(transparent)]
    Make(#[from] rcgen::Error),
    #[error(transparent)]
    Check(#[from] rustls::Error),
    #[error("{0}")]
    Other(String),
}

/// A new private key, as PEM.
pub(crate) fn new_key() -> Result<String, CertificatesError> {
    Ok(KeyPair::generate()?.serialize_pem())
}

/// A certificate authority. Its certificate permits only private names and the issuer's host. A thief of its key in a
/// developer's folder therefore cannot impersonate other sites to that developer.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    verifier: Arc<WebPkiServerVerifier>,
}

impl Authority {
    /// Creates an authority, and its certificate as PEM.
    pub(crate) fn new(
        key: &str,
        names: &Names,
        now: Timestamp,
    ) -> Result<(Self, String), CertificatesError> {
        let key = KeyPair::from_pem(key)?;
        let params = authority_params(&key, names, now)?;
        let certificate = params.self_signed(&key)?;
        let authority = Self::of(certificate.der(), params, key)?;
        Ok((authority, certificate.pem()))
    }

    /// A stored authority; `None` if it ends soon or has another key.
    pub(crate) fn kept(
        certificate: &str,
        key: &str,
        names: &Names,
        now: Timestamp,
    ) -> Result<Option<Self>, CertificatesError> {
        let certificate = der(certificate)?;
        let key = KeyPair::from_pem(key)?;
        if !belongs(&certificate, &key)? {
            return Ok(None);
        }
        let params = authority_params(&key, names, now)?;
        let authority = Self::of(&certificate, params, key)?;
        // This is not a server's certificate, but the verifier checks the dates first.
        let ends_soon = matches!(
            authority.verify(&certificate, "localhost", soon(now)),
            Err(rustls::Error::InvalidCertificate(
                CertificateError::Expired | CertificateError::ExpiredContext { .. }
            ))
        );
        Ok((!ends_soon).then_some(authority))
    }

    fn of(
        certificate: &CertificateDer<'_>,
        params: CertificateParams,
        key: KeyPair,
    ) -> Result<Self, CertificatesError> {
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone().into_owned())?;
        let provider = Arc::new(default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map_err(|e| CertificatesError::Other(e.to_string()))?;
        Ok(Self {
            issuer: Issuer::new(params, key),
            verifier,
        })
    }

    /// Creates a server's certificate, as PEM.
    pub(crate) fn certificate(
        &self,
        key: &str,
        names: &Names,
        now: Timestamp,
    ) -> Result<String, CertificatesError> {
        let key = KeyPair::from_pem(key)?;
        let mut params = CertificateParams::new(names.iter().cloned().collect::<Vec<_>>())?;
        params.distinguished_name = common_name("Ratchet on this machine".to_owned());
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        valid_for(&mut params, CERTIFICATE_LASTS, now)?;
        Ok(params.signed_by(&key, &self.issuer)?.pem())
    }

    /// A stored certificate; `None` if it ends soon, has another key or authority, or lacks a name.
    pub(crate) fn kept_certificate(
        &self,
        certificate: &str,
        key: &str,
        names: &Names,
        now: Timestamp,
    ) -> Result<Option<CertificateDer<'static>>, CertificatesError> {
        let certificate = der(certificate)?;
        let good = belongs(&certificate, &KeyPair::from_pem(key)?)?
            && names
                .iter()
                .all(|name| self.verify(&certificate, name, soon(now)).is_ok());
        Ok(good.then_some(certificate))
    }

    /// Checks that a client which trusts this authority accepts the certificate for every name.
    pub(crate) fn check(
        &self,
        certificate: &CertificateDer<'_>,
        names: &Names,
        now: Timestamp,
    ) -> Result<(), CertificatesError> {
        let mut names = names.iter();
        names.try_for_each(|name| Ok(self.verify(certificate, name, at(now))?))
    }

    fn verify(
        &self,
        certificate: &CertificateDer<'_>,
        name: &str,
        at: UnixTime,
    ) -> Result<(), rustls::Error> {
        let name = ServerName::try_from(name)
            .map_err(|error| rustls::Error::General(format!("`{name}`: {error}")))?;
        self.verifier
            .verify_server_cert(certificate, &[], &name, &[], at)
            .map(|_| ())
    }
}

/// Parameters of an authority's certificate. Its name contains the key's id, because clients would confuse two
/// authorities with the same name.
fn authority_params(
    key: &KeyPair,
    names: &Names,
    now: Timestamp,
) -> Result<CertificateParams, CertificatesError> {
    let mut params = CertificateParams::default();
    let id = params.key_identifier(key);
    let id = id
        .iter()
        .take(4)
        .fold(0, |id, byte| (id << 8) | u32::from(*byte));
    params.distinguished_name = common_name(format!("Ratchet local CA {id:08x}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: names.permitted(),
        excluded_subtrees: Vec::new(),
    });
    valid_for(&mut params, AUTHORITY_LASTS, now)?;
    Ok(params)
}

fn common_name(name: String) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

/// Sets the validity, and a serial number that no renewed certificate repeats (RFC 5280 section 4.1.2.2).
fn valid_for(
    params: &mut CertificateParams,
    lasts: Duration,
    now: Timestamp,
) -> Result<(), CertificatesError> {
    let seconds = i64::try_from(now.as_secs()).unwrap_or_default();
    let now = OffsetDateTime::from_unix_timestamp(seconds)
        .map_err(|e| CertificatesError::Other(e.to_string()))?;
    params.not_before = now - BACKDATED;
    params.not_after = params.not_before + lasts;
    let mut serial: [u8; 16] = random();
    serial[0] &= 0x7f;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    Ok(())
}

/// True if a certificate contains the key.
fn belongs(certificate: &CertificateDer<'_>, key: &KeyPair) -> Result<bool, CertificatesError> {
    let certificate = ParsedCertificate::try_from(certificate)?;
    let certified = certificate.subject_public_key_info();
    Ok(certified.as_ref() == key.subject_public_key_info())
}

fn der(text: &str) -> Result<CertificateDer<'static>, CertificatesError> {
    CertificateDer::from_pem_slice(text.as_bytes())
        .map_err(|e| CertificatesError::Other(e.to_string()))
}

fn at(time: Timestamp) -> UnixTime {
    UnixTime::since_unix_epoch(StdDuration::from_secs(time.as_secs()))
}

fn soon(now: Timestamp) -> UnixTime {
    UnixTime::since_unix_epoch(StdDuration::from_secs(now.as_secs()) + RENEW_BEFORE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
    const DAY: u64 = 24 * 60 * 60;

    fn days_later(days: u64) -> Timestamp {
        Timestamp::from_secs(NOW.as_secs() + days * DAY)
    }

    fn certificate(host: &str) -> (Authority, String, String) {
        let names = Names::of(host);
        let (authority, _) = Authority::new(&new_key().unwrap(), &names, NOW).unwrap();
        let key = new_key().unwrap();
        let certificate = authority.certificate(&key, &names, NOW).unwrap();
        (authority, certificate, key)
    }

    #[test]
    fn a_certificate_is_good_for_its_host_and_for_loopback() {
        for host in [
            "127.0.0.1",
            "[::1]",
            "localhost",
            "login.test",
            "login.example.com",
            "192.168.1.20",
            "203.0.113.7",
            "[2001:db8::1]",
            "xn--bcher-kva.example",
        ] {
            let (authority, text, _) = certificate(host);
            let names = Names::of(host);
            assert!(names.iter().len() >= 3, "{names:?}");
            authority.check(&der(&text).unwrap(), &names, NOW).unwrap();
        }
    }

    #[test]
    fn an_authority_is_not_believed_about_other_hosts() {
        for (host, other) in [
            ("localhost", "example.com"),
            ("localhost", "203.0.113.7"),
            ("127.0.0.1", "notlocalhost"),
            ("login.example.com", "www.example.com"),
        ] {
            let (authority, _, key) = certificate(host);
            let other = Names::of(other);
            let text = authority.certificate(&key, &other, NOW).unwrap();
            assert!(authority.check(&der(&text).unwrap(), &other, NOW).is_err());
        }
    }

    #[test]
    fn a_certificate_is_kept_until_it_ends_soon_or_the_host_changes() {
        let (authority, text, key) = certificate("login.test");
        let kept = |host, now| {
            let kept = authority.kept_certificate(&text, &key, &Names::of(host), now);
            kept.unwrap().is_some()
        };
        assert!(kept("login.test", days_later(788)));
        assert!(!kept("login.test", days_later(790)));
        assert!(kept("localhost", NOW));
        assert!(!kept("other.test", NOW));
        let (other, ..) = certificate("login.test");
        let names = Names::of("login.test");
        let kept = other.kept_certificate(&text, &key, &names, NOW).unwrap();
        assert_eq!(kept, None);
        let key = new_key().unwrap();
        let kept = authority
            .kept_certificate(&text, &key, &names, NOW)
            .unwrap();
        assert_eq!(kept, None);
    }

    #[test]
    fn an_authority_is_kept_until_it_ends_soon_or_its_key_is_gone() {
        let names = Names::of("localhost");
        let key = new_key().unwrap();
        let (_, text) = Authority::new(&key, &names, NOW).unwrap();
        let kept = |key: &str, now| Authority::kept(&text, key, &names, now).unwrap().is_some();
        assert!(kept(&key, NOW) && kept(&key, days_later(3618)));
        assert!(!kept(&key, days_later(3620)));
        assert!(!kept(&new_key().unwrap(), NOW));
    }

    #[test]
    fn a_kept_authority_certifies_as_before() {
        let names = Names::of("localhost");
        let key = new_key().unwrap();
        let (first, text) = Authority::new(&key, &names, NOW).unwrap();
        let later = days_later(400);
        let again = Authority::kept(&text, &key, &names, later)
            .unwrap()
            .unwrap();
        let server = new_key().unwrap();
        let made = again.certificate(&server, &names, later).unwrap();
        first.check(&der(&made).unwrap(), &names, later).unwrap();
    }
}
