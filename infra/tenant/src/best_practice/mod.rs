//! What of [RFC 9700], the best current practice for the security of OAuth 2.0, a tenant file breaks: one table of
//! rules ([`rules`]), each with its section and with how strongly the section asks.
//!
//! What the service sees to itself for every tenant has no rule: mix-up (`iss` in every answer), PKCE downgrade,
//! redirects with 307, clickjacking, tokens in queries. Sender-constrained tokens have none either, because no tenant
//! file can ask for them.
//!
//! [RFC 9700]: https://www.rfc-editor.org/rfc/rfc9700

mod addresses;
mod authentication;
mod finding;
mod grants;
mod refresh_tokens;
mod rules;
mod seen;

pub use finding::{Finding, Level};

use self::{rules::RULES, seen::Seen};
use crate::{
    model::Tenant,
    yaml::{document::Document, path::Notes},
};

/// Everything that the file breaks, from its top to its end, and a warning for what people seldom mean.
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
