//! The users of the tenant file.

/// A user.
#[derive(Clone, Debug)]
pub struct User {
    /// `sub`.
    pub id: String,
    /// What they type as their name.
    pub email: String,
    /// What they type next.
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

    /// Everybody's user, with a full profile. Tests do nothing to her that another would notice.
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

    /// Holds `read:reports` at every API that has it.
    pub fn reader() -> Self {
        Self::new("reader", PASSWORD)
    }

    /// The same, and at [`RBAC_API`] `write:reports` by a second role and `delete:reports` without
    /// one.
    pub fn editor() -> Self {
        Self::new("editor", PASSWORD)
    }

    /// Blocked from the start.
    pub fn blocked() -> Self {
        Self::new("blocked", PASSWORD)
    }

    /// How many users of the pool there are.
    pub(crate) const POOL: usize = 260;

    /// A user of the pool, counted from one.
    pub(crate) fn pooled(number: usize) -> Self {
        assert!(
            number <= Self::POOL,
            "the tenant file's pool of users is used up: add some"
        );
        Self::new(&format!("pool-{number:02}"), PASSWORD)
    }
}
