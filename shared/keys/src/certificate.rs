//! The certificate of a signing key (`x5c` and `x5t` of RFC 7517, and Auth0's `/pem`): self-signed, for clients that
//! accept a public key in no other form. No trust is based on it.

use aws_lc_rs::digest::{Digest, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ratchet_domain::time::Timestamp;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, Error, PKCS_RSA_SHA256, PublicKeyData,
    SerialNumber, SignatureAlgorithm, SigningKey,
};
use time::{Duration, OffsetDateTime};

use super::SignError;

/// Validity of a certificate, longer than any key is in use.
const VALID_FOR: Duration = Duration::days(3650);

/// A certificate without its signature.
pub(super) struct Draft {
    params: CertificateParams,
    key: PublicKey,
}

/// An RSA public key as PKCS#1.
struct PublicKey(Vec<u8>);

/// A signing key for `rcgen` that records the message to sign and returns a signature made elsewhere.
struct Signed<'a> {
    key: &'a PublicKey,
    signature: Vec<u8>,
    asked: std::cell::RefCell<Vec<u8>>,
}

impl Draft {
    /// Drafts a certificate for the issuer's host. `spki` is the public key of an RS256 key, in DER.
    pub(super) fn new(spki: &[u8], host: &str, now: Timestamp) -> Result<Self, SignError> {
        let key = PublicKey::from_spki(spki)?;
        let seconds = i64::try_from(now.as_secs()).unwrap_or_default();
        let not_before = OffsetDateTime::from_unix_timestamp(seconds).map_err(|e| failed(&e))?;
        let mut params = CertificateParams::default();
        let mut name = DistinguishedName::new();
        name.push(DnType::CommonName, host);
        params.distinguished_name = name;
        params.not_before = not_before;
        params.not_after = not_before + VALID_FOR;
        // Derived from the key, so that nothing random is needed; positive, and at most 20 bytes.
        let mut serial = digest(&SHA256, spki).as_ref()[..16].to_vec();
        serial[0] &= 0x7f;
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        Ok(Self { params, key })
    }

    /// The digest that the key has to sign.
    pub(super) fn digest(&self) -> Result<Digest, SignError> {
        let (_, asked) = self.sign_with(Vec::new())?;
        Ok(digest(&SHA256, &asked))
    }

    /// The certificate, in DER, with the signature of that digest.
    pub(super) fn with_signature(self, signature: Vec<u8>) -> Result<Vec<u8>, SignError> {
        self.sign_with(signature)
            .map(|(certificate, _)| certificate)
    }

    fn sign_with(&self, signature: Vec<u8>) -> Result<(Vec<u8>, Vec<u8>), SignError> {
        let signer = Signed {
            key: &self.key,
            signature,
            asked: std::cell::RefCell::default(),
        };
        let certificate = self.params.self_signed(&signer).map_err(|e| failed(&e))?;
        Ok((certificate.der().to_vec(), signer.asked.into_inner()))
    }
}

impl PublicKey {
    /// The bit string of a `SubjectPublicKeyInfo` (RFC 5280 section 4.1).
    fn from_spki(spki: &[u8]) -> Result<Self, SignError> {
        let key = || {
            let (info, _) = element(spki, 0x30)?;
            let (_, rest) = element(info, 0x30)?;
            let (bits, _) = element(rest, 0x03)?;
            bits.strip_prefix(&[0])
        };
        let key = key().ok_or_else(|| SignError::Jwt("a public key is not DER".to_owned()))?;
        Ok(Self(key.to_vec()))
    }
}

/// The content of a DER element, and the bytes after it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, first], rest) = der.split_first_chunk::<2>()?;
    if found != tag {
        return None;
    }
    let (length, rest) = match first {
        0..0x80 => (usize::from(first), rest),
        // The lower bits are the number of length bytes, which follow in big-endian order.
        _ => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = bytes.iter().try_fold(0_usize, |length, byte| {
                length.checked_mul(256)?.checked_add(usize::from(*byte))
            })?;
            (length, rest)
        }
    };
    rest.split_at_checked(length)
}

impl PublicKeyData for Signed<'_> {
    fn der_bytes(&self) -> &[u8] {
        &self.key.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_RSA_SHA256
    }
}

impl SigningKey for Signed<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        *self.asked.borrow_mut() = message.to_vec();
        Ok(self.signature.clone())
    }
}

/// `x5c`: base64, not base64url.
pub(super) fn chain(certificate: &[u8]) -> Vec<String> {
    vec![STANDARD.encode(certificate)]
}

/// `x5t`: base64url of the certificate's SHA-1 digest (RFC 7517 section 4.8).
pub(super) fn thumbprint(certificate: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, certificate))
}

fn failed(error: &dyn std::error::Error) -> SignError {
    SignError::Jwt(format!("a certificate cannot be made: {error}"))
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;
    use crate::pair::KeyPair;
    use ratchet_domain::client::SigningAlgorithm;

    #[test]
    fn a_certificate_is_signed_by_its_own_key() {
        let pkcs8 = KeyPair::generate(SigningAlgorithm::RS256).unwrap();
        let pair = KeyPair::from_pkcs8(SigningAlgorithm::RS256, &pkcs8).unwrap();
        let spki = pair.public_key().unwrap();
        let now = Timestamp::from_secs(1_800_000_000);
        let draft = Draft::new(&spki, "login.example.com", now).unwrap();
        let signature = pair.sign(&draft.digest().unwrap()).unwrap();
        let certificate = draft.with_signature(signature.clone()).unwrap();

        let (body, _) = element(&certificate, 0x30).unwrap();
        let (to_be_signed, _) = element(body, 0x30).unwrap();
        let header = body.len() - element(body, 0x30).unwrap().1.len() - to_be_signed.len();
        let key = PublicKey::from_spki(&spki).unwrap();
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &key.0)
            .verify(&body[..header + to_be_signed.len()], &signature)
            .unwrap();
        assert!(certificate.ends_with(&signature));
        let holds = |part: &[u8]| certificate.windows(part.len()).any(|window| window == part);
        assert!(holds(b"login.example.com") && holds(&spki));
    }

    #[test]
    fn an_invalid_public_key_yields_no_certificate() {
        for spki in [&b""[..], b"\x30\x02\x30\x00", b"\x30\x84\xff\xff\xff\xff"] {
            assert!(Draft::new(spki, "login.example.com", Timestamp::default()).is_err());
        }
    }
}
