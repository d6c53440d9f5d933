//! Runs the tenant's scripts at a login or a refresh: after the decision, before anything is signed or stored, except the
//! metadata of users that they set.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use ratchet_domain::{
    authorization::AuthorizationRequest,
    client::Client,
    denial::Denial,
    error::Error,
    family::Family,
    family_key::FamilyKey,
    ids::Audience,
    login_flow::{Effects, Verdict},
    scope::Scope,
    session::Session,
    time::Timestamp,
    user::User,
};
use ratchet_protocol::Request;
use ratchet_scripts::{
    MetadataChanges, ScriptOutput,
    engine::{LogLevel, ReadBack, Report, Run},
    objects::{self, Facts, Protocol, tenant_name},
    requests::failure::{RequestFailure, without_internals},
    verdict,
};
use ratchet_store::Metadata;
use ratchet_system::Deadline;
use ratchet_telemetry::event;
use serde_json::Value;
use tokio::sync::OnceCell;

use super::{
    App, Moment,
    host_bridge::{Failures, HostBridge},
    login_request::request_facts,
};

/// A login, a refresh or a delegation at which scripts run.
#[derive(Debug, Clone, Copy)]
pub struct ScriptedLogin<'a> {
    /// The kind of event, as `context.protocol` of the Rules names it.
    pub protocol: Protocol,
    /// The protocol of the request at which a script redirected the browser.
    pub original_protocol: Option<Protocol>,
    /// The position of the Action that redirected the browser.
    pub continued: Option<usize>,
    /// The user as stored, before the changes of the scripts.
    pub user: &'a User,
    /// The client that the tokens are issued to.
    pub client: &'a Client,
    /// The API that the tokens are for; `None` for `/userinfo` alone.
    pub audience: Option<&'a Audience>,
    /// The scopes of the tokens.
    pub scope: &'a Scope,
    /// The HTTP request that scripts see, without its secrets.
    pub request: &'a Request,
    /// The browser session; `None` if the event has none.
    pub session: Option<&'a Session>,
    /// The refresh token family, at a refresh.
    pub family: Option<&'a Family>,
    /// The request at `/authorize`.
    pub authorization: Option<&'a AuthorizationRequest>,
    /// The user's authentication time; `None` for a refresh, at which scripts see no authentication methods.
    pub authenticated_at: Option<Timestamp>,
    /// True if there is a browser that a script could redirect.
    pub can_redirect: bool,
    /// The time, id and origin of the request.
    pub at: Moment,
}

impl<'a> ScriptedLogin<'a> {
    /// A login without a browser.
    pub fn without_browser(
        protocol: Protocol,
        user: &'a User,
        client: &'a Client,
        scope: &'a Scope,
        request: &'a Request,
        at: Moment,
    ) -> Self {
        Self {
            protocol,
            original_protocol: None,
            continued: None,
            user,
            client,
            audience: None,
            scope,
            request,
            session: None,
            family: None,
            authorization: None,
            authenticated_at: None,
            can_redirect: false,
            at,
        }
    }
}

/// The decision of the scripts at a request that may be decided several times. They run once, on first use, because
/// their effects on other systems cannot be undone.
#[derive(Debug, Default)]
pub struct EffectsOnce(OnceCell<Effects>);

impl EffectsOnce {
    /// The decision; `run` runs the scripts unless they have run.
    pub async fn get_or_run<F>(&self, run: impl FnOnce() -> F) -> Result<&Effects, Error>
    where
        F: Future<Output = Result<Effects, Error>>,
    {
        // Boxed: a run is large, and every layer around it would move it once more.
        self.0.get_or_try_init(|| Box::pin(run())).await
    }
}

impl App {
    /// True if the tenant has scripts.
    pub async fn has_scripts(&self) -> Result<bool, Error> {
        Ok(self.scripts().await?.is_some())
    }

    /// Runs the tenant's scripts, if there are any. Their `console` output goes to the log, their changes of the user's
    /// metadata to the store. A script that fails denies this request and nothing else.
    pub async fn login_flow(&self, login: ScriptedLogin<'_>) -> Result<Verdict, Error> {
        // A tenant without scripts pays nothing, not even for the scripts' arguments.
        let Some(scripts) = self.scripts().await? else {
            return Ok(Verdict::Continue(Box::default()));
        };
        let facts = self.facts(&login);
        let program = &scripts.program;
        let given = |wanted: bool, make: fn(&Facts<'_>) -> Value| {
            if wanted { make(&facts) } else { Value::Null }
        };
        let mut event = given(program.has_actions(), objects::event);
        if let Some(family) = login.family {
            self.name_refresh_token(&mut event, family).await?;
        }
        let failures = Failures::default();
        let run = Run {
            program: Arc::clone(program),
            issuer: self.issuer.as_str().to_owned(),
            user: given(program.has_rules(), objects::user),
            context: given(program.has_rules(), objects::context),
            event,
            read_back: ReadBack::EffectsOnly,
            continued: login.continued,
            can_redirect: login.can_redirect,
            left: time_left(login.at.deadline),
            host: Arc::new(HostBridge {
                store: self.store.clone(),
                requests: Arc::clone(&self.script_requests),
                failures: Arc::clone(&failures),
                now: login.at.now,
            }),
        };
        let report = self.engine.run(run).await;
        log(&report, &login);
        let failures =
            std::mem::take(&mut *failures.lock().unwrap_or_else(PoisonError::into_inner));
        let output = report
            .result
            .map_err(|failure| discreet(failure.into(), &failures))?;
        let output = ScriptOutput {
            user: &output.user,
            context: &output.context,
            commands: &output.commands,
        };
        self.write_metadata(&login, &MetadataChanges::of(output.commands))
            .await?;
        verdict(&facts, login.can_redirect, output)
            .inspect_err(|error| log_refusal(&login, error))
            .map_err(|error| discreet(error, &failures))
            .map(|verdict| match verdict {
                Verdict::RevokeRefreshToken(reason) => {
                    Verdict::RevokeRefreshToken(without_internals(reason, &failures))
                }
                other => other,
            })
    }

