//! Authorization codes: single use, short-lived, and with a record of the family that they began (RFC 6749 section
//! 4.1.2, RFC 9700 section 2.1).

use std::ops::Deref;

use serde::{Deserialize, Serialize};

use super::{
    authorization::AuthorizationRequest,
    consent::{Basis, RestsOn},
    grant::GrantKey,
    ids::{AccessTokenDigest, Audience, ClientId, DeviceName, FamilyId, RequestId, UserId},
    inconsistent::Inconsistent,
    login_flow::Effects,
    pipeline::Pipeline,
    pkce::Challenge,
    scope::Scope,
    session::Session,
    sid::Sid,
    time::{Lifetime, Timestamp},
    valid_from::IssuedIn,
};

/// Lifetime of a code. RFC 6749 recommends ten minutes at most; SDKs take seconds.
pub const CODE_LIFETIME: Lifetime = Lifetime::from_secs(60);

/// Time for which a used code is kept, so that a replay can end its family. A day is far beyond any retry and keeps the
/// table small.
pub const CODE_MEMORY: Lifetime = Lifetime::from_secs(86_400);

/// An authorization code. Its [`CodeParts`] can be read; only its exchange changes them, which the store writes. `TryFrom`
/// is for the store, and rejects parts that contradict each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "CodeParts")]
pub struct AuthorizationCode(CodeParts);

/// The parts of an [`AuthorizationCode`], as they are stored under its user and its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeParts {
    /// The user who logged in.
    pub user_id: UserId,
    /// The client that it was issued to.
    pub client_id: ClientId,
    /// The redirect URI of its response.
    pub redirect_uri: String,
    /// True if the request at `/authorize` contained that URI; otherwise it is the client's first callback.
    pub redirect_uri_was_sent: bool,
    /// The requested API.
    pub audience: Option<Audience>,
    /// The granted scope.
    pub scope: Scope,
    /// `nonce`, copied to the ID token.
    pub nonce: Option<String>,
    /// The challenge that the verifier must match.
    pub challenge: Option<Challenge>,
    /// The user's authentication time.
    pub auth_time: Timestamp,
    /// True if the ID token contains `auth_time`: with `max_age` or `prompt=login`.
    pub tells_auth_time: bool,
    /// The browser session.
    pub session_id: Sid,
    /// The epochs that it was issued in.
    #[serde(flatten)]
    pub issued_in: IssuedIn,
    /// The pipeline of the request.
    #[serde(default)]
    pub pipeline: Pipeline,
    /// The device that a legacy request named; no other request has one.
    #[serde(default)]
    pub device: Option<DeviceName>,
    /// The consent that it rests on.
    #[serde(flatten)]
    pub basis: Basis,
    /// The effects of the tenant's scripts on the login.
    #[serde(default)]
    pub effects: Effects,
    /// Time of its expiry.
    pub expires_at: Timestamp,
    /// Its one exchange; `None` before it.
    pub redeemed: Option<Redeemed>,
}

/// The exchange of a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redeemed {
    /// Time of the exchange.
    pub at: Timestamp,
    /// Id of the request.
    pub by: RequestId,
    /// The id of the family that it began; `None` if it began none.
    pub family_id: Option<FamilyId>,
    /// The access token that was issued for it; `None` in codes that were exchanged before this was stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token: Option<IssuedAccessToken>,
}

/// The part of an access token that its revocation needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedAccessToken {
    /// Its digest.
    pub digest: AccessTokenDigest,
    /// Time of its expiry.
    pub expires_at: Timestamp,
}

/// The parameters of an exchange at the token endpoint.
#[derive(Debug, Clone, Copy)]
pub struct Presented<'a> {
    /// The authenticated client.
    pub client_id: &'a ClientId,
    /// True if the client is public and therefore does not authenticate.
    pub client_is_public: bool,
    /// `redirect_uri`.
    pub redirect_uri: Option<&'a str>,
    /// `code_verifier`.
    pub verifier: Option<&'a str>,
}

/// The reason to reject an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeRefusal {
    /// The same client has used it before; the family that it began must end.
    Reused(Redeemed),
    /// The code has expired, or belongs to another client or redirect URI.
    Invalid,
    /// The verifier does not match the challenge, or one of the two is missing.
    Verifier,
    /// A public client's code without a challenge, so that nothing proves whose it is.
    Unproven,
}

/// For reading: there is no `DerefMut`.
impl Deref for AuthorizationCode {
    type Target = CodeParts;

    fn deref(&self) -> &CodeParts {
        &self.0
    }
}

/// For a code that was stored.
impl TryFrom<CodeParts> for AuthorizationCode {
    type Error = Inconsistent;

