//! Input of the tests.

use std::collections::BTreeMap;

use ratchet_domain::{
    client::{
        AppType, AuthMethod, Client, JwtConfiguration, OidcLogout, RedirectionPolicy,
        RefreshTokenPolicy,
    },
    denial::Denial,
    error::{Error, Failure},
    family::{Exchange, Family, Login},
    ids::{ClientId, ConnectionName, FamilyId, RequestId, UserId},
    login_flow::*,
    scope::Scope,
    sealed::KeyId,
    time::Timestamp,
    user::{LoginStats, Profile, User},
    valid_from::{Epoch, ValidFrom},
};
use serde_json::{Map, Value, json};

use crate::{objects::*, *};

pub(super) const NOW: Timestamp = Timestamp::from_secs(1_000_000);

pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("{other} is no object"),
    }
}

/// First-party, conformant, public and rotating.
pub(super) fn client() -> Client {
    Client {
        client_id: ClientId::parse("app").unwrap(),
        name: "App".to_owned(),
        logo_uri: None,
        app_type: AppType::Spa,
        auth_method: AuthMethod::None,
        secret: None,
        public_keys: Vec::new(),
        oidc_conformant: true,
        is_first_party: true,
        callbacks: Vec::new(),
        allowed_origins: Vec::new(),
        web_origins: Vec::new(),
        allowed_logout_urls: Vec::new(),
        oidc_logout: OidcLogout::default(),
        grant_types: vec!["refresh_token".to_owned()],
        jwt_configuration: JwtConfiguration::default(),
        refresh_token: RefreshTokenPolicy::ROTATING,
        client_grants: Vec::new(),
        client_metadata: BTreeMap::new(),
        skip_non_verifiable_callback_uri_confirmation_prompt: None,
        allowed_clients: Vec::new(),
        sso: None,
        cross_origin_authentication: false,
        is_token_endpoint_ip_header_trusted: false,
        multi_resource_policies: Vec::new(),
        redirection_policy: RedirectionPolicy::default(),
        initiate_login_uri: None,
    }
}

pub(super) fn ada() -> User {
    User {
        user_id: UserId::parse("auth0|ada").unwrap(),
        connection: ConnectionName::parse("people").unwrap(),
        profile: Profile {
            email: Some("ada@example.com".to_owned()),
            email_verified: true,
            name: Some("Ada".to_owned()),
            ..Profile::default()
        },
        blocked: false,
        app_metadata: object(json!({"plan": "gold"})),
        user_metadata: Map::new(),
        attributes: object(json!({"favorite_color": "blue", "last_ip": "192.0.2.1"})),
        identities: Vec::new(),
        roles: vec!["editor".to_owned()],
        permissions: BTreeMap::new(),
        created_at: Timestamp::from_secs(0),
        updated_at: Timestamp::from_secs(1),
        stats: LoginStats {
            logins_count: 3,
            last_login: Some(Timestamp::from_secs(2)),
            last_ip: None,
        },
        valid_from: ValidFrom::default(),
    }
}

pub(super) fn family() -> Family {
    let login = Login {
        user_id: ada().user_id,
        client_id: client().client_id,
        audience: None,
        scope: Scope::parse("openid offline_access"),
        valid_from: Epoch::default(),
        auth_time: NOW,
        tells_auth_time: false,
        session_id: None,
        device: None,
    };
    let exchange = Exchange {
        request: RequestId::from_bytes([1; 16]),
        from: None,
        active_key: KeyId::new(1),
        now: NOW,
    };
    let id = FamilyId::from_bytes([1; 16]);
    Family::begin(id, login, &RefreshTokenPolicy::ROTATING, exchange)
}

/// Input of a test.
pub(super) struct Scene {
    pub(super) user: User,
    pub(super) client: Client,
    pub(super) scope: Scope,
    pub(super) family: Option<Family>,
    pub(super) protocol: Protocol,
}

impl Scene {
    pub(super) fn new(protocol: Protocol) -> Self {
        Self {
            user: ada(),
            client: client(),
            scope: Scope::parse("openid profile read"),
            family: (protocol == Protocol::RefreshToken).then(family),
            protocol,
        }
    }

    pub(super) fn facts(&self) -> Facts<'_> {
        Facts {
            tenant: "acme",
            protocol: self.protocol,
            original_protocol: None,
            user: &self.user,
            client: &self.client,
            audience: None,
            scope: &self.scope,
            request: RequestFacts::default(),
            session: None,
            family: self.family.as_ref(),
            authorization: None,
            authenticated_at: (self.protocol != Protocol::RefreshToken).then_some(NOW),
        }
    }

    pub(super) fn verdict_on(&self, change: Value, commands: &[Command]) -> Result<Verdict, Error> {
        let mut context = object(context(&self.facts()));
        context.extend(object(change));
        let output = ScriptOutput {
            user: &user(&self.facts()),
            context: &Value::Object(context),
            commands,
        };
        verdict(&self.facts(), self.protocol == Protocol::Code, output)
    }

    pub(super) fn effects(&self, change: Value, commands: &[Command]) -> Effects {
        match self.verdict_on(change, commands).unwrap() {
            Verdict::Continue(effects) => *effects,
            other => panic!("not gone on: {other:?}"),
        }
    }

    pub(super) fn denial(&self, change: Value, commands: &[Command]) -> Denial {
        match self.verdict_on(change, commands).unwrap_err() {
            Error::Denied(denial) => denial,
            Error::Failed(failure) => panic!("not denied: {failure:?}"),
        }
    }

    pub(super) fn failure(&self, change: Value) -> Failure {
        match self.verdict_on(change, &[]).unwrap_err() {
            Error::Failed(failure) => failure,
            Error::Denied(denial) => panic!("no failure: {denial:?}"),
        }
    }
}
