//! The APIs of the tenant file. The issuer's own userinfo endpoint is written `{issuer}userinfo` as an audience.

/// Declares the constants, and their list for the test that compares them with the tenant file.
macro_rules! apis {
    ($($(#[$doc:meta])* $name:ident = $identifier:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = $identifier;)*

        #[cfg(test)]
        pub(super) const ALL: &[&str] = &[$($name),*];
    };
}

apis! {
    /// Orders; the default audience of the tests.
    API = "https://api.example.com";
    /// No offline access; access tokens live 300 seconds.
    ONLINE_API = "https://online.example.com";
    /// `token_dialect: rfc9068_profile`.
    RFC9068_API = "https://rfc9068.example.com";
    /// `signing_alg: HS256`, with [`HS256_API_SECRET`].
    HS256_API = "https://hs256.example.com";
    /// `signing_alg: PS256`.
    PS256_API = "https://ps256.example.com";
    /// Requires consent even for first-party clients.
    ASKING_API = "https://asking.example.com";
    /// Enforces permissions and lists them.
    RBAC_API = "https://rbac.example.com";
    /// Like [`RBAC_API`], in the dialect of RFC 9068.
    RBAC_RFC9068_API = "https://rbac-rfc9068.example.com";
    /// Enforces permissions and does not list them.
    RBAC_PLAIN_API = "https://rbac-plain.example.com";
    /// Would list permissions, but does not enforce them.
    RBAC_OFF_API = "https://rbac-off.example.com";
    /// Requires a client grant for access on behalf of users; machines get no tokens.
    GRANTED_API = "https://granted.example.com";
    /// For machines only.
    CLOSED_API = "https://closed.example.com";
}

/// The key of [`HS256_API`].
pub const HS256_API_SECRET: &str = "hs256-api-signing-secret-0123456789abcdef0123456789abcdef";