    fn try_from(parts: CodeParts) -> Result<Self, Inconsistent> {
        let CodeParts {
            redeemed,
            expires_at,
            ..
        } = &parts;
        if redeemed
            .as_ref()
            .is_some_and(|redeemed| *expires_at <= redeemed.at)
        {
            return Err(Inconsistent("it was exchanged after its expiry"));
        }
        if parts.device.is_some() && parts.pipeline != Pipeline::Legacy {
            return Err(Inconsistent("a conformant request named a device"));
        }
        Ok(Self(parts))
    }
}

impl AuthorizationCode {
    /// The code that answers a request in the session of its user.
    pub fn issue(
        asked: &AuthorizationRequest,
        session: &Session,
        issued_in: IssuedIn,
        basis: Basis,
        effects: Effects,
        now: Timestamp,
    ) -> Self {
        let device = match asked.pipeline {
            Pipeline::Legacy => asked.device.clone(),
            Pipeline::Conformant => None,
        };
        Self(CodeParts {
            user_id: session.user_id.clone(),
            client_id: asked.client_id.clone(),
            redirect_uri: asked.redirect_uri.clone(),
            redirect_uri_was_sent: asked.redirect_uri_was_sent,
            audience: asked.audience.clone(),
            scope: asked.scope.clone(),
            nonce: asked.nonce.clone(),
            challenge: asked.challenge.clone(),
            auth_time: session.authenticated_at,
            tells_auth_time: asked.tells_auth_time(),
            session_id: session.session_id.clone(),
            issued_in,
            pipeline: asked.pipeline,
            device,
            basis,
            effects,
            expires_at: now.plus(CODE_LIFETIME),
            redeemed: None,
        })
    }

    /// The parts, as they are stored.
    pub fn into_parts(self) -> CodeParts {
        self.0
    }

    /// The grant and consent on which its exchange depends.
    pub fn rests_on(&self) -> RestsOn {
        RestsOn {
            grant: GrantKey {
                user_id: self.user_id.clone(),
                client_id: self.client_id.clone(),
                audience: self.audience.clone(),
            },
            basis: self.basis,
        }
    }

    /// True if this request exchanged it.
    pub fn was_redeemed_by(&self, request: RequestId) -> bool {
        self.redeemed
            .as_ref()
            .is_some_and(|redeemed| redeemed.by == request)
    }

