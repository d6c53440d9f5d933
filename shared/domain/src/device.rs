//! The device authorization grant (RFC 8628, [Auth0's device flow]): the responses to a device's polls, and the actions
//! of a user's browser.
//!
//! [Auth0's device flow]: https://auth0.com/docs/get-started/authentication-and-authorization-flow/device-authorization-flow/call-your-api-using-the-device-authorization-flow

use serde::{Deserialize, Serialize};

use super::{
    client::{AppType, Client},
    code::Redeemed,
    consent::{Basis, RestsOn},
    grant::GrantKey,
    ids::{Audience, ClientId, DeviceId, RequestId, UserId},
    resource_server::ResourceServer,
    scope::Scope,
    sid::Sid,
    time::{Lifetime, Timestamp},
    user_code::UserCode,
    valid_from::IssuedIn,
};

/// Name of the grant at the token endpoint.
pub const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Lifetime of device code and user code.
pub const DEVICE_CODE_LIFETIME: Lifetime = Lifetime::from_secs(900);

/// Minimum time between two polls of a device.
pub const POLL_INTERVAL: Lifetime = Lifetime::from_secs(5);

/// Time for which an expired device code is kept, so that a device that was offline learns of the expiry.
pub const DEVICE_CODE_MEMORY: Lifetime = Lifetime::from_secs(86_400);

/// The request of a device and its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceGrant {
    /// The client on the device.
    pub client_id: ClientId,
    /// The API that the device requested; `None` for `/userinfo` alone.
    pub audience: Option<Audience>,
    /// The scope to grant if the user agrees.
    pub scope: Scope,
    /// Time of the expiry of device code and user code.
    pub expires_at: Timestamp,
    /// The last poll that was answered `authorization_pending`.
    pub polled: Option<Polled>,
    /// The state that a poll of the device answers by.
    pub state: DeviceState,
}

/// A poll that was answered `authorization_pending`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Polled {
    /// Time of the poll.
    pub at: Timestamp,
    /// Id of the request.
    pub by: RequestId,
}

/// The state of a device grant. It only moves downwards in this list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum DeviceState {
    /// No user has confirmed the user code.
    Pending,
    /// A user has confirmed the user code, but the device has no tokens yet.
    Approved(Approval),
    /// A user has declined.
    Declined,
    /// The device has received its tokens.
    Redeemed {
        /// The confirmation that the tokens were issued on.
        approval: Approval,
        /// The exchange that issued the tokens.
        redeemed: Redeemed,
    },
    /// The device has received `expired_token`.
    Expired {
        /// Id of the request.
        by: RequestId,
    },
}

impl DeviceState {
    /// The name under which it is stored.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved(_) => "approved",
            Self::Declined => "declined",
            Self::Redeemed { .. } => "redeemed",
            Self::Expired { .. } => "expired",
        }
    }

    /// The exchange of the device code, if there was one.
    pub const fn redeemed(&self) -> Option<&Redeemed> {
        match self {
            Self::Redeemed { redeemed, .. } => Some(redeemed),
            _ => None,
        }
    }
}

/// A user's confirmation of a user code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The user who confirmed the user code.
    pub user_id: UserId,
    /// The browser session.
    pub session_id: Sid,
    /// The epochs of the confirmation.
    #[serde(flatten)]
    pub issued_in: IssuedIn,
    /// The user's authentication time.
    pub auth_time: Timestamp,
    /// The consent that it rests on.
    #[serde(flatten)]
    pub basis: Basis,
}

/// The decision about a poll.
#[derive(Debug, PartialEq, Eq)]
pub enum Poll<'a> {
    /// `authorization_pending`, once the poll is stored.
    Pending,
    /// `slow_down`: the device may poll again in this number of seconds.
    SlowDown(u64),
    /// `expired_token`, once that is stored.
    Expire,
    /// `expired_token`, which this very request has already stored.
    Expired,
    /// A user has declined.
    Declined,
    /// The device has received its tokens or `expired_token` before.
    Spent,
    /// The device gets its tokens.
    Issue(&'a Approval),
}

