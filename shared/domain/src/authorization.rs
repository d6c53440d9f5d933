//! The decision at `/authorize`: log in, ask for consent, or issue (`OpenID` Connect Core section 3.1.2,
//! [Auth0's consent rules]).
//!
//! [Auth0's consent rules]: https://auth0.com/docs/get-started/applications/third-party-applications/user-consent-and-third-party-applications

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    client::{AppType, Client, Rotation},
    ids::{Audience, ClientId, ConnectionName, ConsentId, DeviceName, UserId},
    pipeline::Pipeline,
    pkce::Challenge,
    redirect_uri,
    resource_server::ResourceServer,
    response_type::{ResponseMode, ResponseType},
    scope::{OFFLINE_ACCESS, STANDARD, Scope},
    session::Session,
    settings::Settings,
    sid::Sid,
    time::{Lifetime, Timestamp},
};

/// Longest time that a user may spend on the login pages: one hour.
pub const TRANSACTION_LIFETIME: Lifetime = Lifetime::from_secs(3600);

/// A checked authorization request. The login pages carry it sealed in their `state`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// The client that sent the request and receives the response.
    pub client_id: ClientId,
    /// Destination of the response; registered by the client.
    pub redirect_uri: String,
    /// True if the request named `redirect_uri`.
    pub redirect_uri_was_sent: bool,
    /// `response_type`
    pub response_type: ResponseType,
    /// `response_mode`
    pub response_mode: ResponseMode,
    /// `state`, returned to the client unchanged.
    pub state: Option<String>,
    /// `nonce`, copied to the ID token.
    pub nonce: Option<String>,
    /// The API; `None` for `/userinfo` alone.
    pub audience: Option<Audience>,
    /// Scopes to grant, subject to the user's consent.
    pub scope: Scope,
    /// PKCE challenge; `None` if the client sent none and needs none.
    pub challenge: Option<Challenge>,
    /// `prompt`: the pages that the client requires.
    pub prompt: Prompt,
    /// `max_age`: longest time since the login of an acceptable session.
    pub max_age: Option<Lifetime>,
    /// `login_hint`: prefills the user name.
    pub login_hint: Option<String>,
    /// Database of the login page (`connection`, `realm`); `None` for the tenant's default.
    #[serde(default)]
    pub connection: Option<ConnectionName>,
    /// The only user that the response may be for (`id_token_hint`).
    #[serde(default)]
    pub hinted_user: Option<UserId>,
    /// Time at which the browser first sent the request.
    pub started_at: Timestamp,
    /// Pipeline of the request.
    #[serde(default)]
    pub pipeline: Pipeline,
    /// Device that the refresh token is for; legacy pipeline only.
    #[serde(default)]
    pub device: Option<DeviceName>,
    /// The session in which the user confirmed this request: by a password or a press on one of its pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_in: Option<Sid>,
    /// The other parameters, for the tenant's scripts; a repeated parameter is a list. Empty for a tenant without
    /// scripts. See `sent` of the crate of scripts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sent: BTreeMap<String, Value>,
}

/// `prompt`: a set of values; `none` excludes the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// True if no page may be shown: the response is an error where one is needed.
    pub none: bool,
    /// Ask for the password even in a live session. `select_account` means the same here: a browser has one
    /// session.
    pub login: bool,
    /// Ask for consent even if the user consented before.
    pub consent: bool,
}

impl Prompt {
    /// Reads the space-separated list; `None` for an unknown value or a combination with `none`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut prompt = Self::default();
        for value in text.split_ascii_whitespace() {
            match value {
                "none" => prompt.none = true,
                "login" | "select_account" => prompt.login = true,
                "consent" => prompt.consent = true,
                _ => return None,
            }
        }
        (!prompt.none || !(prompt.login || prompt.consent)).then_some(prompt)
    }
}

/// Next step of an authorization request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The user has to log in.
    LogIn,
    /// The user has to consent.
    AskConsent,
    /// The user has to confirm that this application sent the request (RFC 8252 section 8.6).
    AskConfirmation,
    /// Issue the code or the tokens.
    Issue,
    /// Error `login_required`: the client sent `prompt=none`, and the user has to log in.
    LoginRequired,
    /// Error `consent_required`: the client sent `prompt=none`, and the user has to consent or to confirm.
    ConsentRequired,
}

/// Questions that the user has to answer before the client gets a response.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Questions {
    /// Ask for consent to the scopes, unless the user consented before.
    pub consent: bool,
    /// Ask for confirmation of the application, unless the user already saw another page of this request.
    pub confirmation: bool,
}