    /// True if it may still be exchanged.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.redeemed.is_none() && now < self.expires_at
    }

    /// Checks all conditions of a code's exchange. Only a valid exchange uses the code up: a wrong verifier or client
    /// leaves it to its owner. For the same reason, and at any age, a used code counts as reused only with the right
    /// client, redirect URI and verifier: codes appear in histories and access logs, and otherwise anyone who reads one
    /// there could end the family.
    pub fn redeem(&self, presented: Presented<'_>, now: Timestamp) -> Result<(), CodeRefusal> {
        let redirect_uri_agrees = match presented.redirect_uri {
            Some(uri) => uri == self.redirect_uri,
            None => !self.redirect_uri_was_sent,
        };
        if &self.client_id != presented.client_id || !redirect_uri_agrees {
            return Err(CodeRefusal::Invalid);
        }
        match (&self.challenge, presented.verifier) {
            // A public client can prove only with PKCE that the code is its own.
            (None, None) if presented.client_is_public => return Err(CodeRefusal::Unproven),
            (None, None) => {}
            (Some(challenge), Some(verifier)) if challenge.verify(verifier) => {}
            // A verifier without a challenge means that the challenge was stripped from the request (RFC 9700 section
            // 4.8.2).
            _ => return Err(CodeRefusal::Verifier),
        }
        match &self.redeemed {
            Some(redeemed) => Err(CodeRefusal::Reused(redeemed.clone())),
            None if self.expires_at <= now => Err(CodeRefusal::Invalid),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pkce::Method;

    const NOW: Timestamp = Timestamp::from_secs(1_000);
    const REQUEST: RequestId = RequestId::from_bytes([1; 16]);
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    fn client() -> ClientId {
        ClientId::parse("app").unwrap()
    }

    fn parts() -> CodeParts {
        CodeParts {
            user_id: UserId::parse("auth0|ada").unwrap(),
            client_id: client(),
            redirect_uri: "https://app.example/cb".to_owned(),
            redirect_uri_was_sent: true,
            audience: None,
            scope: Scope::parse("openid"),
            nonce: None,
            challenge: Some(Challenge {
                value: VERIFIER.to_owned(),
                method: Method::Plain,
            }),
            auth_time: NOW,
            tells_auth_time: false,
            session_id: Sid::parse("si1_AAAA").unwrap(),
            issued_in: IssuedIn::default(),
            pipeline: Pipeline::Conformant,
            device: None,
            basis: Basis::Unasked,
            effects: Effects::default(),
            expires_at: NOW.plus(CODE_LIFETIME),
            redeemed: None,
        }
    }

    fn code() -> AuthorizationCode {
        parts().try_into().unwrap()
    }

    fn presented(client_id: &ClientId) -> Presented<'_> {
        Presented {
            client_id,
            client_is_public: true,
            redirect_uri: Some("https://app.example/cb"),
            verifier: Some(VERIFIER),
        }
    }

    #[test]
    fn a_code_written_before_there_were_two_pipelines_still_loads() {
        let mut item = serde_json::to_value(code()).unwrap();
        let fields = item.as_object_mut().unwrap();
        assert!(fields.remove("pipeline").is_some() && fields.remove("device").is_some());
        assert_eq!(
            serde_json::from_value::<AuthorizationCode>(item).unwrap(),
            code()
        );
    }

    #[test]
    fn an_exchange_written_before_it_named_its_access_token_still_loads() {
        let item = serde_json::json!({"at": NOW, "by": REQUEST, "family_id": null});
        let redeemed: Redeemed = serde_json::from_value(item).unwrap();
        assert_eq!(redeemed.access_token, None);
    }

    #[test]
    fn no_code_was_exchanged_after_its_expiry() {
        let exchanged_at = |at| {
            AuthorizationCode::try_from(CodeParts {
                redeemed: Some(Redeemed {
                    at,
                    by: REQUEST,
                    family_id: None,
                    access_token: None,
                }),
                ..parts()
            })
        };
        let end = parts().expires_at;
        assert!(exchanged_at(Timestamp::from_millis(end.as_millis() - 1)).is_ok());
        assert!(exchanged_at(end).is_err());
    }

    #[test]
    fn only_a_code_of_the_legacy_pipeline_has_a_device() {
        let with = |pipeline| {
            AuthorizationCode::try_from(CodeParts {
                pipeline,
                device: Some(DeviceName::parse("phone").unwrap()),
                ..parts()
            })
        };
        assert!(with(Pipeline::Legacy).is_ok());
        assert!(with(Pipeline::Conformant).is_err());
    }

    #[test]
    fn a_fresh_code_is_exchanged_until_it_expires() {
        let client = client();
        assert_eq!(code().redeem(presented(&client), NOW), Ok(()));
        assert_eq!(
            code().redeem(presented(&client), NOW.plus(CODE_LIFETIME)),
            Err(CodeRefusal::Invalid)
        );
    }

    #[test]
    fn a_used_code_says_what_it_began_when_its_own_client_presents_it_again() {
        let redeemed = Redeemed {
            at: NOW,
            by: REQUEST,
            family_id: Some(FamilyId::from_bytes([2; 16])),
            access_token: None,
        };
        let code = AuthorizationCode::try_from(CodeParts {
            redeemed: Some(redeemed.clone()),
            ..parts()
        });
        let code = code.unwrap();
        let (client, other) = (client(), ClientId::parse("other").unwrap());
        for now in [NOW, NOW.plus(CODE_LIFETIME), NOW.plus(CODE_MEMORY)] {
            let again = code.redeem(presented(&client), now);
            assert_eq!(again, Err(CodeRefusal::Reused(redeemed.clone())));
            for (presented, refusal) in [
                (presented(&other), CodeRefusal::Invalid),
                (
                    Presented {
                        redirect_uri: None,
                        ..presented(&client)
                    },
                    CodeRefusal::Invalid,
                ),
                (
                    Presented {
                        verifier: None,
                        ..presented(&client)
                    },
                    CodeRefusal::Verifier,
                ),
            ] {
                assert_eq!(code.redeem(presented, now), Err(refusal));
            }
        }
    }

    #[test]
    fn another_client_or_redirect_uri_is_refused() {
        let (client, other) = (client(), ClientId::parse("other").unwrap());
        assert_eq!(
            code().redeem(presented(&other), NOW),
            Err(CodeRefusal::Invalid)
        );
        for redirect_uri in [None, Some("https://app.example/cb/")] {
            let presented = Presented {
                redirect_uri,
                ..presented(&client)
            };
            assert_eq!(code().redeem(presented, NOW), Err(CodeRefusal::Invalid));
        }
    }

    #[test]
    fn challenge_and_verifier_go_together() {
        let client = client();
        for verifier in [None, Some("wrong")] {
            let presented = Presented {
                verifier,
                ..presented(&client)
            };
            assert_eq!(code().redeem(presented, NOW), Err(CodeRefusal::Verifier));
        }
        let without = AuthorizationCode::try_from(CodeParts {
            challenge: None,
            ..parts()
        });
        let without = without.unwrap();
        assert_eq!(
            without.redeem(presented(&client), NOW),
            Err(CodeRefusal::Verifier)
        );
        for (client_is_public, answer) in [(false, Ok(())), (true, Err(CodeRefusal::Unproven))] {
            let presented = Presented {
                client_is_public,
                verifier: None,
                ..presented(&client)
            };
            assert_eq!(without.redeem(presented, NOW), answer);
        }
    }
}
