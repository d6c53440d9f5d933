use http::header::RETRY_AFTER;
use ratchet_domain::{error::Failure, throttle::Quota, time::Timestamp};

use super::*;

const HOSTILE: &str = "call-555-0100 \"<script>\\\r\n\u{fc}\u{202e}";

const ENDPOINTS: [Endpoint; 6] = [
    Endpoint::Browser,
    Endpoint::Token,
    Endpoint::Revoke,
    Endpoint::CrossOrigin,
    Endpoint::ClassicLogin,
    Endpoint::Management,
];

/// A list of denials. It compiles only if it has every variant.
macro_rules! denials {
    ($($variant:ident $(($value:expr))? $({ $($field:ident: $member:expr),* })?),* $(,)?) => {{
        let denials = vec![
            $(Denial::$variant $(($value))? $({ $($field: $member),* })?),*
        ];
        for denial in &denials {
            let ($(Denial::$variant { .. })|*) = denial;
        }
        denials
    }};
}

/// Every denial, with a hostile value where it has one.
fn every_denial() -> Vec<Denial> {
    let value = || HOSTILE.to_owned();
    let quota = Quota {
        limit: 1,
        remaining: 0,
        reset: Timestamp::from_secs(1),
        retry_after_secs: 1,
    };
    denials! {
        MissingParameter("a"), InvalidParameter(value()), RepeatedParameter(value()), TooManyParameters,
        TooManyScopes, ScopeType, SeveralResources, RequestTooLong, Body("a"), BodyTooLarge, SeveralAccessTokens,
        StaleTransaction, Declined, ProxyBypassed, NotFound, MethodNotAllowed("GET"),
        ClientAuthentication("a"), UnknownClient(value()), CallbackMismatch(value()), UnregisteredOrigin(value()),
        ReturnToNotAllowed(value()), PostLogoutRedirectUriNotAllowed(value()), IdTokenHint("a"), LogoutRequest("a"),
        UnsupportedGrantType(value()), GrantTypeNotAllowed(value()), LegacyOnly("a"), EndpointDisabled("a"),
        DelegationNotAllowed(value()), UnfitForDevices("a"), UnknownAudience(value()), NoAudience,
        NoClientGrant(value()), ApiClosedToUsers { client: value(), audience: value() }, ScopesNotGranted(value()),
        UnknownRealm(value()), ConnectionNotEnabled(value()), OriginNotAllowed(value()),
        CrossOriginNotAllowed, CrossOriginBody, CredentialType,
        WrongPassword, TooManyAttempts, SuspiciousAddress, RefreshToken("a"), RefreshTokenReused,
        ConformantRefreshToken, IdToken("a"), UserBlocked, UserGone, Code("a"), AuthorizationPending, SlowDown(5),
        DeviceCodeExpired, DeviceCode("a"), DeviceDeclined, CodeVerifier, NoAccessToken, AccessToken("a"),
        InsufficientScope, MissingScope("a"), Query("a"), Payload("a"), UnknownId, NoSuchUser, NoSuchSession,
        NoSuchRefreshToken,
        Unauthorized(value()), AccessDenied(value()), InteractionRequired, MultifactorRequired,
        Throttled(quota),
    }
}

/// The denials whose value is text of the request that any site can choose.
fn denials_of_links() -> Vec<Denial> {
    let with_value: [fn(String) -> Denial; 9] = [
        Denial::UnknownClient,
        Denial::CallbackMismatch,
        Denial::UnregisteredOrigin,
        Denial::ReturnToNotAllowed,
        Denial::PostLogoutRedirectUriNotAllowed,
        Denial::UnsupportedGrantType,
        Denial::UnknownAudience,
        Denial::UnknownRealm,
        Denial::ConnectionNotEnabled,
    ];
    with_value.map(|denial| denial(HOSTILE.to_owned())).into()
}

/// Every failure; the causes have a cause of their own.
fn every_failure() -> Vec<Failure> {
    let cause = || Failure::internal(HOSTILE);
    vec![
        Failure::unavailable(cause()),
        Failure::internal(cause()),
        Failure::script(cause()),
        Failure::NoDefaultDirectory,
    ]
}

#[test]
fn a_browser_is_shown_nothing_of_the_request() {
    for denial in denials_of_links() {
        let error = Error::from(denial);
        let described = OAuthError::new(&error, Endpoint::Browser).description;
        assert!(!described.contains("555"), "{error:?}: {described}");
    }
}

#[test]
fn no_endpoint_leaves_the_alphabet() {
    for denial in every_denial() {
        let denial = Error::from(denial);
        for endpoint in ENDPOINTS {
            let error = OAuthError::new(&denial, endpoint);
            let in_alphabet = |c: char| matches!(c, ' '..='!' | '#'..='[' | ']'..='~');
            assert!(error.description.chars().all(in_alphabet), "{error:?}");
            assert!(error.error.chars().all(in_alphabet), "{error:?}");
        }
    }
}

#[test]
fn a_denial_is_never_a_server_error() {
    for denial in every_denial() {
        let denial = Error::from(denial);
        for endpoint in ENDPOINTS {
            let error = OAuthError::new(&denial, endpoint);
            assert!(error.status.is_client_error(), "{endpoint:?}: {error:?}");
            let error = error.by_specification(&denial);
            assert!(error.status.is_client_error(), "{endpoint:?}: {error:?}");
        }
    }
}

#[test]
fn a_failure_is_a_server_error_without_its_cause() {
    for failure in every_failure() {
        let passes = match failure {
            Failure::Unavailable(_) => true,
            Failure::Internal(_) | Failure::Script(_) | Failure::NoDefaultDirectory => false,
        };
        let failure = Error::from(failure);
        for endpoint in ENDPOINTS {
            let error = OAuthError::new(&failure, endpoint);
            let error = error.by_specification(&failure);
            assert_eq!(error.status == StatusCode::SERVICE_UNAVAILABLE, passes);
            assert!(error.status.is_server_error(), "{endpoint:?}: {error:?}");
            let answers = [
                error.clone().into_response(),
                error.into_management_response(),
            ];
            for answer in answers {
                assert_eq!(answer.headers().contains_key(RETRY_AFTER), passes);
                let shown = format!("{answer:?}");
                assert!(!shown.contains("555"), "{endpoint:?}: {shown}");
            }
        }
    }
}
