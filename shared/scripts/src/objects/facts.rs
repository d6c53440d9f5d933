//! Input of the scripts' objects: facts about a login or a refresh.

use ratchet_domain::{
    authorization::AuthorizationRequest, client::Client, family::Family, ids::Audience,
    scope::Scope, session::Session, time::Timestamp, user::User,
};
use serde_json::{Map, Value};

use super::Protocol;

/// Facts about a login, a refresh or another event that runs scripts.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// The tenant's name: the first label of the issuer's host, as with Auth0's domains.
    pub tenant: &'a str,
    /// The kind of event, as `context.protocol` of the Rules names it.
    pub protocol: Protocol,
    /// The protocol before a script redirected the browser; `None` unless it returned at `/continue`.
    pub original_protocol: Option<Protocol>,
    /// The user before the scripts' changes.
    pub user: &'a User,
    /// The client that the tokens are issued to.
    pub client: &'a Client,
    /// The API; `None` if there is none.
    pub audience: Option<&'a Audience>,
    /// The scopes of the tokens, before the scripts' changes.
    pub scope: &'a Scope,
    /// The HTTP request of the client or browser.
    pub request: RequestFacts,
    /// The browser session; `None` if the event has none.
    pub session: Option<&'a Session>,
    /// The family of the refresh token that is exchanged.
    pub family: Option<&'a Family>,
    /// The request at `/authorize`.
    pub authorization: Option<&'a AuthorizationRequest>,
    /// Time of the login; `None` if scripts are given no authentication method.
    pub authenticated_at: Option<Timestamp>,
}

/// An HTTP request without its secrets.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RequestFacts {
    /// The client's IP address.
    pub ip: Option<String>,
    /// `User-Agent`
    pub user_agent: Option<String>,
    /// `Accept-Language`
    pub language: Option<String>,
    /// Host of the server.
    pub hostname: String,
    /// HTTP method, in capitals.
    pub method: String,
    /// Parameters of the query.
    pub query: Map<String, Value>,
    /// Parameters of the body.
    pub body: Map<String, Value>,
}

/// Parameters that are credentials: scripts do not need them and might log them.
const SECRETS: [&str; 14] = [
    "_csrf",
    "client_assertion",
    "client_secret",
    "code",
    "code_verifier",
    "credential",
    "device_code",
    "id_token",
    "id_token_hint",
    "login_ticket",
    "password",
    "refresh_token",
    "subject_token",
    "token",
];

impl RequestFacts {
    /// The parameters without those that are credentials.
    pub fn without_secrets(
        parameters: impl IntoIterator<Item = (String, Value)>,
    ) -> Map<String, Value> {
        parameters
            .into_iter()
            .filter(|(name, _)| !Self::is_secret(name))
            .collect()
    }

    /// True if a parameter of this name is a credential.
    pub fn is_secret(name: &str) -> bool {
        SECRETS.contains(&name)
    }
}

/// The tenant's name: the first label of the issuer's host, or the whole host if it has none, as an IP address.
pub fn tenant_name(host: &str) -> &str {
    match host.split_once('.') {
        Some((first, _)) if first.bytes().any(|byte| byte.is_ascii_alphabetic()) => first,
        _ => host,
    }
}
