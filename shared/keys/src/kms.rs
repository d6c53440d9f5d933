//! AWS KMS: the private keys never leave it.

use aws_lc_rs::digest::Digest;
use aws_sdk_kms::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    primitives::Blob,
    types::{MessageType, SigningAlgorithmSpec},
};
use ratchet_domain::{client::SigningAlgorithm, signing_key::ServiceKey};
use zeroize::Zeroizing;

use super::{
    Context, KeyServiceError,
    wrapping::{Unwrapping, Wrapped, WrappingKeys},
};

/// The KMS keys that a function is configured with.
#[derive(Debug)]
pub struct Kms {
    client: Client,
    wrapping_keys: WrappingKeys,
    signing_keys: Vec<ServiceKey>,
}

impl Kms {
    /// Takes the wrapping keys and the signing keys.
    pub fn new(client: Client, wrapping_keys: WrappingKeys, signing_keys: Vec<ServiceKey>) -> Self {
        Self {
            client,
            wrapping_keys,
            signing_keys,
        }
    }

    pub(super) fn signing_keys(&self) -> &[ServiceKey] {
        &self.signing_keys
    }

    pub(super) async fn sign(
        &self,
        key: &ServiceKey,
        digest: &Digest,
    ) -> Result<Vec<u8>, KeyServiceError> {
        let signed = self
            .client
            .sign()
            .key_id(&key.id)
            .message(Blob::new(digest.as_ref()))
            .message_type(MessageType::Digest)
            .signing_algorithm(spec(key.algorithm)?)
            .send()
            .await
            .map_err(|error| failure(&key.id, &error))?;
        let signature = signed.signature.map(Blob::into_inner).unwrap_or_default();
        match key.algorithm {
            SigningAlgorithm::ES256 => fixed(&signature).ok_or_else(|| {
                KeyServiceError::Refused("an ECDSA signature is not in DER".to_owned())
            }),
            _ => Ok(signature),
        }
    }

    pub(super) async fn public_key(&self, key: &ServiceKey) -> Result<Vec<u8>, KeyServiceError> {
        let call = self.client.get_public_key().key_id(&key.id).send();
        let output = call.await.map_err(|error| failure(&key.id, &error))?;
        if !output.signing_algorithms().contains(&spec(key.algorithm)?) {
            let algorithm = key.algorithm.as_str();
            let reason = format!("{}: it does not sign with {algorithm}", key.id);
            return Err(KeyServiceError::Refused(reason));
        }
        let spki = output.public_key.map(Blob::into_inner);
        spki.ok_or_else(|| KeyServiceError::Refused(format!("{} has no public key", key.id)))
    }

    pub(super) async fn wrap(
        &self,
        key: &[u8],
        context: Context<'_>,
    ) -> Result<Wrapped, KeyServiceError> {
        let wrapping_key = self.wrapping_keys.that_wraps();
        let mut call = self
            .client
            .encrypt()
            .key_id(wrapping_key)
            .plaintext(Blob::new(key));
        for (name, value) in context {
            call = call.encryption_context(*name, *value);
        }
        let output = call.send().await;
        let output = output.map_err(|error| failure(wrapping_key, &error))?;
        let ciphertext = output.ciphertext_blob.map(Blob::into_inner);
        let nothing = || KeyServiceError::Refused("nothing was wrapped".to_owned());
        Ok(Wrapped {
            ciphertext: ciphertext.ok_or_else(nothing)?,
            wrapped_by: output.key_id,
        })
    }

