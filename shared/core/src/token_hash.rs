//! Hashes of tokens: the digest by which an access token is stored, and `at_hash` and `c_hash`.

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ratchet_domain::ids::AccessTokenDigest;

/// The digest of a token, without the signature of a JWT: an ECDSA signature of the same content has several valid
/// texts, and they all belong to the same token.
pub(super) fn digest_of(token: &str) -> AccessTokenDigest {
    let signed = token.rsplit_once('.').map_or(token, |(signed, _)| signed);
    AccessTokenDigest::new(left_half_of_hash(signed))
}

/// The left half of a SHA-256 hash in base64url.
pub(super) fn left_half_of_hash(text: &str) -> String {
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16])
}
