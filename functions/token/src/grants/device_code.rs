//! `grant_type=urn:ietf:params:oauth:grant-type:device_code` (RFC 8628 section 3.4): a device polls until a user has
//! confirmed its user code, and then gets tokens. [`DeviceGrant::poll`] decides; this file carries the decision out.
//!
//! As with a code, signing comes before the commit, and one transaction uses up the device code and creates the
//! family.

use ratchet_core::{App, Moment, ScriptedLogin, Tokens};
use ratchet_domain::{
    authorization::still_grantable,
    claims::{LoginClaims, Subject},
    code::Redeemed,
    denial::Denial,
    device::{Approval, DeviceGrant, DeviceState, Poll, Polled},
    error::{Error, Failure},
    family::{Family, Login},
    ids::{DeviceId, SessionId},
    pipeline::Pipeline,
    resource,
    sealed::Purpose,
    user::User,
};
use ratchet_scripts::objects::Protocol;
use ratchet_store::{CommitError, DeviceExchange, NotCommitted};
use ratchet_telemetry::event;

use super::{
    GrantRequest,
    issue::{Commit, Issuable, issue},
};
use crate::{request::ATTEMPTS, response::TokenAnswer};

/// The device flow is for conformant clients only.
const PIPELINE: Pipeline = Pipeline::Conformant;

pub(super) async fn redeem(app: &App, asked: GrantRequest<'_>) -> Result<TokenAnswer, Error> {
    let text = asked.params.required("device_code")?;
    let answered = poll(app, asked, text).await;
    if let Err(reason) = &answered
        && !matches!(
            reason,
            Error::Denied(Denial::AuthorizationPending | Denial::SlowDown(_))
                | Error::Failed(Failure::Unavailable(_))
        )
    {
        tracing::warn!(
            r#type = event::DEVICE_REFUSED,
            client_id = %asked.client.client_id,
            %reason,
        );
    }
    answered
}