/// A stored consent of the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Id of the consent; `None` if a version without such ids stored it.
    pub id: Option<ConsentId>,
    /// Scopes that the user consented to.
    pub scope: Scope,
    /// Time of the last consent.
    pub granted_at: Timestamp,
}

impl AuthorizationRequest {
    /// True if this session answers the request without a new login.
    pub fn accepts_login(&self, session: &Session, now: Timestamp) -> bool {
        let age = now.since(session.authenticated_at).as_secs();
        session.is_live(now)
            && self.is_for(session)
            && (self.caused(session)
                || (!self.prompt.login
                    // `max_age=0` means `prompt=login`, even within the same second.
                    && self.max_age.is_none_or(|max| 0 < max.as_secs() && age <= max.as_secs())))
    }

    /// True if the session belongs to the hinted user, or the client gave no hint.
    fn is_for(&self, session: &Session) -> bool {
        let hinted = self.hinted_user.as_ref();
        hinted.is_none_or(|user| *user == session.user_id)
    }

    /// True if the login happened for this request, which satisfies every demand for a fresh login.
    fn caused(&self, session: &Session) -> bool {
        session.authenticated_at >= self.started_at
    }

    /// True if the ID token must carry `auth_time`.
    pub fn tells_auth_time(&self) -> bool {
        self.max_age.is_some() || self.prompt.login
    }

    /// The request after a password or a press on one of its pages. The confirmation is valid in that session only.
    #[must_use]
    pub fn confirmed_in(self, session: &Session) -> Self {
        Self {
            confirmed_in: Some(session.session_id.clone()),
            ..self
        }
    }

    /// True if the user of this session went on from a page of this request.
    fn is_confirmed_in(&self, session: &Session) -> bool {
        self.confirmed_in.as_ref() == Some(&session.session_id)
    }

    /// Decides the next step.
    pub fn decide(
        &self,
        session: Option<&Session>,
        questions: Questions,
        grant: Option<&Grant>,
        now: Timestamp,
    ) -> Next {
        let Some(session) = session.filter(|session| self.accepts_login(session, now)) else {
            return self.without_login(session, now);
        };
        let agreed = grant.is_some_and(|grant| {
            self.scope.is_subset(&grant.scope)
                && (!self.prompt.consent || grant.granted_at >= self.started_at)
        });
        if (questions.consent || self.prompt.consent) && !agreed {
            self.or_refuse(Next::AskConsent)
        } else if questions.confirmation && !self.is_confirmed_in(session) {
            self.or_refuse(Next::AskConfirmation)
        } else {
            Next::Issue
        }
    }

    /// The next step if no session of the browser answers the request.
    fn without_login(&self, session: Option<&Session>, now: Timestamp) -> Next {
        // The user logged in for this request, as another user than the hinted one: a further login page would
        // loop (`OpenID` Connect Core section 3.1.2.1).
        let is_other_user = session.is_some_and(|session| {
            session.is_live(now) && self.caused(session) && !self.is_for(session)
        });
        if self.prompt.none || is_other_user {
            Next::LoginRequired
        } else {
            Next::LogIn
        }
    }

    /// The question, or an error if the client sent `prompt=none`.
    const fn or_refuse(&self, question: Next) -> Next {
        if self.prompt.none {
            Next::ConsentRequired
        } else {
            question
        }
    }
}

/// Longest scope of the legacy pipeline in bytes. Its names are free, and a refresh token family has to stay small.
pub const MAX_FREE_SCOPE_BYTES: usize = 300;

/// Scopes that a user's login can grant in the legacy pipeline: any name, and `offline_access` only for a named
/// device ([Auth0's legacy flows]).
///
/// [Auth0's legacy flows]: https://auth0.com/docs/authenticate/login/oidc-conformant-authentication/oidc-adoption-auth-code-flow
pub fn grantable_to_legacy(client: &Client, device: Option<&DeviceName>, asked: &Scope) -> Scope {
    if device.is_some() && client.allows_grant("refresh_token") {
        asked.clone()
    } else {
        asked.without(OFFLINE_ACCESS)
    }
}

/// True if a request of this client for this API needs the user's consent.
pub fn needs_consent(client: &Client, api: Option<&ResourceServer>) -> bool {
    !client.is_first_party
        || api.is_some_and(|api| !api.skip_consent_for_verifiable_first_party_clients)
}