impl DeviceGrant {
    /// Decides about a poll (RFC 8628 section 3.5). The interval counts from the last poll that got
    /// `authorization_pending`, so that early polls neither cost a write nor prolong the wait.
    pub fn poll(&self, request: RequestId, now: Timestamp) -> Poll<'_> {
        match &self.state {
            DeviceState::Declined => Poll::Declined,
            DeviceState::Expired { by } if *by == request => Poll::Expired,
            DeviceState::Redeemed { .. } | DeviceState::Expired { .. } => Poll::Spent,
            _ if self.expires_at <= now => Poll::Expire,
            DeviceState::Approved(approval) => Poll::Issue(approval),
            DeviceState::Pending => match &self.polled {
                Some(last) if last.by != request => pending_after(last.at, now),
                _ => Poll::Pending,
            },
        }
    }

    /// The grant and consent on which the exchange of an approval depends.
    pub fn rests_on(&self, approval: &Approval) -> RestsOn {
        RestsOn {
            grant: GrantKey {
                user_id: approval.user_id.clone(),
                client_id: self.client_id.clone(),
                audience: self.audience.clone(),
            },
            basis: approval.basis,
        }
    }

    /// True if a user may still confirm or decline it.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.state == DeviceState::Pending && now < self.expires_at
    }

    /// True if this request exchanged its device code.
    pub fn was_redeemed_by(&self, request: RequestId) -> bool {
        self.state
            .redeemed()
            .is_some_and(|redeemed| redeemed.by == request)
    }

    /// True if it was confirmed in this browser session: a reloaded page shows the confirmation again.
    pub fn was_approved_in(&self, session_id: &Sid) -> bool {
        match &self.state {
            DeviceState::Approved(approval) | DeviceState::Redeemed { approval, .. } => {
                approval.session_id == *session_id
            }
            _ => false,
        }
    }
}

fn pending_after(last: Timestamp, now: Timestamp) -> Poll<'static> {
    let due = last.plus(POLL_INTERVAL);
    if due <= now {
        return Poll::Pending;
    }
    // A poll that began before the last one was stored still waits no longer than the interval.
    let wait = due.as_millis() - now.as_millis();
    Poll::SlowDown(wait.div_ceil(1_000).min(POLL_INTERVAL.as_secs()))
}

/// The activation of a device in a browser, from the user code to its confirmation. The login pages contain it, sealed,
/// in their `state`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activation {
    /// Id of the device grant.
    pub device_id: DeviceId,
    /// The code that the user typed or scanned.
    pub user_code: UserCode,
    /// The client on the device.
    pub client_id: ClientId,
    /// The API that the device requested; `None` for `/userinfo` alone.
    pub audience: Option<Audience>,
    /// The scope to grant if the user agrees.
    pub scope: Scope,
    /// The binding to the browser in which the user confirmed the code. Without it, an attacker could send another user
    /// a link to a page behind the confirmation, and that user's browser would approve the attacker's device.
    pub confirmed_in: Option<String>,
    /// Time at which the browser began.
    pub started_at: Timestamp,
}

/// The reason why a client may not use the device flow; `None` if it may ([Auth0's limitations]).
///
/// [Auth0's limitations]: https://auth0.com/docs/get-started/authentication-and-authorization-flow/device-authorization-flow
pub fn unfit(client: &Client) -> Option<&'static str> {
    if client.app_type != AppType::Native {
        Some("The device authorization flow is for native applications only")
    } else if !client.oidc_conformant {
        Some("The device authorization flow is for OIDC conformant applications only")
    } else if !client.is_public() {
        Some(
            "The device authorization flow is for applications with the token endpoint \
             authentication method none only",
        )
    } else {
        None
    }
}

