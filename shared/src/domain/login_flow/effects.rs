//! What follows from a run of the scripts.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::CustomClaims;
use crate::domain::{
    family::Family,
    scope::{OFFLINE_ACCESS, ONLINE_ACCESS, Scope},
    time::Timestamp,
    user::{Profile, User},
};

/// What the scripts lead to, where they do not deny.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Go on, with this.
    Continue(Box<Effects>),
    /// Send the browser elsewhere first; only where [`crate::domain::login_flow`] may.
    Redirect(Redirect),
    /// End the refresh token that is being exchanged, and say why: `api.refreshToken.revoke`.
    RevokeRefreshToken(String),
}

/// Where a script sends the browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redirect {
    /// The address, to which `state` is added.
    pub url: String,
    /// The position of the Action that asked, whose `onContinuePostLogin` runs at `/continue`; `None` for a
    /// Rule.
    pub action: Option<usize>,
}

/// What the scripts change about the tokens of one answer. It travels with the code, where there is one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effects {
    /// Claims.
    #[serde(default)]
    pub claims: CustomClaims,
    /// The scopes granted instead of those that would be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// The profile that the tokens tell of instead of the stored one; nothing of it is stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<ChangedProfile>,
    /// Earlier ends of the refresh token.
    #[serde(default)]
    pub refresh_token: RefreshTokenEnds,
}

/// A user as the Rules have left it, as far as tokens tell of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedProfile {
    /// What scopes open.
    pub profile: Profile,
    /// What stands at the root beside it; the legacy pipeline tells it.
    pub attributes: Map<String, Value>,
}

/// `api.refreshToken.setExpiresAt` and `setIdleExpiresAt`: only ever earlier than what is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshTokenEnds {
    /// The absolute end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// The end if nobody uses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_expires_at: Option<Timestamp>,
}

impl Effects {
    /// The user that tokens tell of.
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

    /// The scopes that a login grants. Whether there is a refresh token is the client's and the API's to
    /// say: a script may do without one, and adds none.
    pub fn granted(&self, scope: &Scope) -> Scope {
        let Some(chosen) = &self.scope else {
            return scope.clone();
        };
        let lasting = |name: &str| [OFFLINE_ACCESS, ONLINE_ACCESS].contains(&name);
        chosen.filter(|name| !lasting(name) || scope.contains(name))
    }

    /// The scopes of a refreshed answer: what a login granted is not widened (I8).
    pub fn narrowed(&self, scope: &Scope) -> Scope {
        match &self.scope {
            Some(chosen) => scope.intersection(chosen),
            None => scope.clone(),
        }
    }
}

impl RefreshTokenEnds {
    /// Brings the ends of a family forward. What is later than it was changes nothing (I7).
    pub fn apply(self, family: &mut Family) {
        family.expires_at = earlier(family.expires_at, self.expires_at);
        family.idle_expires_at = earlier(family.idle_expires_at, self.idle_expires_at);
    }
}

fn earlier(was: Option<Timestamp>, asked: Option<Timestamp>) -> Option<Timestamp> {
    match (was, asked) {
        (Some(was), Some(asked)) => Some(was.min(asked)),
        (was, asked) => was.or(asked),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_chooses_scopes_but_not_whether_there_is_a_refresh_token() {
        let chosen = |text| Effects {
            scope: Some(Scope::parse(text)),
            ..Effects::default()
        };
        let granted = |effects: Effects, login| effects.granted(&Scope::parse(login)).to_string();
        assert_eq!(granted(Effects::default(), "openid email"), "openid email");
        assert_eq!(
            granted(chosen("openid admin"), "openid email"),
            "openid admin"
        );
        let lasting = "openid offline_access";
        assert_eq!(granted(chosen(lasting), "openid email"), "openid");
        assert_eq!(granted(chosen(lasting), lasting), lasting);
        assert_eq!(granted(chosen("openid"), lasting), "openid");
    }
}
