//! Decisions about a logout. `/v2/logout` follows [Auth0's own rules], `/oidc/logout`
//! [OpenID Connect RP-Initiated Logout 1.0] as [Auth0 fills it in].
//!
//! [Auth0's own rules]: https://auth0.com/docs/authenticate/login/logout/redirect-users-after-logout
//! [OpenID Connect RP-Initiated Logout 1.0]: https://openid.net/specs/openid-connect-rpinitiated-1_0.html
//! [Auth0 fills it in]: https://auth0.com/docs/authenticate/login/logout/log-users-out-of-auth0

use super::{
    denial::Denial,
    ids::{ClientId, UserId},
    redirect_uri,
    session::Session,
    settings::Settings,
    sid::Sid,
};

/// Destination of `/v2/logout`: `returnTo` if the list admits it, or the first URL without a wildcard if the request
/// names none; `None` if the list has no such URL.
pub fn return_to(allowed: &[String], return_to: Option<&str>) -> Result<Option<String>, Denial> {
    match return_to {
        Some(url) if redirect_uri::is_allowed_logout_url(allowed, url) => Ok(Some(url.to_owned())),
        Some(url) => Err(Denial::ReturnToNotAllowed(url.to_owned())),
        None => Ok(first(allowed)),
    }
}

/// The first URL without a wildcard.
fn first(allowed: &[String]) -> Option<String> {
    allowed.iter().find(|url| !url.contains("://*.")).cloned()
}

/// An ID token that a client sent. Its signature and issuer are verified, its expiry is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdTokenHint {
    /// `aud`: the client that it was issued to.
    pub client_id: ClientId,
    /// `sub`: the only user whose session the request may end unasked.
    pub user_id: UserId,
    /// `sid`; a refreshed ID token has none.
    pub session_id: Option<Sid>,
}

/// A request to `/oidc/logout`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogoutRequest {
    /// `id_token_hint`; `None` if the request has none.
    pub id_token_hint: Option<IdTokenHint>,
    /// `logout_hint`: the `sid` of the session to end.
    pub logout_hint: Option<String>,
    /// `client_id`; `None` if the request has none.
    pub client_id: Option<ClientId>,
    /// `post_logout_redirect_uri`, not checked yet.
    pub post_logout_redirect_uri: Option<String>,
}

/// Result of a valid request to `/oidc/logout`. `target` is the destination of the browser afterwards; `None` shows a
/// page of Ratchet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// End the session without a question.
    LogOut {
        /// URL for the browser afterwards; `None` shows a page of Ratchet.
        target: Option<String>,
    },
    /// Ask the user first.
    Ask {
        /// URL for the browser afterwards; `None` shows a page of Ratchet.
        target: Option<String>,
    },
}

impl LogoutRequest {
    /// The client that the request speaks for; an error if two parameters contradict each other.
    pub fn client_id(&self) -> Result<Option<&ClientId>, Denial> {
        let Some(hint) = &self.id_token_hint else {
            return Ok(self.client_id.as_ref());
        };
        if self
            .client_id
            .as_ref()
            .is_some_and(|named| *named != hint.client_id)
        {
            return Err(Denial::LogoutRequest(
                "client_id is not the audience of id_token_hint",
            ));
        }
        // The ID token of a refresh names no session, so there is nothing to compare.
        if let (Some(named), Some(session)) = (&self.logout_hint, &hint.session_id)
            && named != session.as_str()
        {
            return Err(Denial::LogoutRequest(
                "logout_hint is not the session of id_token_hint",
            ));
        }
        Ok(Some(&hint.client_id))
    }

    /// The session that the request names: the ID token's, or else `logout_hint`.
    pub fn session_id(&self) -> Option<&str> {
        let hint = self.id_token_hint.as_ref();
        let of_token = hint.and_then(|hint| hint.session_id.as_ref().map(Sid::as_str));
        of_token.or(self.logout_hint.as_deref())
    }