/// True if the approval of a device needs the user's consent. There is no callback that another program could claim:
/// the user has just compared the code.
pub fn needs_consent(client: &Client, api: Option<&ResourceServer>) -> bool {
    !client.is_first_party
        || api.is_some_and(|api| !api.skip_consent_for_verifiable_first_party_clients)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_secs(1_000);
    const END: Timestamp = START.plus(DEVICE_CODE_LIFETIME);

    const fn request(n: u8) -> RequestId {
        RequestId::from_bytes([n; 16])
    }

    fn approval() -> Approval {
        Approval {
            user_id: UserId::parse("auth0|ada").unwrap(),
            session_id: Sid::parse("si1_AAAA").unwrap(),
            issued_in: IssuedIn::default(),
            auth_time: START,
            basis: Basis::Unasked,
        }
    }

    fn grant(state: DeviceState) -> DeviceGrant {
        DeviceGrant {
            client_id: ClientId::parse("tv").unwrap(),
            audience: None,
            scope: Scope::parse("openid"),
            expires_at: END,
            polled: None,
            state,
        }
    }

    fn redeemed() -> DeviceState {
        DeviceState::Redeemed {
            approval: approval(),
            redeemed: Redeemed {
                at: START,
                by: request(1),
                family_id: None,
                access_token: None,
            },
        }
    }

    fn polled(at: Timestamp, by: u8) -> DeviceGrant {
        DeviceGrant {
            polled: Some(Polled {
                at,
                by: request(by),
            }),
            ..grant(DeviceState::Pending)
        }
    }

    #[test]
    fn the_interval_runs_from_the_last_poll_that_was_answered_with_pending() {
        let millis = |n| Timestamp::from_millis(START.as_millis() + n);
        assert_eq!(
            grant(DeviceState::Pending).poll(request(1), START),
            Poll::Pending
        );
        let waiting = polled(START, 1);
        for (after, expected) in [
            (0, Poll::SlowDown(5)),
            (1, Poll::SlowDown(5)),
            (4_000, Poll::SlowDown(1)),
            (4_999, Poll::SlowDown(1)),
            (5_000, Poll::Pending),
        ] {
            assert_eq!(waiting.poll(request(2), millis(after)), expected, "{after}");
        }
        let earlier = Timestamp::from_millis(START.as_millis() - 1);
        assert_eq!(waiting.poll(request(2), earlier), Poll::SlowDown(5));
        // A write of this very request whose response was lost.
        assert_eq!(waiting.poll(request(1), START), Poll::Pending);
    }

    #[test]
    fn a_confirmed_device_is_not_made_to_wait() {
        let confirmed = DeviceGrant {
            state: DeviceState::Approved(approval()),
            ..polled(START, 1)
        };
        assert_eq!(confirmed.poll(request(2), START), Poll::Issue(&approval()));
        assert_eq!(confirmed.poll(request(2), END), Poll::Expire);
    }

    #[test]
    fn the_expiry_is_reported_once() {
        assert_eq!(
            grant(DeviceState::Pending).poll(request(1), END),
            Poll::Expire
        );
        let expired = grant(DeviceState::Expired { by: request(1) });
        assert_eq!(expired.poll(request(1), END), Poll::Expired);
        assert_eq!(expired.poll(request(2), END), Poll::Spent);
    }

    #[test]
    fn a_declined_or_redeemed_device_code_stays_so_after_its_expiry() {
        for now in [START, END] {
            assert_eq!(
                grant(DeviceState::Declined).poll(request(1), now),
                Poll::Declined
            );
            assert_eq!(grant(redeemed()).poll(request(1), now), Poll::Spent);
        }
    }

    #[test]
    fn only_a_waiting_code_can_be_confirmed() {
        assert!(grant(DeviceState::Pending).is_open(START));
        assert!(!grant(DeviceState::Pending).is_open(END));
        for state in [
            DeviceState::Approved(approval()),
            DeviceState::Declined,
            redeemed(),
        ] {
            assert!(!grant(state).is_open(START));
        }
        let (session, other) = (approval().session_id, Sid::parse("si1_BBBB").unwrap());
        assert!(grant(redeemed()).was_approved_in(&session));
        assert!(!grant(redeemed()).was_approved_in(&other));
        assert!(!grant(DeviceState::Declined).was_approved_in(&session));
    }

    #[test]
    fn a_state_is_stored_under_its_name() {
        for state in [
            DeviceState::Pending,
            DeviceState::Approved(approval()),
            DeviceState::Declined,
            redeemed(),
            DeviceState::Expired { by: request(1) },
        ] {
            let stored = serde_json::to_value(&state).unwrap();
            assert_eq!(stored["name"], state.name());
            assert_eq!(
                serde_json::from_value::<DeviceState>(stored).unwrap(),
                state
            );
        }
    }
}
