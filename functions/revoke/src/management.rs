//! The Management API ([Auth0's]): every call comes through here, where its access token is checked and where it
//! is logged as an audit event, answered or refused. Each kind of object has a file of its own.
//!
//! [Auth0's]: https://auth0.com/docs/api/management/v2

use http::header::AUTHORIZATION;
use serde::de::DeserializeOwned;
use shared::{
    app::App,
    domain::{
        denial::Denial,
        ids::{Audience, ClientId, UserId},
        time::Timestamp,
        user::User,
    },
    http::{
        Request, RequestContext, Response,
        error::{Endpoint, OAuthError},
        header, json,
        params::Params,
    },
    system::Deadline,
    telemetry::event,
};

use crate::{
    device_credentials, grants,
    operation::{Named, Operation},
    refresh_tokens, sessions, users,
};

/// A call that is being answered, and what is known of it so far.
pub(crate) struct Call<'a> {
    pub(crate) app: &'a App,
    pub(crate) request: &'a Request,
    pub(crate) now: Timestamp,
    /// Until when it goes on with what the next call could go on with.
    pub(crate) deadline: Deadline,
    /// What its path names.
    pub(crate) named: Named,
    /// What its audit event will say of whom it concerned.
    pub(crate) audit: Audit,
}

/// What an audit event says beside the operation and its outcome.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    /// The subject of the access token, once it has been verified.
    caller: Option<String>,
    /// Whose sessions, tokens or grants.
    pub(crate) user_id: Option<UserId>,
    /// Of which application, where one was named.
    pub(crate) client_id: Option<ClientId>,
    /// For which API, where one was named.
    pub(crate) audience: Option<Audience>,
    /// Which session, where one was named.
    pub(crate) session_id: Option<String>,
    /// Which refresh token, where one was named.
    pub(crate) refresh_token_id: Option<String>,
    /// How many sessions ended.
    pub(crate) sessions: Option<usize>,
    /// How many families of refresh tokens ended.
    pub(crate) families: Option<usize>,
}

/// Answers a request below `/api/v2/`.
pub(crate) async fn handle(app: &App, request: &Request) -> Response {
    let (operation, named) = match Operation::of(request) {
        Ok(found) => found,
        Err(denial) => {
            tracing::info!(reason = %denial, "refused");
            return refusal(&denial);
        }
    };
    let at = app.moment(request);
    let mut call = Call {
        app,
        request,
        now: at.now,
        deadline: at.deadline,
        named,
        audit: Audit::default(),
    };
    let answered = serve(&mut call, operation).await;
    call.log(operation, &answered);
    answered.unwrap_or_else(|denial| refusal(&denial))
}

async fn serve(call: &mut Call<'_>, operation: Operation) -> Result<Response, Denial> {
    if let Named::User(user) = &call.named {
        call.audit.user_id.clone_from(user);
    }
    call.authorize(operation.scopes()).await?;
    match operation {
        Operation::GetGrants => grants::list(call).await,
        Operation::DeleteGrant => grants::delete(call).await,
        Operation::DeleteGrants => grants::delete_of_user(call).await,
        Operation::GetSession => sessions::get(call).await,
        Operation::DeleteSession => sessions::delete(call).await,
        Operation::RevokeSession => sessions::revoke(call).await,
        Operation::GetUserSessions => sessions::list(call).await,
        Operation::DeleteUserSessions => sessions::delete_of_user(call).await,
        Operation::GetRefreshTokens => refresh_tokens::list(call).await,
        Operation::GetRefreshToken => refresh_tokens::get(call).await,
        Operation::DeleteRefreshToken => refresh_tokens::delete(call).await,
        Operation::RevokeRefreshTokens => refresh_tokens::revoke(call).await,
        Operation::GetUserRefreshTokens => refresh_tokens::list_of_user(call).await,
        Operation::DeleteUserRefreshTokens => refresh_tokens::delete_of_user(call).await,
        Operation::RevokeUserAccess => users::revoke_access(call).await,
        Operation::GetDeviceCredentials => device_credentials::list(call).await,
        Operation::DeleteDeviceCredential => device_credentials::delete(call).await,
    }
}

