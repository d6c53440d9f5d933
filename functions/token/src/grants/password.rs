//! `grant_type=password` (RFC 6749 section 4.3) and Auth0's extension with a realm
//! ([Auth0's resource owner password flow]): exchanges a name and a password for tokens, and with `offline_access`
//! for the first refresh token of a new family. There is no page, no consent and no session, so it is for first-party
//! clients only: users trust them with their passwords.
//!
//! [Auth0's resource owner password flow]: https://auth0.com/docs/get-started/authentication-and-authorization-flow/resource-owner-password-flow

use std::sync::Arc;

use ratchet_core::{App, AuthenticatedClient, Moment, PasswordLogin, ScriptedLogin, Tokens};
use ratchet_domain::{
    authorization::grantable,
    claims::{LoginClaims, Subject},
    connection::Connection,
    consent::Basis,
    denial::Denial,
    error::{Error, Failure},
    family::{Family, Login},
    ids::Audience,
    pipeline::Pipeline,
    resource,
    resource_server::ResourceServer,
    scope::{OFFLINE_ACCESS, STANDARD, Scope},
    secret::Secret,
    user::User,
};
use ratchet_protocol::params::Params;
use ratchet_scripts::objects::Protocol;
use ratchet_store::CommitError;
use ratchet_telemetry::event;

use super::{
    GrantRequest, GrantType,
    issue::{Commit, Issuable, issue},
};
use crate::{address, response::TokenAnswer};

/// The client's request, resolved against the tenant's configuration.
struct PasswordRequest {
    audience: Option<Audience>,
    api: Option<Arc<ResourceServer>>,
    scope: Scope,
    pipeline: Pipeline,
}

pub(super) async fn redeem(
    app: &App,
    grant: GrantType,
    asked: GrantRequest<'_>,
) -> Result<TokenAnswer, Error> {
    let GrantRequest {
        client, params, at, ..
    } = asked;
    if !client.is_first_party {
        return Err(Denial::GrantTypeNotAllowed(grant.as_str().to_owned()).into());
    }
    let username = params.required("username")?;
    let password = Secret::new(params.required("password")?);
    let connection = connection(app, client, grant, params).await?;
    // All checks of the request itself come before the password.
    let wanted = PasswordRequest::parse(app, client, params).await?;
    let login = PasswordLogin {
        client_id: &client.client_id,
        connection: &connection.name,
        username,
        password: &password,
        address: address::of_person(asked.request, client),
    };
    let answered = match app.check_password(login, at).await {
        Ok(user) => fulfil(app, asked, wanted, &user).await,
        Err(error) => Err(error),
    };
    if let Err(reason) = &answered {
        tracing::warn!(
            r#type = event::PASSWORD_REFUSED,
            client_id = %client.client_id,
            connection = %connection.name,
            %reason,
        );
    }
    answered
}

/// The realm that the request names; without one, the tenant's default directory. Auth0's SDK for Python selects the
/// realm grant type and then omits the realm.
async fn connection(
    app: &App,
    client: &AuthenticatedClient,
    grant: GrantType,
    params: &Params,
) -> Result<Arc<Connection>, Error> {
    match params.text("realm")? {
        Some(realm) if grant == GrantType::PasswordRealm => app.realm(realm, client).await,
        _ => app.default_directory(client).await,
    }
}

/// Runs the tenant's scripts and issues the tokens that they allow.
async fn fulfil(
    app: &App,
    asked: GrantRequest<'_>,
    mut wanted: PasswordRequest,
    user: &User,
) -> Result<TokenAnswer, Error> {
    let GrantRequest { client, at, .. } = asked;
    let audience = wanted.audience.as_ref();
    wanted.scope = resource::granted(client, wanted.api.as_deref(), user, &wanted.scope)?;
    let effects = app
        .login_effects(ScriptedLogin {
            audience,
            authenticated_at: Some(at.now),
            ..asked.login(Protocol::Password, user, &wanted.scope)
        })
        .await?;
    wanted.scope = effects.granted(&wanted.scope);
    let user = effects.user(user);
    let issuable = Issuable {
        issuance: app
            .issuance(
                client,
                Subject::User(&user),
                &wanted.scope,
                wanted.pipeline,
                at,
            )
            .under("password")
            .with_effects(&effects),
        api: wanted.api.as_deref(),
        claims: LoginClaims::default(),
        login: Login::new(&user, &client.client_id, audience, &wanted.scope, at.now),
        ends: effects.refresh_token,
        session: None,
        basis: Basis::Unasked,
    };
    issue(app, issuable, &NothingUsedUp, at).await
}

/// A password is not used up by a login.
struct NothingUsedUp;

impl Commit for NothingUsedUp {
    const EVENT: &'static str = event::PASSWORD_EXCHANGED;
    const LOGS_SCOPE: bool = true;

    async fn commit(
        &self,
        app: &App,
        _: &Tokens,
        family: Option<&Family>,
        _: Moment,
    ) -> Result<(), Error> {
        let Some(family) = family else {
            return Ok(());
        };
        if CommitError::written(app.store.put_family(family).await)? {
            return Ok(());
        }
        // Without a session, only a taken id can conflict.
        Err(Failure::internal("the id of the new family is taken").into())
    }
}

impl PasswordRequest {
    async fn parse(
        app: &App,
        client: &AuthenticatedClient,
        params: &Params,
    ) -> Result<Self, Error> {
        let asked = app.requested_audience(params).await?;
        let pipeline = Pipeline::of(client, &asked);
        let audience = asked.into_api();
        let api = app.api_for(audience.as_ref()).await?;
        let scope = match params.scope()? {
            Some(asked) => grantable(client, api.as_deref(), &Scope::parse(&asked)),
            None => everything(api.as_deref()),
        };
        // The legacy pipeline issues refresh tokens only for a named device, and a password grant names none.
        let scope = match pipeline {
            Pipeline::Conformant => scope,
            Pipeline::Legacy => scope.without(OFFLINE_ACCESS),
        };
        Ok(Self {
            audience,
            api,
            scope,
            pipeline,
        })
    }
}

/// Default scopes of a client that requests none. For an API: all of its scopes, because users have given the client
/// their password. For `/userinfo`: all standard scopes. `offline_access` must be requested explicitly.
fn everything(api: Option<&ResourceServer>) -> Scope {
    match api {
        Some(api) => api
            .scopes
            .iter()
            .map(|scope| scope.value.as_str())
            .collect(),
        None => STANDARD
            .iter()
            .copied()
            .collect::<Scope>()
            .without(OFFLINE_ACCESS),
    }
}
