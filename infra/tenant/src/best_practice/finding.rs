//! Findings: the places of a tenant file that break RFC 9700, as the operator reads them.

use std::fmt;

use crate::error::TenantFileError;

/// Strength of a section's requirement, in the words of RFC 2119.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// There may be reasons not to comply, and most tenants have them.
    Recommended,
    /// There may be reasons not to comply.
    Should,
    /// There are no reasons not to comply.
    Must,
}

/// A place of a tenant file that breaks a section. Prints as one line:
/// `tenant.yaml:12:5: clients[2].callbacks[0]: has a wildcard … (RFC 9700 section 2.1, MUST)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Name of the file as the operator gave it; `None` for a tenant parsed from a text.
    pub file: Option<String>,
    /// Place in the file and message.
    pub at: TenantFileError,
    /// The section of RFC 9700.
    pub section: &'static str,
    /// Strength of the requirement.
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
