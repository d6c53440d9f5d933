//! What is known of a login, from which the scripts' objects are made.

use serde_json::{Map, Value};

use super::Protocol;
use crate::domain::{
    authorization::AuthorizationRequest, client::Client, family::Family, ids::Audience,
    scope::Scope, session::Session, time::Timestamp, user::User,
};

/// What is known of a login, a refresh, or whatever else scripts run at.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// The tenant's name: the first label of the issuer's host, as with Auth0's domains.
    pub tenant: &'a str,
    /// The way.
    pub protocol: Protocol,
    /// The way before a script sent the browser elsewhere.
    pub original_protocol: Option<Protocol>,
    /// Who.
    pub user: &'a User,
    /// Where.
    pub client: &'a Client,
    /// For which API.
    pub audience: Option<&'a Audience>,
    /// With which scopes.
    pub scope: &'a Scope,
    /// What was sent.
    pub request: RequestFacts,
    /// In which browser session.
    pub session: Option<&'a Session>,
    /// By which refresh token.
    pub family: Option<&'a Family>,
    /// By which request at `/authorize`.
    pub authorization: Option<&'a AuthorizationRequest>,
    /// When the user proved who they are; `None` where no method is told.
    pub authenticated_at: Option<Timestamp>,
}

/// What a request says, without its secrets.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RequestFacts {
    /// The caller's address.
    pub ip: Option<String>,
    /// `User-Agent`
    pub user_agent: Option<String>,
    /// `Accept-Language`
    pub language: Option<String>,
    /// Our own host.
    pub hostname: String,
    /// The method.
    pub method: String,
    /// The query's parameters.
    pub query: Map<String, Value>,
    /// The body's parameters.
    pub body: Map<String, Value>,
}

/// Parameters that prove something: a script has no use for them, and might log them.
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
    /// The parameters as scripts may see them.
    pub fn without_secrets(
        parameters: impl IntoIterator<Item = (String, Value)>,
    ) -> Map<String, Value> {
        parameters
            .into_iter()
            .filter(|(name, _)| !Self::is_secret(name))
            .collect()
    }

    /// Whether a parameter of that name proves something.
    pub fn is_secret(name: &str) -> bool {
        SECRETS.contains(&name)
    }
}

/// The name of the tenant that an issuer's host names. An address has no labels.
pub fn tenant_name(host: &str) -> &str {
    match host.split_once('.') {
        Some((first, _)) if first.bytes().any(|byte| byte.is_ascii_alphabetic()) => first,
        _ => host,
    }
}
