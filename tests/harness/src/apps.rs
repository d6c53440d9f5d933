//! What `fixtures/tenant.yaml` holds, by name.

/// The issuer's own userinfo endpoint as an audience is written `{issuer}userinfo`; these are the
/// tenant's APIs.
pub const API: &str = "https://api.example.com";
/// No offline access; access tokens live 300 seconds.
pub const ONLINE_API: &str = "https://online.example.com";
/// `token_dialect: rfc9068_profile`.
pub const RFC9068_API: &str = "https://rfc9068.example.com";
/// `signing_alg: HS256`, with [`HS256_API_SECRET`].
pub const HS256_API: &str = "https://hs256.example.com";
/// The key of [`HS256_API`].
pub const HS256_API_SECRET: &str = "hs256-api-signing-secret-0123456789abcdef0123456789abcdef";
/// `signing_alg: PS256`.
pub const PS256_API: &str = "https://ps256.example.com";
/// Asks for consent even on behalf of first-party clients.
pub const ASKING_API: &str = "https://asking.example.com";

/// Enforces permissions and lists them.
pub const RBAC_API: &str = "https://rbac.example.com";
/// The same in the dialect of RFC 9068.
pub const RBAC_RFC9068_API: &str = "https://rbac-rfc9068.example.com";
/// Enforces permissions and does not list them.
pub const RBAC_PLAIN_API: &str = "https://rbac-plain.example.com";
/// Would list permissions, but does not enforce them.
pub const RBAC_OFF_API: &str = "https://rbac-off.example.com";
/// Wants a client grant of those who act for users; machines get nothing.
pub const GRANTED_API: &str = "https://granted.example.com";
/// Machines only.
pub const CLOSED_API: &str = "https://closed.example.com";

