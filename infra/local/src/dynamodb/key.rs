//! The access key that other programs name in their requests.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use ratchet_system::random;

/// An access key id in AWS's sense (`AWS_ACCESS_KEY_ID`), generated at start: 128 bits in hexadecimal. A request that
/// names it may do anything to the database. It is therefore printed only on the terminal of the user who started
/// the server. The secret key can be any text: signatures are not verified.
#[derive(Clone)]
pub(crate) struct AccessKey(String);

impl AccessKey {
    pub(super) fn draw() -> Self {
        Self(format!("{:032x}", u128::from_be_bytes(random())))
    }

    /// The key, for the terminal.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// True if an `Authorization` header of AWS's Signature Version 4 names this key, in the first part of its
    /// `Credential`.
    pub(super) fn is_named_in(&self, authorization: &str) -> bool {
        let named = authorization
            .strip_prefix("AWS4-HMAC-SHA256 ")
            .into_iter()
            .flat_map(|parts| parts.split(','))
            .find_map(|part| part.trim().strip_prefix("Credential="))
            .and_then(|credential| credential.split('/').next());
        named.is_some_and(|named| {
            verify_slices_are_equal(named.as_bytes(), self.0.as_bytes()).is_ok()
        })
    }
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_named_by_the_credential_of_a_signature_alone() {
        let key = AccessKey::draw();
        let text = key.expose().to_owned();
        let scope = "20260101/local/dynamodb/aws4_request";
        let rest = "SignedHeaders=host, Signature=0";
        for named in [
            format!("AWS4-HMAC-SHA256 Credential={text}/{scope}, {rest}"),
            format!("AWS4-HMAC-SHA256 {rest},Credential={text}/{scope}"),
        ] {
            assert!(key.is_named_in(&named), "{named}");
        }
        for other in [
            String::new(),
            text.clone(),
            format!("Bearer {text}"),
            format!("AWS4-HMAC-SHA256 Credential=local/{text}, {rest}"),
            format!("AWS4-HMAC-SHA256 Credential={text}0/{scope}, {rest}"),
            format!("AWS4-HMAC-SHA256 Credential={}/{scope}", &text[1..]),
            format!("AWS4-HMAC-SHA256 Credential=/{scope}, {rest}"),
            format!("AWS4-HMAC-SHA256 {rest}, Signature={text}"),
        ] {
            assert!(!key.is_named_in(&other), "{other}");
        }
        assert!(!AccessKey::draw().is_named_in(&text));
    }

    #[test]
    fn a_key_is_not_printed_by_accident() {
        let key = AccessKey::draw();
        assert!(!format!("{key:?}").contains(key.expose()));
    }
}
