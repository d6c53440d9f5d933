//! The version of a tenant's scripts.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// The version of a tenant's scripts: the import that wrote them, and a digest of its items. No two imports share
/// items, so that a set of scripts exists as a whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ScriptsVersion {
    import: ImportId,
    digest: String,
}

/// Id of an import of scripts. Ids sort by time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImportId(String);

/// The text is not `<import>.<digest>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a version of scripts")]
pub struct InvalidVersion;

impl ScriptsVersion {
    /// The version that an import wrote.
    pub fn new(import: ImportId, digest: impl Into<String>) -> Self {
        let digest = digest.into();
        Self { import, digest }
    }

    /// Id of the import.
    pub fn import(&self) -> &ImportId {
        &self.import
    }

    /// Digest of the items that it wrote.
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

impl ImportId {
    /// The id of an import at this time, made unique by the random bits.
    pub fn new(at: Timestamp, random: [u8; 8]) -> Self {
        let random = u64::from_be_bytes(random);
        Self(format!("{:012x}{random:016x}", at.as_millis()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads the text of an id: 28 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let is_id = text.len() == 28 && text.bytes().all(|b| b.is_ascii_hexdigit());
        is_id.then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for ScriptsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.import.0, self.digest)
    }
}

impl TryFrom<String> for ScriptsVersion {
    type Error = InvalidVersion;

    fn try_from(text: String) -> Result<Self, InvalidVersion> {
        let (import, digest) = text.split_once('.').ok_or(InvalidVersion)?;
        let import = ImportId::parse(import).ok_or(InvalidVersion)?;
        Ok(Self::new(import, digest))
    }
}

impl From<ScriptsVersion> for String {
    fn from(version: ScriptsVersion) -> Self {
        version.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_in_the_order_of_time() {
        let first = ImportId::new(Timestamp::from_secs(1_800_000_000), [255; 8]);
        let second = ImportId::new(Timestamp::from_secs(1_800_000_001), [0; 8]);
        assert!(first < second);
        assert_eq!(ImportId::parse(first.as_str()), Some(first));
        assert_eq!(ImportId::parse("RULE"), None);
    }

    #[test]
    fn a_version_reads_what_it_writes() {
        let import = ImportId::new(Timestamp::from_secs(1_800_000_000), [7; 8]);
        let version = ScriptsVersion::new(import, "abc");
        let text = version.to_string();
        assert_eq!(text, "01a3185c50000707070707070707.abc");
        assert_eq!(ScriptsVersion::try_from(text), Ok(version));
        for wrong in ["", "abc", "abc.def"] {
            assert!(
                ScriptsVersion::try_from(wrong.to_owned()).is_err(),
                "{wrong}"
            );
        }
    }
}