/// True if a response to this callback needs a press each time, because any program could have sent the request
/// (RFC 8252 section 8.6, [Auth0's measures]). Auth0 exempts legacy clients; Ratchet does not, because their refresh
/// tokens are just as powerful.
///
/// [Auth0's measures]: https://auth0.com/docs/secure/security-guidance/measures-against-app-impersonation
pub fn needs_confirmation(client: &Client, redirect_uri: &str, settings: &Settings) -> bool {
    let trusts_any_callback = client
        .skip_non_verifiable_callback_uri_confirmation_prompt
        .unwrap_or(settings.skip_non_verifiable_callback_uri_confirmation_prompt);
    redirect_uri::is_non_verifiable(redirect_uri) && !trusts_any_callback
}

/// Scopes that a user's login can grant in the conformant pipeline: the API's and the standard ones, and
/// `offline_access` only if a refresh token would really be issued. See also [`grantable_to_legacy`].
pub fn grantable(client: &Client, api: Option<&ResourceServer>, asked: &Scope) -> Scope {
    let known = match api {
        Some(api) => api.known_scopes(asked),
        None => asked.filter(|name| STANDARD.contains(&name)),
    };
    if may_stay_logged_in(client, api) {
        known
    } else {
        known.without(OFFLINE_ACCESS)
    }
}

/// Scopes of a login that are still valid when it becomes tokens, perhaps long after the request: `offline_access`
/// only if client and API still allow a refresh token. A family that already exists is not checked again.
#[must_use]
pub fn still_grantable(
    client: &Client,
    api: Option<&ResourceServer>,
    pipeline: Pipeline,
    device: Option<&DeviceName>,
    scope: &Scope,
) -> Scope {
    match pipeline {
        Pipeline::Legacy => grantable_to_legacy(client, device, scope),
        Pipeline::Conformant if may_stay_logged_in(client, api) => scope.clone(),
        Pipeline::Conformant => scope.without(OFFLINE_ACCESS),
    }
}

