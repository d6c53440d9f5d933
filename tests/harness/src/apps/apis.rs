//! The APIs of the tenant file. The issuer's own userinfo endpoint as an audience is written `{issuer}userinfo`.

/// Constants, and for the test that compares them with the tenant file a list of them.
macro_rules! apis {
    ($($(#[$doc:meta])* $name:ident = $identifier:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = $identifier;)*

        #[cfg(test)]
        pub(super) const ALL: &[&str] = &[$($name),*];
    };
}

apis! {
    /// Orders; the audience where a test says none.
    API = "https://api.example.com";
    /// No offline access; access tokens live 300 seconds.
    ONLINE_API = "https://online.example.com";
    /// `token_dialect: rfc9068_profile`.
    RFC9068_API = "https://rfc9068.example.com";
    /// `signing_alg: HS256`, with [`HS256_API_SECRET`].
    HS256_API = "https://hs256.example.com";
    /// `signing_alg: PS256`.
    PS256_API = "https://ps256.example.com";
    /// Asks for consent even on behalf of first-party clients.
    ASKING_API = "https://asking.example.com";
    /// Enforces permissions and lists them.
    RBAC_API = "https://rbac.example.com";
    /// The same in the dialect of RFC 9068.
    RBAC_RFC9068_API = "https://rbac-rfc9068.example.com";
    /// Enforces permissions and does not list them.
    RBAC_PLAIN_API = "https://rbac-plain.example.com";
    /// Would list permissions, but does not enforce them.
    RBAC_OFF_API = "https://rbac-off.example.com";
    /// Wants a client grant of those who act for users; machines get nothing.
    GRANTED_API = "https://granted.example.com";
    /// Machines only.
    CLOSED_API = "https://closed.example.com";
}

/// The key of [`HS256_API`].
pub const HS256_API_SECRET: &str = "hs256-api-signing-secret-0123456789abcdef0123456789abcdef";
