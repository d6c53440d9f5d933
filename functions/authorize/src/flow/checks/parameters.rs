//! The parameters of an authorization request whose client and redirect URI are known.

use ratchet_domain::scope::Scope;
use ratchet_protocol::params::Params;

use crate::error::Refusal;

/// Parameters whose errors the client receives.
#[derive(Clone, Copy)]
pub(crate) struct Parameters<'a>(&'a Params);

impl<'a> Parameters<'a> {
    /// Marks the point from which errors go to the client.
    pub(crate) const fn new(params: &'a Params) -> Self {
        Self(params)
    }

    pub(super) const fn all(self) -> &'a Params {
        self.0
    }

    /// Rejects a request with a parameter whose name cannot be decoded.
    pub(super) fn are_well_formed(self) -> Result<(), Refusal> {
        self.0
            .malformed_name()
            .map_or(Ok(()), |denial| Err(denial.clone().into()))
    }

    /// A parameter; `None` if missing or empty.
    pub(crate) fn text(self, name: &str) -> Result<Option<&'a str>, Refusal> {
        Ok(self.0.text(name)?)
    }

    /// A copy of a parameter.
    pub(super) fn owned(self, name: &str) -> Result<Option<String>, Refusal> {
        Ok(self.text(name)?.map(str::to_owned))
    }

    /// `scope`
    pub(super) fn scope(self) -> Result<Scope, Refusal> {
        Ok(Scope::parse(&self.0.scope()?.unwrap_or_default()))
    }
}
