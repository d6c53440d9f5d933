//! Effects of a run of the scripts.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::CustomClaims;
use crate::{
    family::Family,
    scope::{OFFLINE_ACCESS, ONLINE_ACCESS, Scope},
    time::Timestamp,
    user::{Profile, User},
};

/// Result of the scripts, unless they deny access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Continue with these effects.
    Continue(Box<Effects>),
    /// Redirect the browser first; only in a flow that permits it.
    Redirect(Redirect),
    /// Revoke the refresh token that is being exchanged, with this message for the client: `api.refreshToken.revoke`.
    RevokeRefreshToken(String),
}

/// A redirect of the browser by a script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redirect {
    /// The URL, to which `state` is added.
    pub url: String,
    /// Position of the Action that redirects, whose `onContinuePostLogin` runs at `/continue`; `None` for a Rule.
    pub action: Option<usize>,
}

/// Changes that scripts make to the tokens of one response. They are stored with the code, if there is one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effects {
    /// Claims that the scripts add to each token.
    #[serde(default)]
    pub claims: CustomClaims,
    /// Scopes to grant instead of the planned ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// The profile in the tokens, instead of the stored one; it is not stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<ChangedProfile>,
    /// Earlier ends of the refresh token.
    #[serde(default)]
    pub refresh_token: RefreshTokenEnds,
}

/// The part of a user that tokens contain, as the Rules left it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedProfile {
    /// The members that scopes request.
    pub profile: Profile,
    /// Attributes at the root beside it; the legacy pipeline includes them in claims.
    pub attributes: Map<String, Value>,
}

/// `api.refreshToken.setExpiresAt` and `setIdleExpiresAt`: only ends before the present ones have an effect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshTokenEnds {
    /// New absolute end of the refresh token; `None` leaves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// End unless the token is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_expires_at: Option<Timestamp>,
}

impl Effects {
    /// The user as the tokens describe it.
    pub fn user<'a>(&self, user: &'a User) -> Cow<'a, User> {
        match &self.profile {
            None => Cow::Borrowed(user),
            Some(changed) => Cow::Owned(User {
                profile: changed.profile.clone(),
                attributes: changed.attributes.clone(),
                ..user.clone()
            }),
        }
    }

    /// The scopes that a login grants. Client and API decide on a refresh token: a script may decline one, but cannot
    /// add one.
    pub fn granted(&self, scope: &Scope) -> Scope {
        let Some(chosen) = &self.scope else {
            return scope.clone();
        };
        let lasting = |name: &str| [OFFLINE_ACCESS, ONLINE_ACCESS].contains(&name);
        chosen.filter(|name| !lasting(name) || scope.contains(name))
    }

    /// The scopes of a refresh whose plan is `planned`. Scripts choose among those and the scopes that the login
    /// `granted` at the same API: a family never widens (I8).
    pub fn refreshed(&self, planned: &Scope, granted: Option<&Scope>) -> Scope {
        let Some(chosen) = &self.scope else {
            return planned.clone();
        };
        match granted {
            Some(granted) => planned.union(granted).intersection(chosen),
            None => planned.intersection(chosen),
        }
    }
}

impl RefreshTokenEnds {
    /// Brings the ends of a family forward. A later end has no effect (I7).
    pub fn apply(self, family: &mut Family) {
        family.end_sooner(self.expires_at, self.idle_expires_at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choosing(scope: &str) -> Effects {
        Effects {
            scope: Some(Scope::parse(scope)),
            ..Effects::default()
        }
    }

    #[test]
    fn a_refreshed_scope_stays_within_the_answers_and_the_logins() {
        let (planned, granted) = (
            Scope::parse("openid read"),
            Scope::parse("openid read write"),
        );
        let refreshed = |effects: Effects| effects.refreshed(&planned, Some(&granted));
        assert_eq!(refreshed(Effects::default()), planned);
        assert_eq!(refreshed(choosing("read")), Scope::parse("read"));
        assert_eq!(refreshed(choosing("write admin")), Scope::parse("write"));
    }

    #[test]
    fn at_another_api_nothing_of_the_logins_is_added() {
        let planned = Scope::parse("openid read:elsewhere");
        let effects = choosing("openid read:elsewhere write");
        assert_eq!(effects.refreshed(&planned, None), planned);
    }

    #[test]
    fn a_script_chooses_scopes_but_not_whether_there_is_a_refresh_token() {
        let granted = |effects: Effects, login| effects.granted(&Scope::parse(login)).to_string();
        assert_eq!(granted(Effects::default(), "openid email"), "openid email");
        assert_eq!(
            granted(choosing("openid admin"), "openid email"),
            "openid admin"
        );
        let lasting = "openid offline_access";
        assert_eq!(granted(choosing(lasting), "openid email"), "openid");
        assert_eq!(granted(choosing(lasting), lasting), lasting);
        assert_eq!(granted(choosing("openid"), lasting), "openid");
    }
}