fn refusal(denial: &Denial) -> Response {
    OAuthError::new(denial, Endpoint::Management).into_management_response()
}

impl Call<'_> {
    /// Asserts that the call's access token has all of these scopes.
    async fn authorize(&mut self, scopes: &[&'static str]) -> Result<(), Denial> {
        let (scheme, token) = header(self.request, &AUTHORIZATION)
            .and_then(|value| value.split_once(' '))
            .ok_or(Denial::NoAccessToken)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Denial::NoAccessToken);
        }
        let token = self.app.verify_management_token(token.trim()).await?;
        self.audit.caller = Some(token.subject.clone());
        scopes.iter().try_for_each(|scope| token.require(scope))
    }

    /// The query.
    pub(crate) fn query(&self) -> Result<Params, Denial> {
        Params::of_query(self.request)
    }

    /// The body, which may be left out if everything in it may be.
    pub(crate) fn body<T: DeserializeOwned + Default>(&self) -> Result<T, Denial> {
        let body = self.request.body();
        if body.is_empty() {
            return Ok(T::default());
        }
        json::object(body).ok_or(Denial::Payload("it is not what this endpoint takes"))
    }

    /// The user whom the query names.
    pub(crate) fn user_of_query(&mut self, params: &Params) -> Result<UserId, Denial> {
        let user = params.text("user_id")?;
        let user = user.ok_or(Denial::Query("user_id is required"))?;
        let user = UserId::parse(user).map_err(|_| Denial::Query("user_id is no user's id"))?;
        self.audit.user_id = Some(user.clone());
        Ok(user)
    }

    /// The client whom the query names, if it names one. A text that cannot be a client's id matches none.
    pub(crate) fn client_of_query(&mut self, params: &Params) -> Result<Option<String>, Denial> {
        let client = params.text("client_id")?;
        self.audit.client_id = client.and_then(|client| ClientId::parse(client).ok());
        Ok(client.map(str::to_owned))
    }

    /// The user whom the path names.
    pub(crate) async fn user_of_path(&self) -> Result<User, Denial> {
        let Named::User(Some(user)) = &self.named else {
            return Err(Denial::UnknownId);
        };
        let record = self.app.store.load_user(user).await?;
        record.map(|record| record.user).ok_or(Denial::NoSuchUser)
    }

    fn log(&self, operation: Operation, answered: &Result<Response, Denial>) {
        let Audit {
            caller,
            user_id,
            client_id,
            audience,
            session_id,
            refresh_token_id,
            sessions,
            families,
        } = &self.audit;
        let (code, outcome) = match answered {
            Ok(_) if operation.reads() => (event::MANAGEMENT_READ, "done"),
            Ok(_) => (event::MANAGED, "done"),
            Err(denial) if is_ours(denial) => (event::MANAGEMENT_REFUSED, "failed"),
            Err(_) => (event::MANAGEMENT_REFUSED, "refused"),
        };
        let context = self.request.extensions().get::<RequestContext>();
        tracing::info!(
            r#type = code,
            description = operation.name(),
            method = self.request.method().as_str(),
            caller = caller.as_deref(),
            ip = context
                .and_then(|context| context.client_ip)
                .map(|ip| ip.to_string()),
            user_id = user_id.as_ref().map(UserId::as_str),
            client_id = client_id.as_ref().map(ClientId::as_str),
            audience = audience.as_ref().map(Audience::as_str),
            session_id,
            refresh_token_id,
            sessions,
            families,
            outcome,
            reason = answered.as_ref().err().map(ToString::to_string),
        );
    }
}

/// Whether the caller has done nothing wrong.
fn is_ours(denial: &Denial) -> bool {
    let error = OAuthError::new(denial, Endpoint::Management);
    error.status.is_server_error()
}
