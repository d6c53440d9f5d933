//! The wrapping keys that a process is configured with, and which of them unwraps a key of the table.
//!
//! The table names the key that wrapped, but the configuration decides: a writer of the table could otherwise name a
//! key of another account and give the functions a sealing key that the writer knows.

use std::fmt;

/// A key that the key service wrapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrapped {
    /// The wrapped key.
    pub ciphertext: Vec<u8>,
    /// ARN of the KMS key that wrapped it; `None` for a key file, and for keys that earlier versions stored.
    pub wrapped_by: Option<String>,
}

/// The configured wrapping keys in KMS: the first one wraps, and each unwraps what it has wrapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappingKeys {
    wraps: KeyName,
    only_unwrap: Vec<KeyName>,
}

/// A text that names no wrapping keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be the id or ARN of a key, or several separated by commas, of which the first one wraps: `{0}` is neither"
)]
pub struct InvalidWrappingKeys(String);

/// The key that wrapped a key of the table is not configured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{wrapped_by} wrapped it, and the wrapping keys of this process are {configured}: add that key to WRAPPING_KEY \
     after a comma, and allow its use"
)]
pub struct NotConfigured {
    wrapped_by: String,
    configured: String,
}

/// The way in which KMS is asked to unwrap a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unwrapping<'a> {
    /// By this key, which KMS compares with the ciphertext.
    By(&'a str),
    /// By the key that the ciphertext names; [`WrappingKeys::check`] compares the answer.
    ByItsOwn,
}

impl WrappingKeys {
    /// Reads ids or ARNs, separated by commas. An alias is rejected, because it may name another key tomorrow.
    pub fn parse(text: &str) -> Result<Self, InvalidWrappingKeys> {
        let mut names = text
            .split(',')
            .map(|entry| KeyName::parse(entry.trim()))
            .collect::<Result<Vec<_>, _>>()?
            .into_iter();
        let wraps = names.next();
        Ok(Self {
            wraps: wraps.ok_or_else(|| InvalidWrappingKeys(text.to_owned()))?,
            only_unwrap: names.collect(),
        })
    }

    /// The key that wraps.
    pub(super) fn that_wraps(&self) -> &str {
        &self.wraps.text
    }

    /// The way to unwrap a key that this key wrapped, or an unknown one.
    pub(super) fn unwrapping(
        &self,
        wrapped_by: Option<&str>,
    ) -> Result<Unwrapping<'_>, NotConfigured> {
        match wrapped_by {
            Some(arn) => Ok(Unwrapping::By(&self.find(arn)?.text)),
            None if self.only_unwrap.is_empty() => Ok(Unwrapping::By(self.that_wraps())),
            None => Ok(Unwrapping::ByItsOwn),
        }
    }

    /// Rejects the answer of a key that is not configured.
    pub(super) fn check(&self, unwrapped_by: &str) -> Result<(), NotConfigured> {
        self.find(unwrapped_by).map(|_| ())
    }

    fn all(&self) -> impl Iterator<Item = &KeyName> {
        std::iter::once(&self.wraps).chain(&self.only_unwrap)
    }

    fn find(&self, arn: &str) -> Result<&KeyName, NotConfigured> {
        let wanted = KeyName::parse(arn).ok();
        let same = |name: &&KeyName| wanted.as_ref().is_some_and(|wanted| name.is_same(wanted));
        self.all().find(same).ok_or_else(|| NotConfigured {
            wrapped_by: arn.to_owned(),
            configured: self.to_string(),
        })
    }
}

impl fmt::Display for WrappingKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.all().map(|name| &*name.text).collect();
        f.write_str(&names.join(","))
    }
}

/// Id or ARN of a key in KMS.
#[derive(Debug, Clone, PartialEq, Eq)]
struct KeyName {
    text: String,
    /// Partition, Region and account; a bare id is one of the caller's account and Region.
    place: Option<[String; 3]>,
    id: String,
}

impl KeyName {
    fn parse(text: &str) -> Result<Self, InvalidWrappingKeys> {
        let wrong = || InvalidWrappingKeys(text.to_owned());
        let parts: Vec<_> = text.split(':').collect();
        let (place, id) = match parts[..] {
            [id] => (None, id),
            ["arn", partition, "kms", region, account, resource] => {
                let place = [partition, region, account].map(str::to_owned);
                (
                    Some(place),
                    resource.strip_prefix("key/").ok_or_else(wrong)?,
                )
            }
            _ => return Err(wrong()),
        };
        let is_id = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if id.is_empty() || !id.bytes().all(is_id) {
            return Err(wrong());
        }
        Ok(Self {
            text: text.to_owned(),
            place,
            id: id.to_owned(),
        })
    }

