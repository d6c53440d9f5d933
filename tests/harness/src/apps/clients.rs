//! The clients of the tenant file.

use super::App;

/// Constants, and for the test that compares them with the tenant file a list of them.
macro_rules! clients {
    ($($(#[$doc:meta])* $name:ident = $kind:ident($($argument:expr),* $(,)?);)*) => {
        $($(#[$doc])* pub const $name: App = App::$kind($($argument),*);)*

        #[cfg(test)]
        pub(super) const ALL: &[App] = &[$($name),*];
    };
}

clients! {
    /// Rotating, no leeway.
    SPA_STRICT = public("spa-strict", "Strict SPA", "https://app.example.com/callback");
    /// Rotating, ten seconds of leeway.
    SPA_LEEWAY = public("spa-leeway", "Lenient SPA", "https://lenient.example.com/callback");
    /// Registered with a wildcard, and with a loopback callback that is no native app's.
    SPA_WILDCARD = public("spa-wildcard", "Wildcard SPA", "https://acme.tenants.example.com/callback");
    /// A browser application without rotation.
    SPA_UNROTATED = public("spa-unrotated", "Unrotated SPA", "https://unrotated.example.com/callback");
    /// Without the `refresh_token` grant.
    SPA_CODE_ONLY = public("spa-code-only", "Code-only SPA", "https://code-only.example.com/callback");
    /// With the grant `implicit` beside the others.
    SPA_HYBRID = public("spa-hybrid", "Hybrid SPA", "https://hybrid.example.com/callback");
    /// With `web_origins` in which a wildcard stands for one label.
    SPA_FRAMED = public("spa-framed", "Framed SPA", "https://acme.framed.example.com/callback");
    /// A public client that asks for HS256.
    SPA_HS256 = public("spa-hs256", "HS256 SPA", "https://spa-hs256.example.com/callback");
    /// Rotating, thirty seconds of leeway, idle after 120 seconds, over after 600.
    SPA_SHORT = public("spa-short", "Short-lived SPA", "https://short.example.com/callback");
    /// Native: custom scheme and loopback.
    NATIVE = public("native-app", "Native app", "com.example.app://callback");
    /// Confidential, `client_secret_post`, rotating without leeway, ID tokens of one hour.
    WEB_POST = post(
        "web-post",
        "Web shop",
        "https://shop.example.com/callback",
        "web-post-secret-0123456789abcdef0123456789abcdef0123456789abcdef",
    );
    /// Confidential, `client_secret_basic`, rotating without leeway.
    WEB_BASIC = basic(
        "web-basic",
        "Web office",
        "https://office.example.com/callback",
        "a%40b+c:d&e=f/web-basic-secret_0123456789abcdef0123456789abcdef",
    );
    /// Confidential, `client_secret_basic`, with the grant `implicit` beside the others.
    WEB_CERTIFIED = basic(
        "web-certified",
        "Web certified",
        "https://certified.example.com/callback",
        "web-certified-secret-0123456789abcdef0123456789abcdef0123456789a",
    );
    /// Confidential, non-rotating, non-expiring.
    WEB_CLASSIC = post(
        "web-classic",
        "Web classic",
        "https://classic.example.com/callback",
        "web-classic-secret-0123456789abcdef0123456789abcdef0123456789ab",
    );
    /// Confidential, non-rotating, idle after 120 seconds, over after 600.
    WEB_EXPIRING = post(
        "web-expiring",
        "Web expiring",
        "https://expiring.example.com/callback",
        "web-expiring-secret-0123456789abcdef0123456789abcdef0123456789a",
    );
    /// Confidential, `private_key_jwt`.
    WEB_KEY = key("web-key", "Web with a key", "https://key.example.com/callback");
    /// Confidential, ID tokens in HS256.
    WEB_HS256 = post(
        "web-hs256",
        "Web HS256",
        "https://hs256.example.com/callback",
        "web-hs256-secret-0123456789abcdef0123456789abcdef0123456789abcd",
    );
    /// Confidential, ID tokens in HS256, with the grant `implicit` beside the others.
    WEB_HS256_PORTAL = post(
        "web-hs256-portal",
        "Web HS256 portal",
        "https://hs256-portal.example.com/callback",
        "web-hs256-portal-secret-0123456789abcdef0123456789abcdef01234567",
    );
    /// Confidential, ID tokens in PS256.
    WEB_PS256 = post(
        "web-ps256",
        "Web PS256",
        "https://ps256.example.com/callback",
        "web-ps256-secret-0123456789abcdef0123456789abcdef0123456789abcd",
    );
    /// Confidential, ID tokens in ES256.
    WEB_ES256 = post(
        "web-es256",
        "Web ES256",
        "https://es256.example.com/callback",
        "web-es256-secret-0123456789abcdef0123456789abcdef0123456789abcd",
    );
    /// Is told of logouts, at the path `/notified` of [`NOBODY`]; may return to `/bye` after one.
    WEB_NOTIFIED = post(
        "web-notified",
        "Web notified",
        "https://notified.example.com/callback",
        "web-notified-secret-0123456789abcdef0123456789abcdef0123456789ab",
    );
    /// The same in HS256, at `/notified-hs256`.
    WEB_NOTIFIED_HS256 = post(
        "web-notified-hs256",
        "Web notified HS256",
        "https://notified-hs256.example.com/callback",
        "web-notified-hs256-secret-0123456789abcdef0123456789abcdef012345",
    );
    /// Is told of revoked sessions alone, at `/revocations`.
    SPA_NOTIFIED_OTHERWISE = public(
        "spa-notified-otherwise",
        "SPA notified otherwise",
        "https://otherwise.example.com/callback",
    );
    /// Somebody else's application: it has to ask.
    THIRD_PARTY = post(
        "third-party",
        "Partner portal",
        "https://partner.example.com/callback",
        "third-party-secret-0123456789abcdef0123456789abcdef0123456789ab",
    );
    /// Not conformant: legacy unless a request names an audience. Public, RS256, both kinds of delegation.
    LEGACY_SPA = public("legacy-spa", "Legacy SPA", "https://legacy.example.com/callback");
    /// The same, confidential, with HS256 and ID tokens of an hour. Takes delegations of [`LEGACY_SPA`] and
    /// [`LEGACY_PHONE`] alone.
    LEGACY_WEB = post(
        "legacy-web",
        "Legacy shop",
        "https://legacy-shop.example.com/callback",
        "legacy-web-secret-0123456789abcdef0123456789abcdef0123456789abc",
    );
    /// The same, public, idle after 120 seconds, over after 600; delegates refresh tokens alone.
    LEGACY_PHONE = public("legacy-phone", "Legacy phone", "https://legacy-phone.example.com/callback");
    /// The same, public, but set to HS256 with [`LEGACY_KIOSK_SECRET`].
    LEGACY_KIOSK = public("legacy-kiosk", "Legacy kiosk", "https://legacy-kiosk.example.com/callback");
    /// The same without delegation and without single sign-on.
    LEGACY_CLOSED = public("legacy-closed", "Legacy intranet", "https://legacy-closed.example.com/callback");
    /// Native, with the device flow; rotating without leeway.
    TV = public("tv", "Living-room TV", "");
    /// The same, somebody else's.
    TV_PARTNER = public("tv-partner", "Partner TV", "");
    /// A strict third party: who declines is not sent on to it.
    THIRD_PARTY_GUARDED = post(
        "third-party-guarded",
        "Guarded partner",
        "https://guarded.example.com/callback",
        "third-party-guarded-secret-0123456789abcdef0123456789abcdef0123",
    );
    /// Rotating; its refresh tokens are good for [`RBAC_API`], [`ONLINE_API`] and [`RFC9068_API`] too,
    /// and would be for [`ASKING_API`] if that did not ask.
    SPA_MANY = public("spa-many", "Many-API SPA", "https://many.example.com/callback");
    /// A third party with a policy for [`ONLINE_API`], which does not count.
    THIRD_PARTY_MANY = post(
        "third-party-many",
        "Many-API partner",
        "https://many-partner.example.com/callback",
        "third-party-many-secret-0123456789abcdef0123456789abcdef0123456",
    );
    /// Native, and nobody is asked although anybody could claim its callback.
    NATIVE_TRUSTED = public("native-trusted", "Trusted native app", "com.example.trusted://callback");
    /// Confidential, rotating; may read the ledger of [`GRANTED_API`] for its users.
    WEB_GRANTED = post(
        "web-granted",
        "Granted web",
        "https://granted.example.com/callback",
        "web-granted-secret-0123456789abcdef0123456789abcdef0123456789ab",
    );
    /// Machine to machine; may do whatever the Management API has.
    OPERATOR = post(
        "operator",
        "Operator",
        "https://unused.example.com/callback",
        "operator-secret-0123456789abcdef0123456789abcdef0123456789abcdef",
    );
    /// Machine to machine; may read whatever the Management API has.
    AUDITOR = post(
        "auditor",
        "Auditor",
        "https://unused.example.com/callback",
        "auditor-secret-0123456789abcdef0123456789abcdef0123456789abcdef0",
    );
    /// Machine to machine; may read orders.
    M2M = post(
        "m2m",
        "Nightly job",
        "https://unused.example.com/callback",
        "m2m-secret-0123456789abcdef0123456789abcdef0123456789abcdef01234",
    );
    /// Public, with both password grants.
    PW_NATIVE = public("pw-native", "Password app", "https://unused.example.com/callback");
    /// Confidential, with both password grants; says for whose address it asks, and may use `Staff`.
    PW_WEB = post(
        "pw-web",
        "Password office",
        "https://unused.example.com/callback",
        "pw-web-secret-0123456789abcdef0123456789abcdef0123456789abcdef01",
    );
    /// Confidential, with the grant `password`; is not believed about addresses.
    PW_KIOSK = post(
        "pw-kiosk",
        "Password kiosk",
        "https://unused.example.com/callback",
        "pw-kiosk-secret-0123456789abcdef0123456789abcdef0123456789abcdef",
    );
    /// Somebody else's application, with the grant `password`.
    PW_PARTNER = post(
        "pw-partner",
        "Password partner",
        "https://unused.example.com/callback",
        "pw-partner-secret-0123456789abcdef0123456789abcdef0123456789abcd",
    );
    /// Sends passwords to `/co/authenticate`.
    SPA_EMBEDDED = public("spa-embedded", "Embedded SPA", "https://embedded.example.com/callback");
    /// Native, with every response type, at callbacks that any program could be behind.
    DESKTOP = public("desktop", "Desktop app", "http://127.0.0.1:51004/callback");
    /// The same in the legacy pipeline.
    LEGACY_DESKTOP = public("legacy-desktop", "Legacy desktop app", "http://127.0.0.1:51004/callback");
}

/// Where the back channels of the tenant file are: nobody listens there.
pub const NOBODY: &str = "http://127.0.0.1:9";

/// The secret of [`LEGACY_KIOSK`], which it does not authenticate with.
pub const LEGACY_KIOSK_SECRET: &str =
    "legacy-kiosk-secret-0123456789abcdef0123456789abcdef0123456789a";
