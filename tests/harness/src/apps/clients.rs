//! The clients of the tenant file.

use super::App;

/// Declares the constants, and their list for the test that compares them with the tenant file.
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
    /// Registered with a wildcard callback, and with a loopback callback although it is not a native app.
    SPA_WILDCARD = public("spa-wildcard", "Wildcard SPA", "https://acme.tenants.example.com/callback");
    /// A browser application without rotation.
    SPA_UNROTATED = public("spa-unrotated", "Unrotated SPA", "https://unrotated.example.com/callback");
    /// Without the grant type `refresh_token`.
    SPA_CODE_ONLY = public("spa-code-only", "Code-only SPA", "https://code-only.example.com/callback");
    /// With the grant type `implicit` in addition to the others.
    SPA_HYBRID = public("spa-hybrid", "Hybrid SPA", "https://hybrid.example.com/callback");
    /// With a wildcard for one label in its `web_origins`.
    SPA_FRAMED = public("spa-framed", "Framed SPA", "https://acme.framed.example.com/callback");
    /// A public client configured for HS256.
    SPA_HS256 = public("spa-hs256", "HS256 SPA", "https://spa-hs256.example.com/callback");
    /// Rotating, thirty seconds of leeway, idle lifetime of 120 seconds, absolute lifetime of 600.
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
    /// Confidential, `client_secret_basic`, with the grant type `implicit` in addition to the others.
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
    /// Confidential, non-rotating, idle lifetime of 120 seconds, absolute lifetime of 600.
    WEB_EXPIRING = post(
        "web-expiring",
        "Web expiring",
        "https://expiring.example.com/callback",
        "web-expiring-secret-0123456789abcdef0123456789abcdef0123456789a",
    );
    /// Confidential, `private_key_jwt`.
    WEB_KEY = key("web-key", "Web with a key", "https://key.example.com/callback");
    /// Confidential, ID tokens signed with HS256.
    WEB_HS256 = post(
        "web-hs256",
        "Web HS256",
        "https://hs256.example.com/callback",
        "web-hs256-secret-0123456789abcdef0123456789abcdef0123456789abcd",
    );
    /// Confidential, ID tokens signed with HS256, with the grant type `implicit` in addition to the others.
    WEB_HS256_PORTAL = post(
        "web-hs256-portal",
        "Web HS256 portal",
        "https://hs256-portal.example.com/callback",
        "web-hs256-portal-secret-0123456789abcdef0123456789abcdef01234567",
    );
    /// Confidential, ID tokens signed with PS256.
    WEB_PS256 = post(
        "web-ps256",
        "Web PS256",
        "https://ps256.example.com/callback",
        "web-ps256-secret-0123456789abcdef0123456789abcdef0123456789abcd",
    );
    /// Confidential, ID tokens signed with ES256.
    WEB_ES256 = post(
        "web-es256",
        "Web ES256",
        "https://es256.example.com/callback",
        "web-es256-secret-0123456789abcdef0123456789abcdef0123456789abcd",
    );
    /// Receives logout tokens at the path `/notified` of [`UNREACHABLE`]; may return to `/bye` after a logout.
    WEB_NOTIFIED = post(
        "web-notified",
        "Web notified",
        "https://notified.example.com/callback",
        "web-notified-secret-0123456789abcdef0123456789abcdef0123456789ab",
    );
    /// Like [`WEB_NOTIFIED`], with HS256, at `/notified-hs256`.
    WEB_NOTIFIED_HS256 = post(
        "web-notified-hs256",
        "Web notified HS256",
        "https://notified-hs256.example.com/callback",
        "web-notified-hs256-secret-0123456789abcdef0123456789abcdef012345",
    );
    /// Receives logout tokens only for revoked sessions, at `/revocations`.
    SPA_NOTIFIED_OTHERWISE = public(
        "spa-notified-otherwise",
        "SPA notified otherwise",
        "https://otherwise.example.com/callback",
    );
    /// A third-party application: it requires consent.
    THIRD_PARTY = post(
        "third-party",
        "Partner portal",
        "https://partner.example.com/callback",
        "third-party-secret-0123456789abcdef0123456789abcdef0123456789ab",
    );
    /// Not conformant: legacy unless a request names an audience. Public, RS256, both kinds of delegation.
    LEGACY_SPA = public("legacy-spa", "Legacy SPA", "https://legacy.example.com/callback");
    /// Like [`LEGACY_SPA`], but confidential, with HS256 and ID tokens of an hour. Accepts delegations from
    /// [`LEGACY_SPA`] and [`LEGACY_PHONE`] only.
    LEGACY_WEB = post(
        "legacy-web",
        "Legacy shop",
        "https://legacy-shop.example.com/callback",
        "legacy-web-secret-0123456789abcdef0123456789abcdef0123456789abc",
    );
    /// Like [`LEGACY_SPA`], with an idle lifetime of 120 seconds and an absolute lifetime of 600; delegates refresh
    /// tokens only.
    LEGACY_PHONE = public("legacy-phone", "Legacy phone", "https://legacy-phone.example.com/callback");
    /// Like [`LEGACY_SPA`], but set to HS256 with [`LEGACY_KIOSK_SECRET`].
    LEGACY_KIOSK = public("legacy-kiosk", "Legacy kiosk", "https://legacy-kiosk.example.com/callback");
    /// Like [`LEGACY_SPA`], without delegation and without single sign-on.
    LEGACY_CLOSED = public("legacy-closed", "Legacy intranet", "https://legacy-closed.example.com/callback");
    /// Native, with the device flow; rotating without leeway.
    TV = public("tv", "Living-room TV", "");
    /// Like [`TV`], but third-party.
    TV_PARTNER = public("tv-partner", "Partner TV", "");
    /// A strict third party: it gets no redirect if the user declines.
    THIRD_PARTY_GUARDED = post(
        "third-party-guarded",
        "Guarded partner",
        "https://guarded.example.com/callback",
        "third-party-guarded-secret-0123456789abcdef0123456789abcdef0123",
    );
    /// Rotating; its refresh tokens are also valid for `RBAC_API`, `ONLINE_API` and `RFC9068_API`, and would be
    /// for `ASKING_API` if that API did not require consent.
    SPA_MANY = public("spa-many", "Many-API SPA", "https://many.example.com/callback");
    /// A third party with a policy for `ONLINE_API`, which is ignored.
    THIRD_PARTY_MANY = post(
        "third-party-many",
        "Many-API partner",
        "https://many-partner.example.com/callback",
        "third-party-many-secret-0123456789abcdef0123456789abcdef0123456",
    );
    /// Native; skips the confirmation page although any program could claim its callback.
    NATIVE_TRUSTED = public("native-trusted", "Trusted native app", "com.example.trusted://callback");
    /// Confidential, rotating; may read the ledger of `GRANTED_API` on behalf of its users.
    WEB_GRANTED = post(
        "web-granted",
        "Granted web",
        "https://granted.example.com/callback",
        "web-granted-secret-0123456789abcdef0123456789abcdef0123456789ab",
    );
    /// Machine to machine; has every scope of the Management API.
    OPERATOR = post(
        "operator",
        "Operator",
        "https://unused.example.com/callback",
        "operator-secret-0123456789abcdef0123456789abcdef0123456789abcdef",
    );
    /// Machine to machine; has every read scope of the Management API.
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
    /// Public, with both password grant types.
    PW_NATIVE = public("pw-native", "Password app", "https://unused.example.com/callback");
    /// Confidential, with both password grant types; forwards the address of its user, and may use `Staff`.
    PW_WEB = post(
        "pw-web",
        "Password office",
        "https://unused.example.com/callback",
        "pw-web-secret-0123456789abcdef0123456789abcdef0123456789abcdef01",
    );
    /// Confidential, with the grant type `password`; the addresses that it forwards are not trusted.
    PW_KIOSK = post(
        "pw-kiosk",
        "Password kiosk",
        "https://unused.example.com/callback",
        "pw-kiosk-secret-0123456789abcdef0123456789abcdef0123456789abcdef",
    );
    /// A third-party application with the grant type `password`.
    PW_PARTNER = post(
        "pw-partner",
        "Password partner",
        "https://unused.example.com/callback",
        "pw-partner-secret-0123456789abcdef0123456789abcdef0123456789abcd",
    );
    /// Sends passwords to `/co/authenticate`.
    SPA_EMBEDDED = public("spa-embedded", "Embedded SPA", "https://embedded.example.com/callback");
    /// Native, with every response type, and with callbacks that any program could claim.
    DESKTOP = public("desktop", "Desktop app", "http://127.0.0.1:51004/callback");
    /// Like [`DESKTOP`], in the legacy pipeline.
    LEGACY_DESKTOP = public("legacy-desktop", "Legacy desktop app", "http://127.0.0.1:51004/callback");
}

/// Address of the back channels in the tenant file; no server listens there.
pub const UNREACHABLE: &str = "http://127.0.0.1:9";

/// The secret of [`LEGACY_KIOSK`], which does not use it for authentication.
pub const LEGACY_KIOSK_SECRET: &str =
    "legacy-kiosk-secret-0123456789abcdef0123456789abcdef0123456789a";
