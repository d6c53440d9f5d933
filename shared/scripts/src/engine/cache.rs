//! `api.cache`: small, expiring records that Actions keep between runs.

use std::collections::HashMap;

/// Most records of a runtime.
const MOST: usize = 100;
/// Longest key and longest value, in bytes.
const LONGEST_KEY: usize = 256;
const LONGEST_VALUE: usize = 8 * 1024;

/// The records of one runtime.
#[derive(Debug, Default)]
pub(super) struct Cache(HashMap<String, Record>);

/// A value with its expiry.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Record {
    pub(super) value: String,
    /// Milliseconds since the epoch.
    pub(super) expires_at: f64,
}

/// The reasons why a record cannot be stored, with Auth0's codes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    ItemSizeExceeded,
    CacheSizeExceeded,
}

impl Refused {
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::ItemSizeExceeded => "ItemSizeExceeded",
            Self::CacheSizeExceeded => "CacheSizeExceeded",
        }
    }
}

impl Cache {
    /// A record that has not expired.
    pub(super) fn get(&mut self, key: &str, now: f64) -> Option<&Record> {
        self.0.retain(|_, record| record.expires_at > now);
        self.0.get(key)
    }

    /// Stores a record in place of an earlier one of the same key.
    pub(super) fn set(&mut self, key: String, record: Record) -> Result<(), Refused> {
        if key.len() > LONGEST_KEY || record.value.len() > LONGEST_VALUE {
            return Err(Refused::ItemSizeExceeded);
        }
        if self.0.len() >= MOST && !self.0.contains_key(&key) {
            return Err(Refused::CacheSizeExceeded);
        }
        self.0.insert(key, record);
        Ok(())
    }

    /// Deletes a record. `false` if there was none.
    pub(super) fn delete(&mut self, key: &str) -> bool {
        self.0.remove(key).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_end_and_are_few_and_small() {
        let record = |value: &str, expires_at| Record {
            value: value.to_owned(),
            expires_at,
        };
        let mut cache = Cache::default();
        assert_eq!(cache.set("a".to_owned(), record("1", 10.0)), Ok(()));
        assert_eq!(cache.get("a", 9.0), Some(&record("1", 10.0)));
        assert_eq!(cache.get("a", 10.0), None);
        let large = record(&"x".repeat(LONGEST_VALUE + 1), 10.0);
        assert_eq!(
            cache.set("a".to_owned(), large),
            Err(Refused::ItemSizeExceeded)
        );
        for key in 0..MOST {
            assert_eq!(cache.set(key.to_string(), record("", 10.0)), Ok(()));
        }
        assert_eq!(
            cache.set("more".to_owned(), record("", 10.0)),
            Err(Refused::CacheSizeExceeded)
        );
        assert!(cache.delete("0") && !cache.delete("0"));
        assert_eq!(cache.set("more".to_owned(), record("", 10.0)), Ok(()));
    }
}