/// The private half of the key that [`WEB_KEY`] registered.
pub const ASSERTION_KEY: &[u8] = include_bytes!("../../fixtures/assertion-key.pem");
/// A key that nobody registered.
pub const OTHER_KEY: &[u8] = include_bytes!("../../fixtures/other-key.pem");

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

    const fn web(
        id: &'static str,
        name: &'static str,
        callback: &'static str,
        secret: &'static str,
    ) -> Self {
        Self {
            id,
            name,
            callback,
            proof: Proof::Post(secret),
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

/// Rotating, no leeway.
pub const SPA_STRICT: App = App::public(
    "spa-strict",
    "Strict SPA",
    "https://app.example.com/callback",
);
/// Rotating, ten seconds of leeway.
pub const SPA_LEEWAY: App = App::public(
    "spa-leeway",
    "Lenient SPA",
    "https://lenient.example.com/callback",
);
/// Registered with a wildcard, and with a loopback callback that is no native app's.
pub const SPA_WILDCARD: App = App::public(
    "spa-wildcard",
    "Wildcard SPA",
    "https://acme.tenants.example.com/callback",
);
/// A browser application without rotation.
pub const SPA_UNROTATED: App = App::public(
    "spa-unrotated",
    "Unrotated SPA",
    "https://unrotated.example.com/callback",
);
/// Without the `refresh_token` grant.
pub const SPA_CODE_ONLY: App = App::public(
    "spa-code-only",
    "Code-only SPA",
    "https://code-only.example.com/callback",
);
/// With the grant `implicit` beside the others.
pub const SPA_HYBRID: App = App::public(
    "spa-hybrid",
    "Hybrid SPA",
    "https://hybrid.example.com/callback",
);
/// With `web_origins` in which a wildcard stands for one label.
pub const SPA_FRAMED: App = App::public(
    "spa-framed",
    "Framed SPA",
    "https://acme.framed.example.com/callback",
);
/// A public client that asks for HS256.
pub const SPA_HS256: App = App::public(
    "spa-hs256",
    "HS256 SPA",
    "https://spa-hs256.example.com/callback",
);
/// Rotating, thirty seconds of leeway, idle after 120 seconds, over after 600.
pub const SPA_SHORT: App = App::public(
    "spa-short",
    "Short-lived SPA",
    "https://short.example.com/callback",
);
/// Native: custom scheme and loopback.
pub const NATIVE: App = App::public("native-app", "Native app", "com.example.app://callback");
/// Confidential, `client_secret_post`, rotating without leeway, ID tokens of one hour.
pub const WEB_POST: App = App::web(
    "web-post",
    "Web shop",
    "https://shop.example.com/callback",
    "web-post-secret-0123456789abcdef0123456789abcdef0123456789abcdef",
);
/// Confidential, `client_secret_basic`, rotating without leeway.
pub const WEB_BASIC: App = App {
    id: "web-basic",
    name: "Web office",
    callback: "https://office.example.com/callback",
    proof: Proof::Basic("a%40b+c:d&e=f/web-basic-secret_0123456789abcdef0123456789abcdef"),
};
/// Confidential, `client_secret_basic`, with the grant `implicit` beside the others.
pub const WEB_CERTIFIED: App = App {
    id: "web-certified",
    name: "Web certified",
    callback: "https://certified.example.com/callback",
    proof: Proof::Basic("web-certified-secret-0123456789abcdef0123456789abcdef0123456789a"),
};
/// Confidential, non-rotating, non-expiring.
pub const WEB_CLASSIC: App = App::web(
    "web-classic",
    "Web classic",
    "https://classic.example.com/callback",
    "web-classic-secret-0123456789abcdef0123456789abcdef0123456789ab",
);
/// Confidential, non-rotating, idle after 120 seconds, over after 600.
pub const WEB_EXPIRING: App = App::web(
    "web-expiring",
    "Web expiring",
    "https://expiring.example.com/callback",
    "web-expiring-secret-0123456789abcdef0123456789abcdef0123456789a",
);
/// Confidential, `private_key_jwt`.
pub const WEB_KEY: App = App {
    id: "web-key",
    name: "Web with a key",
    callback: "https://key.example.com/callback",
    proof: Proof::Key,
};
/// Confidential, ID tokens in HS256.
pub const WEB_HS256: App = App::web(
    "web-hs256",
    "Web HS256",
    "https://hs256.example.com/callback",
    "web-hs256-secret-0123456789abcdef0123456789abcdef0123456789abcd",
);
/// Confidential, ID tokens in HS256, with the grant `implicit` beside the others.
pub const WEB_HS256_PORTAL: App = App::web(
    "web-hs256-portal",
    "Web HS256 portal",
    "https://hs256-portal.example.com/callback",
    "web-hs256-portal-secret-0123456789abcdef0123456789abcdef01234567",
);
/// Confidential, ID tokens in PS256.
pub const WEB_PS256: App = App::web(
    "web-ps256",
    "Web PS256",
    "https://ps256.example.com/callback",
    "web-ps256-secret-0123456789abcdef0123456789abcdef0123456789abcd",
);
/// Confidential, ID tokens in ES256.
pub const WEB_ES256: App = App::web(
    "web-es256",
    "Web ES256",
    "https://es256.example.com/callback",
    "web-es256-secret-0123456789abcdef0123456789abcdef0123456789abcd",
);
/// Is told of logouts, at the path `/notified` of [`NOBODY`]; may return to `/bye` after one.
pub const WEB_NOTIFIED: App = App::web(
    "web-notified",
    "Web notified",
    "https://notified.example.com/callback",
    "web-notified-secret-0123456789abcdef0123456789abcdef0123456789ab",
);
/// The same in HS256, at `/notified-hs256`.
pub const WEB_NOTIFIED_HS256: App = App::web(
    "web-notified-hs256",
    "Web notified HS256",
    "https://notified-hs256.example.com/callback",
    "web-notified-hs256-secret-0123456789abcdef0123456789abcdef012345",
);
/// Is told of revoked sessions alone, at `/revocations`.
pub const SPA_NOTIFIED_OTHERWISE: App = App::public(
    "spa-notified-otherwise",
    "SPA notified otherwise",
    "https://otherwise.example.com/callback",
);
/// Where the back channels of the tenant file are: nobody listens there.
pub const NOBODY: &str = "http://127.0.0.1:9";
/// Somebody else's application: it has to ask.
pub const THIRD_PARTY: App = App::web(
    "third-party",
    "Partner portal",
    "https://partner.example.com/callback",
    "third-party-secret-0123456789abcdef0123456789abcdef0123456789ab",
);
/// Not conformant: legacy unless a request names an audience. Public, RS256, both kinds of delegation.
pub const LEGACY_SPA: App = App::public(
    "legacy-spa",
    "Legacy SPA",
    "https://legacy.example.com/callback",
);
/// The same, confidential, with HS256 and ID tokens of an hour. Takes delegations of [`LEGACY_SPA`] and
/// [`LEGACY_PHONE`] alone.
pub const LEGACY_WEB: App = App::web(
    "legacy-web",
    "Legacy shop",
    "https://legacy-shop.example.com/callback",
    "legacy-web-secret-0123456789abcdef0123456789abcdef0123456789abc",
);
/// The same, public, idle after 120 seconds, over after 600; delegates refresh tokens alone.
pub const LEGACY_PHONE: App = App::public(
    "legacy-phone",
    "Legacy phone",
    "https://legacy-phone.example.com/callback",
);
/// The same, public, but set to HS256 with [`LEGACY_KIOSK_SECRET`].
pub const LEGACY_KIOSK: App = App::public(
    "legacy-kiosk",
    "Legacy kiosk",
    "https://legacy-kiosk.example.com/callback",
);
/// The secret of [`LEGACY_KIOSK`], which it does not authenticate with.
pub const LEGACY_KIOSK_SECRET: &str =
    "legacy-kiosk-secret-0123456789abcdef0123456789abcdef0123456789a";
/// The same without delegation and without single sign-on.
pub const LEGACY_CLOSED: App = App::public(
    "legacy-closed",
    "Legacy intranet",
    "https://legacy-closed.example.com/callback",
);
/// Native, with the device flow; rotating without leeway.
pub const TV: App = App::public("tv", "Living-room TV", "");
/// The same, somebody else's.
pub const TV_PARTNER: App = App::public("tv-partner", "Partner TV", "");
/// A strict third party: who declines is not sent on to it.
pub const THIRD_PARTY_GUARDED: App = App::web(
    "third-party-guarded",
    "Guarded partner",
    "https://guarded.example.com/callback",
    "third-party-guarded-secret-0123456789abcdef0123456789abcdef0123",
);
/// Rotating; its refresh tokens are good for [`RBAC_API`], [`ONLINE_API`] and [`RFC9068_API`] too,
/// and would be for [`ASKING_API`] if that did not ask.
pub const SPA_MANY: App = App::public(
    "spa-many",
    "Many-API SPA",
    "https://many.example.com/callback",
);
/// A third party with a policy for [`ONLINE_API`], which does not count.
pub const THIRD_PARTY_MANY: App = App::web(
    "third-party-many",
    "Many-API partner",
    "https://many-partner.example.com/callback",
    "third-party-many-secret-0123456789abcdef0123456789abcdef0123456",
);
/// Native, and nobody is asked although anybody could claim its callback.
pub const NATIVE_TRUSTED: App = App::public(
    "native-trusted",
    "Trusted native app",
    "com.example.trusted://callback",
);
/// Confidential, rotating; may read the ledger of [`GRANTED_API`] for its users.
pub const WEB_GRANTED: App = App::web(
    "web-granted",
    "Granted web",
    "https://granted.example.com/callback",
    "web-granted-secret-0123456789abcdef0123456789abcdef0123456789ab",
);
/// Machine to machine; may do whatever the Management API has.
pub const OPERATOR: App = App::web(
    "operator",
    "Operator",
    "https://unused.example.com/callback",
    "operator-secret-0123456789abcdef0123456789abcdef0123456789abcdef",
);
/// Machine to machine; may read whatever the Management API has.
pub const AUDITOR: App = App::web(
    "auditor",
    "Auditor",
    "https://unused.example.com/callback",
    "auditor-secret-0123456789abcdef0123456789abcdef0123456789abcdef0",
);
/// Machine to machine; may read orders.
pub const M2M: App = App::web(
    "m2m",
    "Nightly job",
    "https://unused.example.com/callback",
    "m2m-secret-0123456789abcdef0123456789abcdef0123456789abcdef01234",
);

/// Public, with both password grants.
pub const PW_NATIVE: App = App::public(
    "pw-native",
    "Password app",
    "https://unused.example.com/callback",
);
/// Confidential, with both password grants; says for whose address it asks, and may use `Staff`.
pub const PW_WEB: App = App::web(
    "pw-web",
    "Password office",
    "https://unused.example.com/callback",
    "pw-web-secret-0123456789abcdef0123456789abcdef0123456789abcdef01",
);
/// Confidential, with the grant `password`; is not believed about addresses.
pub const PW_KIOSK: App = App::web(
    "pw-kiosk",
    "Password kiosk",
    "https://unused.example.com/callback",
    "pw-kiosk-secret-0123456789abcdef0123456789abcdef0123456789abcdef",
);
/// Somebody else's application, with the grant `password`.
pub const PW_PARTNER: App = App::web(
    "pw-partner",
    "Password partner",
    "https://unused.example.com/callback",
    "pw-partner-secret-0123456789abcdef0123456789abcdef0123456789abcd",
);
/// Sends passwords to `/co/authenticate`.
pub const SPA_EMBEDDED: App = App::public(
    "spa-embedded",
    "Embedded SPA",
    "https://embedded.example.com/callback",
);

/// Native, with every response type, at callbacks that any program could be behind.
pub const DESKTOP: App = App::public("desktop", "Desktop app", "http://127.0.0.1:51004/callback");
/// The same in the legacy pipeline.
pub const LEGACY_DESKTOP: App = App::public(
    "legacy-desktop",
    "Legacy desktop app",
    "http://127.0.0.1:51004/callback",
);

/// A person.
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

    pub(crate) fn pooled(number: usize) -> Self {
        assert!(
            number <= 260,
            "the tenant file's pool of users is used up: add some"
        );
        Self::new(&format!("pool-{number:02}"), PASSWORD)
    }
}
