//! What of [RFC 9700], the best current practice for the security of OAuth 2.0, a tenant file breaks: one table of
//! rules ([`rules`]), each with its section and with how strongly the section asks.
//!
//! What the service sees to itself for every tenant has no rule: mix-up (`iss` in every answer), PKCE downgrade,
//! redirects with 307, clickjacking, tokens in queries. Sender-constrained tokens have none either, because no tenant
//! file can ask for them.
//!
//! [RFC 9700]: https://www.rfc-editor.org/rfc/rfc9700

mod rules;

use std::fmt;

use crate::{
    Tenant, TenantFileError,
    document::Document,
    path::{Fault, Notes, Path},
};
use rules::RULES;

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

/// A rule of the table.
struct Rule {
    section: &'static str,
    level: Level,
    /// Whether an import warns of it, because people seldom mean it.
    warns: bool,
    find: fn(&Seen<'_>) -> Vec<Fault>,
}

/// What rules look at.
struct Seen<'a> {
    tenant: &'a Tenant,
    document: &'a Document<'a>,
}

impl Seen<'_> {
    /// Whether the file has a key.
    fn is_given(&self, at: &Path) -> bool {
        self.document.has(at)
    }
}

/// Everything that the file breaks, from its top to its end, and a warning for what people seldom mean.
pub(crate) fn findings(
    tenant: &Tenant,
    document: &Document<'_>,
    notes: &mut Notes,
) -> Vec<Finding> {
    let seen = Seen { tenant, document };
    let mut findings = Vec::new();
    for rule in &RULES {
        for fault in (rule.find)(&seen) {
            findings.push(Finding {
                file: None,
                at: document.locate(&fault),
                section: rule.section,
                level: rule.level,
            });
            if rule.warns {
                notes.warn(fault.at, fault.message);
            }
        }
    }
    findings.sort_by_key(|finding| (finding.at.line, finding.at.column));
    findings
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