    /// Adds the ids of the refresh token and its session, as in the Management API, to the event of Actions.
    async fn name_refresh_token(&self, event: &mut Value, family: &Family) -> Result<(), Error> {
        let Some(Value::Object(shown)) = event.get_mut("refresh_token") else {
            return Ok(());
        };
        let id = self.refresh_token_id(&FamilyKey::of(family)).await?;
        shown.insert("id".to_owned(), Value::String(id));
        if let Some(session) = family.session_id {
            let sid = self.sid(&family.user_id, session).await?;
            shown.insert("session_id".to_owned(), Value::String(sid.into()));
        }
        Ok(())
    }

    async fn write_metadata(
        &self,
        login: &ScriptedLogin<'_>,
        changes: &MetadataChanges,
    ) -> Result<(), Error> {
        let user_id = &login.user.user_id;
        for (which, patch) in [
            (Metadata::App, &changes.app),
            (Metadata::User, &changes.user),
        ] {
            if !patch.is_empty() {
                self.store
                    .patch_metadata(user_id, which, patch, login.at.now)
                    .await?;
            }
        }
        Ok(())
    }

    /// [`Self::login_flow`] for a request without a browser to redirect or a refresh token to revoke.
    pub async fn login_effects(&self, login: ScriptedLogin<'_>) -> Result<Effects, Error> {
        match self.login_flow(login).await? {
            Verdict::Continue(effects) => Ok(*effects),
            Verdict::Redirect(_) => Err(Denial::InteractionRequired.into()),
            Verdict::RevokeRefreshToken(reason) => Err(Denial::AccessDenied(reason).into()),
        }
    }

    fn facts<'a>(&'a self, login: &ScriptedLogin<'a>) -> Facts<'a> {
        let host = self.issuer.host();
        Facts {
            tenant: tenant_name(host),
            protocol: login.protocol,
            original_protocol: login.original_protocol,
            user: login.user,
            client: login.client,
            audience: login.audience,
            scope: login.scope,
            request: request_facts(login, host),
            session: login.session,
            family: login.family,
            authorization: login.authorization,
            authenticated_at: login.authenticated_at,
        }
    }
}

/// Time that signing and the commit need after the scripts, in addition to the one slow call that the deadline allows.
const RESERVE: Duration = Duration::from_secs(2);

/// Time limit of the scripts at this request, short enough that we can still respond; `None` without a deadline.
fn time_left(deadline: Deadline) -> Option<Duration> {
    deadline.left().map(|left| left.saturating_sub(RESERVE))
}

/// Removes network details from a denial whose message is a script's.
fn discreet(error: Error, failures: &[RequestFailure]) -> Error {
    match error {
        Error::Denied(Denial::Unauthorized(message)) => {
            Denial::Unauthorized(without_internals(message, failures)).into()
        }
        Error::Denied(Denial::AccessDenied(message)) => {
            Denial::AccessDenied(without_internals(message, failures)).into()
        }
        other => other,
    }
}

/// Logs the console output of the scripts, and their failure.
fn log(report: &Report, login: &ScriptedLogin<'_>) {
    for line in &report.logs {
        let (script, text) = (&line.script, &line.text);
        match line.level {
            LogLevel::Debug => tracing::debug!(script, "{text}"),
            LogLevel::Info => tracing::info!(script, "{text}"),
            LogLevel::Warn => tracing::warn!(script, "{text}"),
            LogLevel::Error => tracing::error!(script, "{text}"),
        }
    }
    if let Err(failure) = &report.result {
        tracing::warn!(
            r#type = event::SCRIPT_FAILED,
            client_id = %login.client.client_id,
            user_id = %login.user.user_id,
            protocol = login.protocol.as_str(),
            cpu_micros = report.usage.cpu.as_micros(),
            memory_bytes = report.usage.memory,
            reason = %failure,
        );
    }
}

fn log_refusal(login: &ScriptedLogin<'_>, error: &Error) {
    tracing::warn!(
        r#type = event::SCRIPT_FAILED,
        client_id = %login.client.client_id,
        user_id = %login.user.user_id,
        protocol = login.protocol.as_str(),
        reason = %error,
    );
}
