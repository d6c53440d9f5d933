//! What `fixtures/tenant.yaml` holds, by name.

mod apis;
mod clients;
#[cfg(test)]
mod tests;
mod users;

pub use apis::*;
pub use clients::*;
pub use users::User;

/// The private half of the key that [`WEB_KEY`] registered.
pub const ASSERTION_KEY: &[u8] = include_bytes!("../../../fixtures/assertion-key.pem");
/// A key that nobody registered.
pub const OTHER_KEY: &[u8] = include_bytes!("../../../fixtures/other-key.pem");

/// How a client proves who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// It does not.
    None,
    /// `client_secret` in the body.
    Post(&'static str),
    /// `Authorization: Basic`, identifier and secret form-encoded first (RFC 6749 section 2.3.1).
    Basic(&'static str),
    /// A JWT signed with [`ASSERTION_KEY`].
    Key,
}

/// A client.
#[derive(Clone, Copy, Debug)]
pub struct App {
    /// `client_id`.
    pub id: &'static str,
    /// The name people see.
    pub name: &'static str,
    /// Its first callback.
    pub callback: &'static str,
    /// Its credentials.
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

    /// The client's secret.
    pub fn secret(&self) -> &'static str {
        match self.proof {
            Proof::Post(secret) | Proof::Basic(secret) => secret,
            Proof::None | Proof::Key => panic!("`{}` has no secret", self.id),
        }
    }
}