    /// Decides on the request. `allowed` is the list of the client of [`Self::client_id`], if there is one, and
    /// `session` the live one of this browser.
    pub fn decide(
        &self,
        allowed: Option<&[String]>,
        settings: &Settings,
        session: Option<&Session>,
    ) -> Result<Next, Denial> {
        let allowed = allowed.unwrap_or(&settings.allowed_logout_urls);
        let target = match &self.post_logout_redirect_uri {
            Some(url) if redirect_uri::is_post_logout_redirect_uri(allowed, url) => {
                Some(url.clone())
            }
            Some(url) => return Err(Denial::PostLogoutRedirectUriNotAllowed(url.clone())),
            // Auth0 documents this for `client_id` only; a hint alone has no destination.
            None if self.client_id.is_some() => first(allowed),
            None => None,
        };
        let asks = settings.oidc_logout_prompt_enabled
            && session.is_some_and(|session| !self.speaks_for(session));
        Ok(if asks {
            Next::Ask { target }
        } else {
            Next::LogOut { target }
        })
    }

    /// True if a hint shows that the request comes from a client of this session: the other parameters could be in a
    /// link on anyone's page. An ID token must be for the session's user. The session that it or else `logout_hint`
    /// names must be this one; if neither names one, the client of the ID token must take part in it.
    fn speaks_for(&self, session: &Session) -> bool {
        let of_session = |sid: &str| sid == session.session_id.as_str();
        let named = self.session_id();
        let Some(hint) = &self.id_token_hint else {
            return named.is_some_and(of_session);
        };
        hint.user_id == session.user_id
            && named.map_or_else(|| session.clients.contains(&hint.client_id), of_session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{session::SessionParts, time::Timestamp, user::testing};

    const SID: &str = "00000000000000000000000000000001";
    const OTHER_SID: &str = "si1_other";
    const URL: &str = "https://app.example.com/bye?x=1";
    const TENANTS: &str = "https://www.example.com/bye";

    fn id(text: &str) -> ClientId {
        ClientId::parse(text).unwrap()
    }

    fn session() -> Session {
        let user = testing::user("auth0|ada");
        let (settings, now) = (Settings::default(), Timestamp::from_secs(0));
        let session = Session::begin(&user, Sid::parse(SID).unwrap(), &settings, now);
        let parts = SessionParts {
            clients: [id("app")].into(),
            ..session.into_parts()
        };
        parts.try_into().unwrap()
    }

    fn hint(sid: Option<&str>) -> IdTokenHint {
        IdTokenHint {
            client_id: id("app"),
            user_id: UserId::parse("auth0|ada").unwrap(),
            session_id: sid.map(|sid| Sid::parse(sid).unwrap()),
        }
    }

    fn with_id_token(sid: Option<&str>) -> LogoutRequest {
        LogoutRequest {
            id_token_hint: Some(hint(sid)),
            ..LogoutRequest::default()
        }
    }

    fn with_logout_hint(sid: &str) -> LogoutRequest {
        LogoutRequest {
            logout_hint: Some(sid.to_owned()),
            ..LogoutRequest::default()
        }
    }

    /// The `sid` of a login beside the ID token of its last refresh.
    fn refreshed_with(sid: &str) -> LogoutRequest {
        LogoutRequest {
            id_token_hint: Some(hint(None)),
            ..with_logout_hint(sid)
        }
    }

    fn tenant() -> Settings {
        Settings {
            allowed_logout_urls: vec![TENANTS.to_owned()],
            ..Settings::default()
        }
    }

    fn applications() -> [String; 2] {
        ["https://*.example.net/bye", URL].map(str::to_owned)
    }

    fn asks(request: &LogoutRequest, session: Option<&Session>) -> bool {
        let next = request.decide(None, &tenant(), session).unwrap();
        matches!(next, Next::Ask { .. })
    }

    #[test]
    fn only_a_hint_of_this_session_skips_the_confirmation() {
        let session = session();
        for own in [
            with_id_token(Some(SID)),
            with_id_token(None),
            with_logout_hint(SID),
            refreshed_with(SID),
        ] {
            assert!(!asks(&own, Some(&session)), "{own:?}");
        }
        let another_user = LogoutRequest {
            id_token_hint: Some(IdTokenHint {
                user_id: UserId::parse("auth0|eve").unwrap(),
                ..hint(None)
            }),
            ..LogoutRequest::default()
        };
        let another_users_with_this_sid = LogoutRequest {
            logout_hint: Some(SID.to_owned()),
            ..another_user.clone()
        };
        let another_client = LogoutRequest {
            id_token_hint: Some(IdTokenHint {
                client_id: id("other"),
                ..hint(None)
            }),
            ..LogoutRequest::default()
        };
        for foreign in [
            LogoutRequest::default(),
            with_id_token(Some(OTHER_SID)),
            with_logout_hint("other"),
            refreshed_with("other"),
            another_user,
            another_users_with_this_sid,
            another_client,
        ] {
            assert!(asks(&foreign, Some(&session)), "{foreign:?}");
            assert!(!asks(&foreign, None), "there is nothing to end");
        }
    }

    #[test]
    fn a_tenant_may_do_without_the_question() {
        let settings = Settings {
            oidc_logout_prompt_enabled: false,
            ..tenant()
        };
        let next = LogoutRequest::default().decide(None, &settings, Some(&session()));
        assert_eq!(next, Ok(Next::LogOut { target: None }));
    }

    #[test]
    fn a_repeated_fact_of_a_logout_request_has_to_match() {
        let request = |client: &str, sid: &str| LogoutRequest {
            client_id: Some(id(client)),
            logout_hint: Some(sid.to_owned()),
            ..with_id_token(Some(SID))
        };
        assert_eq!(request("app", SID).client_id(), Ok(Some(&id("app"))));
        assert!(request("other", SID).client_id().is_err());
        assert!(request("app", "other").client_id().is_err());
        let silent = refreshed_with("another");
        assert_eq!(silent.client_id(), Ok(Some(&id("app"))));
    }

    #[test]
    fn the_list_is_the_applications_if_one_speaks_and_else_the_tenants() {
        let to = |url: &str| LogoutRequest {
            post_logout_redirect_uri: Some(url.to_owned()),
            ..with_logout_hint(SID)
        };
        let (list, settings, session) = (applications(), tenant(), session());
        for (of, good, bad) in [(Some(list.as_slice()), URL, TENANTS), (None, TENANTS, URL)] {
            let target = Some(good.to_owned());
            let next = to(good).decide(of, &settings, Some(&session));
            assert_eq!(next, Ok(Next::LogOut { target }));
            let refused = Err(Denial::PostLogoutRedirectUriNotAllowed(bad.to_owned()));
            assert_eq!(to(bad).decide(of, &settings, Some(&session)), refused);
        }
    }

    #[test]
    fn without_a_url_the_applications_first_counts_if_it_named_itself() {
        let (list, settings) = (applications(), tenant());
        let named = LogoutRequest {
            client_id: Some(id("app")),
            ..LogoutRequest::default()
        };
        let target = Some(URL.to_owned());
        assert_eq!(
            named.decide(Some(&list), &settings, None),
            Ok(Next::LogOut { target })
        );
        for request in [with_id_token(Some(SID)), with_logout_hint(SID)] {
            let next = request.decide(Some(&list), &settings, None);
            assert_eq!(next, Ok(Next::LogOut { target: None }));
        }
    }

    #[test]
    fn return_to_is_on_the_list_or_its_first() {
        let list = ["https://*.example.net/bye", "https://a.example/bye/*"].map(str::to_owned);
        assert_eq!(return_to(&list, None), Ok(Some(list[1].clone())));
        assert_eq!(return_to(&[], None), Ok(None));
        let url = "https://x.example.net/bye?a=b#c";
        assert_eq!(return_to(&list, Some(url)), Ok(Some(url.to_owned())));
        let foreign = "https://example.net/bye";
        let refused = Err(Denial::ReturnToNotAllowed(foreign.to_owned()));
        assert_eq!(return_to(&list, Some(foreign)), refused);
    }
}