    pub(super) async fn unwrap_key(
        &self,
        wrapped: &Wrapped,
        context: Context<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, KeyServiceError> {
        let unwrapping = self.wrapping_keys.unwrapping(wrapped.wrapped_by.as_deref());
        let (key_id, asked) = match unwrapping? {
            Unwrapping::By(key) => (Some(key.to_owned()), key.to_owned()),
            Unwrapping::ByItsOwn => (None, self.wrapping_keys.to_string()),
        };
        let mut call = self
            .client
            .decrypt()
            .set_key_id(key_id)
            .ciphertext_blob(Blob::new(&*wrapped.ciphertext));
        for (name, value) in context {
            call = call.encryption_context(*name, *value);
        }
        let output = call.send().await;
        let output = output.map_err(|error| failure(&asked, &error))?;
        let unwrapped_by = output.key_id.as_deref().unwrap_or_default();
        self.wrapping_keys.check(unwrapped_by)?;
        let key = output.plaintext.map(Blob::into_inner).map(Zeroizing::new);
        key.ok_or_else(|| KeyServiceError::Refused("nothing was unwrapped".to_owned()))
    }
}

/// KMS's name for an algorithm.
fn spec(algorithm: SigningAlgorithm) -> Result<SigningAlgorithmSpec, KeyServiceError> {
    match algorithm {
        SigningAlgorithm::RS256 => Ok(SigningAlgorithmSpec::RsassaPkcs1V15Sha256),
        SigningAlgorithm::PS256 => Ok(SigningAlgorithmSpec::RsassaPssSha256),
        SigningAlgorithm::ES256 => Ok(SigningAlgorithmSpec::EcdsaSha256),
        SigningAlgorithm::HS256 => Err(KeyServiceError::no_key(algorithm)),
    }
}

/// The error of a failed KMS call, with the key's id.
fn failure<E, R>(key: &str, error: &SdkError<E, R>) -> KeyServiceError
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
    R: std::fmt::Debug + 'static,
{
    let reason = format!("{key}: {}", ratchet_aws::reason(error));
    if ratchet_aws::is_passing(error) {
        KeyServiceError::Unavailable(reason)
    } else {
        KeyServiceError::Refused(reason)
    }
}

/// An ECDSA P-256 signature in DER (a sequence of two integers) as the 64 bytes of RFC 7518
/// section 3.4.
fn fixed(der: &[u8]) -> Option<Vec<u8>> {
    let (&[tag, length], body) = der.split_first_chunk::<2>()?;
    if tag != 0x30 || usize::from(length) != body.len() {
        return None;
    }
    let (r, rest) = integer(body)?;
    let (s, rest) = integer(rest)?;
    rest.is_empty().then(|| [r, s].concat())
}

/// A DER integer of at most 32 bytes, padded to 32, and the bytes after it.
fn integer(der: &[u8]) -> Option<([u8; 32], &[u8])> {
    let (&[tag, length], body) = der.split_first_chunk::<2>()?;
    let (value, rest) = body.split_at_checked(usize::from(length))?;
    let value = value.strip_prefix(&[0]).unwrap_or(value);
    if tag != 0x02 || value.len() > 32 {
        return None;
    }
    let mut padded = [0; 32];
    padded[32 - value.len()..].copy_from_slice(value);
    Some((padded, rest))
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::{
        rand::SystemRandom,
        signature::{
            ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED, EcdsaKeyPair, KeyPair,
            UnparsedPublicKey,
        },
    };

    use super::*;

    #[test]
    fn der_signatures_of_every_length_verify_in_fixed_form() {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.public_key());
        let mut lengths = std::collections::BTreeSet::new();
        for message in 0_u16..600 {
            let message = message.to_be_bytes();
            let der = key.sign(&SystemRandom::new(), &message).unwrap();
            lengths.insert(der.as_ref().len());
            public
                .verify(&message, &fixed(der.as_ref()).unwrap())
                .unwrap();
        }
        assert!(lengths.len() > 2, "short integers were met: {lengths:?}");
    }

    #[test]
    fn an_invalid_der_signature_is_rejected() {
        for der in [
            &[][..],
            &[0x30],
            &[0x30, 0],
            &[0x30, 3, 2, 1, 1],
            &[0x31, 6, 2, 1, 1, 2, 1, 1],
        ] {
            assert_eq!(fixed(der), None, "{der:?}");
        }
    }
}