async fn poll(app: &App, asked: GrantRequest<'_>, text: &str) -> Result<TokenAnswer, Error> {
    let GrantRequest { client, at, .. } = asked;
    let id = app
        .keyring()
        .await
        .open(Purpose::DeviceCode, client.client_id.as_str(), text)
        .and_then(|opened| <[u8; 16]>::try_from(opened.plaintext).ok())
        .map(DeviceId::from_bytes)
        .ok_or(Denial::DeviceCode("not sealed by us for this client"))?;
    for _ in 0..ATTEMPTS {
        let device = app.store.load_device(id).await?;
        let device = device.ok_or(Denial::DeviceCode("unknown"))?;
        let refusal = match device.poll(at.request, at.now) {
            Poll::Issue(approval) => return exchange(app, asked, id, &device, approval).await,
            Poll::SlowDown(seconds) => return Err(Denial::SlowDown(seconds).into()),
            Poll::Declined => return Err(Denial::DeviceDeclined.into()),
            Poll::Spent => {
                return Err(Denial::DeviceCode("used, or already reported as expired").into());
            }
            Poll::Expired => return Err(Denial::DeviceCodeExpired.into()),
            Poll::Pending => Denial::AuthorizationPending,
            Poll::Expire => Denial::DeviceCodeExpired,
        };
        match store_refusal(app, id, &device, &refusal, at).await {
            Ok(()) => return Err(refusal.into()),
            // Another request won the race: decide again on the current state.
            Err(CommitError::Conflict) => {}
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
    }
    Err(Failure::unavailable("the device kept changing").into())
}

/// Stores the time of a rejected poll, or that the device has received `expired_token`.
async fn store_refusal(
    app: &App,
    id: DeviceId,
    device: &DeviceGrant,
    refusal: &Denial,
    at: Moment,
) -> Result<(), CommitError> {
    let by = at.request;
    if matches!(refusal, Denial::AuthorizationPending) {
        let polled = Polled { at: at.now, by };
        app.store.commit_poll(id, device, &polled).await
    } else {
        let expired = DeviceState::Expired { by };
        app.store.commit_device(id, device, &expired).await
    }
}

/// Signs, then commits: a failure in between, such as a rejection by a script, leaves the device code unused.
async fn exchange(
    app: &App,
    asked: GrantRequest<'_>,
    id: DeviceId,
    device: &DeviceGrant,
    approval: &Approval,
) -> Result<TokenAnswer, Error> {
    let GrantRequest { client, at, .. } = asked;
    let (user, session) = login_of(app, approval).await?;
    let audience = device.audience.as_ref();
    let api = app.api_for(audience).await?;
    let scope = resource::granted(client, api.as_deref(), &user, &device.scope)?;
    let scope = still_grantable(client, api.as_deref(), PIPELINE, None, &scope);
    let effects = app
        .login_effects(ScriptedLogin {
            audience,
            authenticated_at: Some(approval.auth_time),
            ..asked.login(Protocol::DeviceCode, &user, &scope)
        })
        .await?;
    let scope = effects.granted(&scope);
    let user = effects.user(&user);
    let issuable = Issuable {
        issuance: app
            .issuance(client, Subject::User(&user), &scope, PIPELINE, at)
            .with_effects(&effects),
        api: api.as_deref(),
        claims: LoginClaims {
            session_id: Some(&approval.session_id),
            ..LoginClaims::default()
        },
        login: Login {
            session_id: Some(session),
            ..Login::new(
                &user,
                &client.client_id,
                audience,
                &scope,
                approval.auth_time,
            )
        },
        ends: effects.refresh_token,
        // The session belongs to the browser that confirmed, not to the device.
        session: None,
        basis: approval.basis,
    };
    let approved = Approved {
        id,
        device,
        approval,
    };
    issue(app, issuable, &approved, at).await
}

/// Loads the user who confirmed and the session of the confirmation, in one round trip.
async fn login_of(app: &App, approval: &Approval) -> Result<(User, SessionId), Error> {
    let id = app.session_of(&approval.session_id).await;
    let id = id.ok_or(Denial::DeviceCode("the session of the approval is unknown"))?;
    let state = app.store.load_session_state(&approval.user_id, id).await?;
    let user = state.user.ok_or(Denial::DeviceCode("the user is gone"))?;
    user.active()?;
    if !user.valid_from.honours(approval.issued_in) {
        return Err(Denial::DeviceCode(
            "the user was logged out or all grants were deleted since the approval",
        )
        .into());
    }
    if state.session.is_none() {
        return Err(Denial::DeviceCode("the session of the approval has ended").into());
    }
    Ok((user, id))
}

/// A device code that is being exchanged.
struct Approved<'a> {
    id: DeviceId,
    device: &'a DeviceGrant,
    approval: &'a Approval,
}

impl Commit for Approved<'_> {
    const EVENT: &'static str = event::DEVICE_EXCHANGED;

    async fn commit(
        &self,
        app: &App,
        _: &Tokens,
        family: Option<&Family>,
        at: Moment,
    ) -> Result<(), Error> {
        let next = DeviceState::Redeemed {
            approval: self.approval.clone(),
            redeemed: Redeemed {
                at: at.now,
                by: at.request,
                family_id: family.map(|family| family.id),
                // Not stored: reuse of a device code revokes nothing.
                access_token: None,
            },
        };
        let exchange = DeviceExchange {
            device_id: self.id,
            current: self.device,
            next: &next,
            family,
            rests_on: &self.device.rests_on(self.approval),
        };
        let exchanged = app.store.exchange_device_code(exchange).await;
        let Err(NotCommitted { failure, found }) = exchanged else {
            return Ok(());
        };
        match found.map(|device| device.state) {
            // The other request got the tokens, and its family stays: two polls of one device are not a theft.
            Some(DeviceState::Redeemed { .. }) => {
                Err(Denial::DeviceCode("used by another request at the same time").into())
            }
            // The device is unchanged, so the conflict is about its consent or session.
            Some(DeviceState::Approved(_)) if matches!(failure, CommitError::Conflict) => {
                let reason = "its consent was withdrawn or its session has ended";
                Err(Denial::DeviceCode(reason).into())
            }
            _ => Err(failure.into()),
        }
    }
}
