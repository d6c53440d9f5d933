//! The contents of `fixtures/tenant.yaml`, by name.

mod apis;
mod clients;
#[cfg(test)]
mod tests;
mod users;

pub use apis::*;
pub use clients::*;
pub use users::User;

/// The private half of the key that [`WEB_KEY`] has registered.
pub const ASSERTION_KEY: &[u8] = include_bytes!("../../../fixtures/assertion-key.pem");
/// A key that no client has registered.
pub const OTHER_KEY: &[u8] = include_bytes!("../../../fixtures/other-key.pem");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    None,
    /// `client_secret` in the body.
    Post(&'static str),
    /// `Authorization: Basic`, identifier and secret form-encoded first (RFC 6749 section 2.3.1).
    Basic(&'static str),
    /// A JWT signed with [`ASSERTION_KEY`].
    Key,
}

#[derive(Clone, Copy, Debug)]
pub struct App {
    pub id: &'static str,
    /// The name that users see.
    pub name: &'static str,
    /// The first callback of the tenant file.
    pub callback: &'static str,
    /// Authentication method with its secret.
    pub proof: Proof,
}

impl App {
    const fn public(id: &'static str, name: &'static str, callback: &'static str) -> Self {
        Self {
            id,
            name,
            callback,
            proof: Proof::None,
        }
    }

    const fn post(
        id: &'static str,
        name: &'static str,
        callback: &'static str,
        secret: &'static str,
    ) -> Self {
        let proof = Proof::Post(secret);
        Self {
            proof,
            ..Self::public(id, name, callback)
        }
    }

    const fn basic(
        id: &'static str,
        name: &'static str,
        callback: &'static str,
        secret: &'static str,
    ) -> Self {
        let proof = Proof::Basic(secret);
        Self {
            proof,
            ..Self::public(id, name, callback)
        }
    }

    const fn key(id: &'static str, name: &'static str, callback: &'static str) -> Self {
        let proof = Proof::Key;
        Self {
            proof,
            ..Self::public(id, name, callback)
        }
    }

    pub fn secret(&self) -> &'static str {
        match self.proof {
            Proof::Post(secret) | Proof::Basic(secret) => secret,
            Proof::None | Proof::Key => panic!("`{}` has no secret", self.id),
        }
    }
}
