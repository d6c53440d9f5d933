//! The users of the tenant file.

#[derive(Clone, Debug)]
pub struct User {
    /// `sub` of the user's tokens.
    pub id: String,
    /// The e-mail address, which is also the login name.
    pub email: String,
    pub password: &'static str,
}

const PASSWORD: &str = "correct horse battery staple";

impl User {
    fn new(name: &str, password: &'static str) -> Self {
        Self {
            id: format!("auth0|{name}"),
            email: format!("{name}@example.com"),
            password,
        }
    }

    /// The default user, with a full profile. Tests change nothing of hers that another test could notice.
    pub fn ada() -> Self {
        Self::new("ada", PASSWORD)
    }

    /// No profile, an unverified address and a password that needs encoding.
    pub fn zoe() -> Self {
        Self::new("zoe", "pässwörd ☃ + & = % \" '")
    }

    /// With a telephone number.
    pub fn iris() -> Self {
        Self::new("iris", PASSWORD)
    }

    /// With an attribute, metadata and roles.
    pub fn grace() -> Self {
        Self::new("grace", PASSWORD)
    }

    /// In the database `Staff`, whose other realm is `employees`.
    pub fn mary() -> Self {
        Self::new("mary", PASSWORD)
    }

    /// Has `read:reports` at every API that defines it.
    pub fn reader() -> Self {
        Self::new("reader", PASSWORD)
    }

    /// Like the reader, and at `RBAC_API` has `write:reports` by a second role and `delete:reports` without a role.
    pub fn editor() -> Self {
        Self::new("editor", PASSWORD)
    }

    /// Blocked from the start.
    pub fn blocked() -> Self {
        Self::new("blocked", PASSWORD)
    }

    /// Number of users in the pool.
    pub(crate) const POOL: usize = 260;

    /// A user of the pool by number, from one.
    pub(crate) fn pooled(number: usize) -> Self {
        assert!(
            number <= Self::POOL,
            "the tenant file's pool of users is used up: add some"
        );
        Self::new(&format!("pool-{number:02}"), PASSWORD)
    }
}
