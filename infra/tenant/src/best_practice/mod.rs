//! Findings about a tenant file: the places that break [RFC 9700], the best current practice for the security of
//! OAuth 2.0. One table of rules ([`rules`]) gives each its section and the strength of the requirement.
//!
//! There is no rule for the risks that the service handles itself for every tenant: mix-up (`iss` in every
//! response), PKCE downgrade, redirects with 307, clickjacking, tokens in queries. There is no rule for
//! sender-constrained tokens either, because no tenant file can ask for them.
//!
//! [RFC 9700]: https://www.rfc-editor.org/rfc/rfc9700

mod addresses;
mod authentication;
pub(crate) mod finding;
mod grant_types;
mod refresh_tokens;
mod rules;
mod seen;

pub use finding::{Finding, Level};

use self::{rules::RULES, seen::Seen};
use crate::{
    model::Tenant,
    yaml::{document::Document, path::Notes},
};

/// All findings in the order of the file. Findings that people seldom intend also become warnings.
pub(crate) fn findings(
    tenant: &Tenant,
    document: &Document<'_>,
    notes: &mut Notes,
) -> Vec<Finding> {
    let seen = Seen::new(tenant, document);
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
