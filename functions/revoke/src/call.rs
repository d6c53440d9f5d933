//! A call of the Management API in progress: its access token, its parameters and its audit event.

use http::header::AUTHORIZATION;
use ratchet_core::App;
use ratchet_domain::{
    denial::Denial,
    error::Error,
    ids::{Audience, ClientId, UserId},
    time::Timestamp,
    user::User,
};
use ratchet_protocol::{Request, RequestContext, Response, header, json, params::Params};
use ratchet_system::Deadline;
use ratchet_telemetry::event;
use serde::de::DeserializeOwned;

use crate::operation::{Named, Operation};

/// A call in progress, and the facts gathered about it so far.
pub(crate) struct Call<'a> {
    pub(crate) app: &'a App,
    pub(crate) request: &'a Request,
    pub(crate) now: Timestamp,
    /// End of the time for work that a repeated call can continue.
    pub(crate) deadline: Deadline,
    /// The object that the path names.
    pub(crate) named: Named,
    /// Fields of the audit event, filled in as they become known.
    pub(crate) audit: Audit,
}

/// Fields of an audit event in addition to the operation and its outcome.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    /// Subject of the access token; `None` until it has been verified.
    caller: Option<String>,
    /// Owner of the sessions, tokens or consents.
    pub(crate) user_id: Option<UserId>,
    /// The client, if the call names one.
    pub(crate) client_id: Option<ClientId>,
    /// The API, if the call names one.
    pub(crate) audience: Option<Audience>,
    /// The session (`sid`), if the call names one.
    pub(crate) session_id: Option<String>,
    /// Ids of the refresh tokens, separated by commas, if the call names any.
    pub(crate) refresh_token_id: Option<String>,
    /// Number of sessions that ended.
    pub(crate) sessions: Option<usize>,
    /// Number of refresh token families that ended.
    pub(crate) families: Option<usize>,
}

impl Call<'_> {
    /// Verifies the call's access token, which must have all of these scopes.
    pub(crate) async fn authorize(&mut self, scopes: &[&'static str]) -> Result<(), Error> {
        let (scheme, token) = header(self.request, &AUTHORIZATION)
            .and_then(|value| value.split_once(' '))
            .ok_or(Denial::NoAccessToken)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Denial::NoAccessToken.into());
        }
        let token = self.app.verify_management_token(token.trim()).await?;
        self.audit.caller = Some(token.subject.clone());
        scopes.iter().try_for_each(|scope| token.require(scope))?;
        Ok(())
    }

    /// The parameters of the query.
    pub(crate) fn query(&self) -> Result<Params, Denial> {
        Params::of_query(self.request)
    }

    /// The body; it may be empty if all of its members are optional.
    pub(crate) fn body<T: DeserializeOwned + Default>(&self) -> Result<T, Denial> {
        let body = self.request.body();
        if body.is_empty() {
            return Ok(T::default());
        }
        json::object(body).ok_or(Denial::Payload("it is not what this endpoint takes"))
    }

    /// The user that the query names. The parameter is required.
    pub(crate) fn user_of_query(&mut self, params: &Params) -> Result<UserId, Denial> {
        let user = params.text("user_id")?;
        let user = user.ok_or(Denial::Query("user_id is required"))?;
        let user = UserId::parse(user).map_err(|_| Denial::Query("user_id is no user's id"))?;
        self.audit.user_id = Some(user.clone());
        Ok(user)
    }

    /// The client that the query names, as text: an invalid id matches no client.
    pub(crate) fn client_of_query(&mut self, params: &Params) -> Result<Option<String>, Denial> {
        let client = params.text("client_id")?;
        self.audit.client_id = client.and_then(|client| ClientId::parse(client).ok());
        Ok(client.map(str::to_owned))
    }

    /// The user that the path names.
    pub(crate) async fn user_of_path(&self) -> Result<User, Error> {
        let Named::User(Some(user)) = &self.named else {
            return Err(Denial::UnknownId.into());
        };
        let record = self.app.store.load_user(user).await?;
        Ok(record.ok_or(Denial::NoSuchUser)?.user)
    }

    /// Logs the audit event of the call.
    pub(crate) fn log(&self, operation: Operation, answered: &Result<Response, Error>) {
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
            Err(Error::Failed(_)) => (event::MANAGEMENT_REFUSED, "failed"),
            Err(Error::Denied(_)) => (event::MANAGEMENT_REFUSED, "refused"),
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