/// True if this client may have a refresh token for this API ([Auth0's conditions]).
///
/// [Auth0's conditions]: https://auth0.com/docs/secure/tokens/refresh-tokens/get-refresh-tokens
fn may_stay_logged_in(client: &Client, api: Option<&ResourceServer>) -> bool {
    client.allows_grant("refresh_token")
        && api.is_none_or(|api| api.allow_offline_access)
        && (client.app_type != AppType::Spa || client.refresh_token.rotation == Rotation::Rotating)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        client::{RefreshTokenPolicy, SigningAlgorithm, testing::client},
        ids::UserId,
        resource_server::{ApiScope, SubjectTypeAuthorization, TokenDialect},
        user::testing,
    };

    const START: Timestamp = Timestamp::from_secs(10_000);

    const UNASKED: Questions = Questions {
        consent: false,
        confirmation: false,
    };
    const CONSENT: Questions = Questions {
        consent: true,
        ..UNASKED
    };
    const CONFIRMATION: Questions = Questions {
        confirmation: true,
        ..UNASKED
    };

    fn request() -> AuthorizationRequest {
        AuthorizationRequest {
            client_id: ClientId::parse("app").unwrap(),
            redirect_uri: "https://app.example/cb".to_owned(),
            redirect_uri_was_sent: true,
            response_type: ResponseType::CODE,
            response_mode: ResponseMode::Query,
            state: None,
            nonce: None,
            audience: None,
            scope: Scope::parse("openid email"),
            challenge: None,
            prompt: Prompt::default(),
            max_age: None,
            login_hint: None,
            connection: None,
            hinted_user: None,
            started_at: START,
            pipeline: Pipeline::Conformant,
            device: None,
            confirmed_in: None,
            sent: BTreeMap::new(),
        }
    }

    /// A session with a login this many seconds before the request.
    fn session(age: u64) -> Session {
        session_of("si1_one", age)
    }

    fn session_of(sid: &str, age: u64) -> Session {
        let sid = Sid::parse(sid).unwrap();
        let login = Timestamp::from_secs(START.as_secs() - age);
        let user = testing::user("auth0|ada");
        Session::begin(&user, sid, &Settings::default(), login)
    }

    fn prompt(text: &str) -> Prompt {
        Prompt::parse(text).unwrap()
    }

    fn agreed(scope: &str, granted_at: Timestamp) -> Grant {
        Grant {
            id: None,
            scope: Scope::parse(scope),
            granted_at,
        }
    }

    #[test]
    fn a_session_suffices_unless_the_client_requests_a_fresh_login() {
        let silent = request();
        assert_eq!(
            silent.decide(Some(&session(60)), UNASKED, None, START),
            Next::Issue
        );
        assert_eq!(silent.decide(None, UNASKED, None, START), Next::LogIn);
        let fresh = AuthorizationRequest {
            prompt: prompt("login"),
            ..request()
        };
        assert_eq!(
            fresh.decide(Some(&session(60)), UNASKED, None, START),
            Next::LogIn
        );
        // A login for this request.
        assert_eq!(
            fresh.decide(Some(&session(0)), UNASKED, None, START),
            Next::Issue
        );
    }

    #[test]
    fn an_answer_is_for_the_hinted_user() {
        let hinted = |user: &str| AuthorizationRequest {
            hinted_user: Some(UserId::parse(user).unwrap()),
            ..request()
        };
        let decided = |request: AuthorizationRequest, age| {
            request.decide(Some(&session(age)), UNASKED, None, START)
        };
        assert_eq!(decided(hinted("auth0|ada"), 60), Next::Issue);
        assert_eq!(decided(hinted("auth0|zoe"), 60), Next::LogIn);
        assert_eq!(decided(hinted("auth0|zoe"), 0), Next::LoginRequired);
        let silent = AuthorizationRequest {
            prompt: prompt("none"),
            ..hinted("auth0|zoe")
        };
        assert_eq!(decided(silent, 60), Next::LoginRequired);
    }

    #[test]
    fn max_age_counts_from_the_login() {
        let max_age = |seconds| AuthorizationRequest {
            max_age: Some(Lifetime::from_secs(seconds)),
            ..request()
        };
        assert_eq!(
            max_age(60).decide(Some(&session(60)), UNASKED, None, START),
            Next::Issue
        );
        assert_eq!(
            max_age(60).decide(Some(&session(61)), UNASKED, None, START),
            Next::LogIn
        );
        assert_eq!(
            max_age(0).decide(Some(&session(1)), UNASKED, None, START),
            Next::LogIn
        );
        assert!(max_age(60).tells_auth_time());
        assert!(!request().tells_auth_time());
    }

    #[test]
    fn silent_authentication_never_shows_a_page() {
        let silent = AuthorizationRequest {
            prompt: prompt("none"),
            ..request()
        };
        assert_eq!(
            silent.decide(None, CONSENT, None, START),
            Next::LoginRequired
        );
        assert_eq!(
            silent.decide(Some(&session(1)), CONSENT, None, START),
            Next::ConsentRequired
        );
        assert_eq!(
            silent.decide(Some(&session(1)), UNASKED, None, START),
            Next::Issue
        );
    }

    #[test]
    fn consent_is_asked_once_and_again_for_more() {
        let session = session(1);
        let decide =
            |grant: Option<&Grant>| request().decide(Some(&session), CONSENT, grant, START);
        assert_eq!(decide(None), Next::AskConsent);
        assert_eq!(decide(Some(&agreed("openid email", START))), Next::Issue);
        assert_eq!(decide(Some(&agreed("openid", START))), Next::AskConsent);
        let again = AuthorizationRequest {
            prompt: prompt("consent"),
            ..request()
        };
        let earlier = agreed("openid email", Timestamp::from_secs(1));
        assert_eq!(
            again.decide(Some(&session), CONSENT, Some(&earlier), START),
            Next::AskConsent
        );
    }

    #[test]
    fn prompt_none_with_other_values_and_unknown_values_are_rejected() {
        assert_eq!(Prompt::parse("none login"), None);
        assert_eq!(Prompt::parse("sideways"), None);
        assert!(prompt("login consent").login);
        assert!(prompt("select_account").login);
    }

    fn api() -> ResourceServer {
        ResourceServer {
            identifier: Audience::parse("https://api.example.com").unwrap(),
            name: "API".to_owned(),
            scopes: vec![ApiScope {
                value: "read:orders".to_owned(),
                description: None,
            }],
            signing_alg: SigningAlgorithm::RS256,
            sealed_signing_secret: None,
            token_lifetime: ResourceServer::DEFAULT_TOKEN_LIFETIME,
            token_lifetime_for_web: ResourceServer::DEFAULT_TOKEN_LIFETIME_FOR_WEB,
            allow_offline_access: true,
            skip_consent_for_verifiable_first_party_clients: true,
            token_dialect: TokenDialect::AccessToken,
            enforce_policies: false,
            subject_type_authorization: SubjectTypeAuthorization::default(),
        }
    }

    #[test]
    fn consent_follows_the_party_and_the_api() {
        let (client, api) = (client(), api());
        assert!(!needs_consent(&client, Some(&api)));
        assert!(!needs_consent(&client, None));
        let asking = ResourceServer {
            skip_consent_for_verifiable_first_party_clients: false,
            ..api
        };
        assert!(needs_consent(&client, Some(&asking)));
        let foreign = Client {
            is_first_party: false,
            ..client
        };
        assert!(needs_consent(&foreign, None));
    }

    #[test]
    fn a_confirmation_follows_the_callback_and_who_trusts_it() {
        let (web, local) = ("https://app.example/cb", "http://localhost:3000/cb");
        let tenant = |skips| Settings {
            skip_non_verifiable_callback_uri_confirmation_prompt: skips,
            ..Settings::default()
        };
        let app = |skips| Client {
            skip_non_verifiable_callback_uri_confirmation_prompt: skips,
            ..client()
        };
        assert!(!needs_confirmation(&app(None), web, &tenant(false)));
        for (of_client, of_tenant, asks) in [
            (None, false, true),
            (None, true, false),
            (Some(true), false, false),
            (Some(false), true, true),
        ] {
            let needed = needs_confirmation(&app(of_client), local, &tenant(of_tenant));
            assert_eq!(needed, asks, "{of_client:?} {of_tenant}");
        }
    }

    #[test]
    fn a_confirmation_is_asked_each_time_and_counts_for_its_request_in_its_session() {
        let session = session(60);
        let asked = |request: &AuthorizationRequest, grant| {
            request.decide(Some(&session), CONFIRMATION, grant, START)
        };
        let granted = agreed("openid email", START);
        assert_eq!(asked(&request(), None), Next::AskConfirmation);
        assert_eq!(asked(&request(), Some(&granted)), Next::AskConfirmation);
        let confirmed = request().confirmed_in(&session);
        assert_eq!(asked(&confirmed, None), Next::Issue);
        let elsewhere = session_of("si1_another", 60);
        let there = confirmed.decide(Some(&elsewhere), CONFIRMATION, None, START);
        assert_eq!(there, Next::AskConfirmation);
        let silent = AuthorizationRequest {
            prompt: prompt("none"),
            ..request()
        };
        assert_eq!(asked(&silent, Some(&granted)), Next::ConsentRequired);
    }

    #[test]
    fn a_login_that_happened_meanwhile_confirms_nothing() {
        let later = session(0);
        let decided = request().decide(Some(&later), CONFIRMATION, None, START);
        assert_eq!(decided, Next::AskConfirmation);
    }

    #[test]
    fn a_users_consent_counts_as_confirmation() {
        let both = Questions {
            consent: true,
            confirmation: true,
        };
        let session = session(60);
        let decide = |request: AuthorizationRequest, grant| {
            request.decide(Some(&session), both, grant, START)
        };
        let granted = agreed("openid email", START);
        assert_eq!(decide(request(), None), Next::AskConsent);
        let agreed = request().confirmed_in(&session);
        assert_eq!(decide(agreed, Some(&granted)), Next::Issue);
        assert_eq!(decide(request(), Some(&granted)), Next::AskConfirmation);
    }

    #[test]
    fn offline_access_is_granted_only_where_a_refresh_token_would_be() {
        let asked = Scope::parse("openid offline_access read:orders admin");
        let granted = |client: &Client, api: Option<&ResourceServer>| {
            grantable(client, api, &asked).to_string()
        };
        assert_eq!(
            granted(&client(), Some(&api())),
            "openid offline_access read:orders"
        );
        assert_eq!(granted(&client(), None), "openid offline_access");
        let closed = ResourceServer {
            allow_offline_access: false,
            ..api()
        };
        assert_eq!(granted(&client(), Some(&closed)), "openid read:orders");
        let without = Client {
            grant_types: Vec::new(),
            ..client()
        };
        assert_eq!(granted(&without, Some(&api())), "openid read:orders");
        let fixed = Client {
            refresh_token: RefreshTokenPolicy::NON_ROTATING,
            ..client()
        };
        assert_eq!(granted(&fixed, Some(&api())), "openid read:orders");
    }

    #[test]
    fn legacy_scopes_are_free_and_a_refresh_token_is_for_a_device() {
        let asked = Scope::parse("openid offline_access favorite_color");
        let phone = DeviceName::parse("phone").unwrap();
        let granted = |client: &Client, device: Option<&DeviceName>| {
            grantable_to_legacy(client, device, &asked).to_string()
        };
        let with = "openid offline_access favorite_color";
        assert_eq!(granted(&client(), Some(&phone)), with);
        assert_eq!(granted(&client(), None), "openid favorite_color");
        let without = Client {
            grant_types: Vec::new(),
            ..client()
        };
        assert_eq!(granted(&without, Some(&phone)), "openid favorite_color");
    }
}
