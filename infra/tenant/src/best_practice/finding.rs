//! What a tenant file breaks, as the operator reads it.

use std::fmt;

use crate::error::TenantFileError;

/// How strongly a section asks for what a tenant file breaks, in the words of RFC 2119.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// There may be reasons against it, and most tenants have them.
    Recommended,
    /// There may be reasons against it.
    Should,
    /// There are none.
    Must,
}

/// A place of a tenant file that breaks a section. Prints as one line:
/// `tenant.yaml:12:5: clients[2].callbacks[0]: has a wildcard … (RFC 9700 section 2.1, MUST)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file as it was named; `None` for a text.
    pub file: Option<String>,
    /// Where, and what is wrong.
    pub at: TenantFileError,
    /// The section of RFC 9700.
    pub section: &'static str,
    /// How strongly it asks.
    pub level: Level,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Recommended => "RECOMMENDED",
            Self::Should => "SHOULD",
            Self::Must => "MUST",
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            at,
            section,
            level,
        } = self;
        if let Some(file) = file {
            write!(f, "{file}:")?;
        }
        write!(f, "{at} (RFC 9700 section {section}, {level})")
    }
}
