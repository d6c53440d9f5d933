//! Access tokens that `/userinfo` stops accepting before they expire: those issued for a code that came twice
//! (RFC 6749 section 4.1.2). An API that verifies a JWT by itself does not see this.

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::future::try_join;

use super::{AccessToken, App};
use crate::{
    adapters::dynamo::LoginRecord,
    domain::{code::IssuedAccessToken, denial::Denial, ids::AccessTokenDigest, time::Timestamp},
};

/// What the item of a code keeps of the access token that the code was exchanged for.
pub fn issued_access_token(token: &str, expires_at: Timestamp) -> IssuedAccessToken {
    IssuedAccessToken {
        digest: digest_of(token),
        expires_at,
    }
}

/// The digest of a token without the signature that a JWT ends with: of one content an ECDSA signature has several
/// valid texts, and all of them are the same token.
pub(super) fn digest_of(token: &str) -> AccessTokenDigest {
    let signed = token.rsplit_once('.').map_or(token, |(signed, _)| signed);
    AccessTokenDigest::new(left_half_of_hash(signed))
}

/// The left half of a SHA-256 hash in base64url.
pub(super) fn left_half_of_hash(text: &str) -> String {
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16])
}

impl App {
    /// The user of a verified access token, unless the token was revoked. Both are read at once.
    pub async fn load_user_of(&self, token: &AccessToken) -> Result<Option<LoginRecord>, Denial> {
        let (user, revoked) = try_join(
            self.store.load_user(&token.user_id),
            self.store
                .is_access_token_revoked(&token.user_id, &token.digest),
        )
        .await?;
        if revoked {
            return Err(Denial::AccessToken("The token was revoked"));
        }
        Ok(user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_signature_of_the_same_content_is_the_same_token() {
        assert_eq!(
            digest_of("header.claims.one"),
            digest_of("header.claims.two")
        );
        assert_ne!(
            digest_of("header.claims.one"),
            digest_of("header.other.one")
        );
        assert_ne!(digest_of("at1_a"), digest_of("at1_b"));
    }
}