    /// True for two names of one key. The replicas of a multi-Region key have one id, and each unwraps what another
    /// one wrapped.
    fn is_same(&self, other: &Self) -> bool {
        let is_everywhere = self.id.starts_with("mrk-");
        let same_place = match (&self.place, &other.place) {
            (Some([partition, region, account]), Some([partition_2, region_2, account_2])) => {
                partition == partition_2
                    && account == account_2
                    && (region == region_2 || is_everywhere)
            }
            _ => true,
        };
        same_place && self.id == other.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: &str = "arn:aws:kms:eu-west-1:123456789012:key/1111-aaaa";
    const OLD: &str = "arn:aws:kms:eu-west-1:123456789012:key/2222-bbbb";
    const FOREIGN: &str = "arn:aws:kms:eu-west-1:999999999999:key/2222-bbbb";

    fn keys(text: &str) -> WrappingKeys {
        WrappingKeys::parse(text).unwrap()
    }

    #[test]
    fn the_first_key_wraps_and_each_unwraps_what_it_wrapped() {
        let keys = keys(&format!("{NEW}, {OLD}"));
        assert_eq!(keys.that_wraps(), NEW);
        assert_eq!(keys.unwrapping(Some(NEW)), Ok(Unwrapping::By(NEW)));
        assert_eq!(keys.unwrapping(Some(OLD)), Ok(Unwrapping::By(OLD)));
    }

    #[test]
    fn a_key_that_is_not_configured_unwraps_nothing_and_is_named() {
        for (configured, stored) in [(NEW, OLD), (OLD, FOREIGN), (NEW, "2222-bbbb"), (NEW, "")] {
            let keys = keys(configured);
            let error = keys.unwrapping(Some(stored)).unwrap_err();
            assert_eq!(keys.check(stored), Err(error.clone()));
            let text = error.to_string();
            assert!(text.starts_with(&format!("{stored} wrapped it")), "{text}");
            assert!(text.contains(configured), "{text}");
        }
    }

    #[test]
    fn a_stored_key_without_the_name_of_its_wrapping_key_is_unwrapped_as_before() {
        assert_eq!(keys(NEW).unwrapping(None), Ok(Unwrapping::By(NEW)));
    }

    #[test]
    fn of_several_keys_the_ciphertext_names_its_own_and_the_answer_is_checked() {
        let keys = keys(&format!("{NEW},{OLD}"));
        assert_eq!(keys.unwrapping(None), Ok(Unwrapping::ByItsOwn));
        assert_eq!(keys.check(OLD), Ok(()));
        assert!(keys.check(FOREIGN).is_err());
    }

    #[test]
    fn an_id_is_the_key_of_that_arn() {
        let keys = keys("2222-bbbb");
        assert_eq!(keys.unwrapping(Some(OLD)), Ok(Unwrapping::By("2222-bbbb")));
    }

    #[test]
    fn a_replica_unwraps_what_the_key_of_another_region_wrapped() {
        let replica = "arn:aws:kms:eu-central-1:123456789012:key/mrk-1";
        let primary = "arn:aws:kms:eu-west-1:123456789012:key/mrk-1";
        let by_replica = Ok(Unwrapping::By(replica));
        assert_eq!(keys(replica).unwrapping(Some(primary)), by_replica);
        let elsewhere = "arn:aws:kms:eu-central-1:123456789012:key/2222-bbbb";
        assert!(keys(elsewhere).unwrapping(Some(OLD)).is_err());
    }

    #[test]
    fn an_alias_and_other_texts_are_rejected() {
        for text in [
            "",
            ",",
            "alias/wrapping",
            "arn:aws:kms:eu-west-1:123456789012:alias/wrapping",
            "arn:aws:kms:eu-west-1:123456789012:key/",
            "arn:aws:iam::123456789012:role/token",
            "1111-aaaa,",
        ] {
            assert!(WrappingKeys::parse(text).is_err(), "{text:?}");
        }
    }
}
