//! Auth0's two generations of behaviour: the [OIDC-conformant pipeline] and the legacy one that it replaces. The
//! pipeline of a request is decided once, where the request enters, and is stored in the authorization request, the
//! code, the refresh token family, and the access token for `/userinfo`.
//!
//! [OIDC-conformant pipeline]: https://auth0.com/docs/authenticate/login/oidc-conformant-authentication

use serde::{Deserialize, Serialize};

use super::{
    ids::{Audience, InvalidId},
    response_type::ResponseType,
    scope::{OPENID, Scope},
    settings::{Conformance, Settings},
};

/// The generation of Auth0's behaviour that a request has: OIDC-conformant or legacy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pipeline {
    /// `OpenID` Connect and APIs.
    #[default]
    Conformant,
    /// Opaque access tokens, ID tokens with the profile, `POST /delegation`.
    Legacy,
}

/// The `audience` of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AskedAudience {
    /// The API with this identifier; it may not exist.
    Api(Audience),
    /// `/userinfo` itself: not an API, but in the conformant pipeline.
    Userinfo,
    /// The request names none, and the tenant has no default.
    Nothing,
}

impl AskedAudience {
    /// Reads the parameter. The tenant's default audience counts as if every request named it
    /// ([Auth0's tenant settings](https://auth0.com/docs/get-started/tenant-settings)). `userinfo` is the URL of
    /// `/userinfo`.
    pub fn parse(
        named: Option<&str>,
        userinfo: &str,
        settings: &Settings,
    ) -> Result<Self, InvalidId> {
        match (named, &settings.default_audience) {
            (Some(name), _) if name == userinfo => Ok(Self::Userinfo),
            (Some(name), _) => Audience::parse(name).map(Self::Api),
            (None, Some(default)) => Ok(Self::Api(default.clone())),
            (None, None) => Ok(Self::Nothing),
        }
    }

    /// The API; `None` if the request names none.
    pub fn into_api(self) -> Option<Audience> {
        match self {
            Self::Api(audience) => Some(audience),
            Self::Userinfo | Self::Nothing => None,
        }
    }
}

/// The claims about a user in ID tokens and at `/userinfo`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimSet {
    /// Those that the scopes request.
    Standard,
    /// Those that the scopes request, to the letter of `OpenID` Connect.
    OpenId,
    /// Those that the scopes request, and every attribute named as a scope; all attributes with `profile`.
    WholeProfile,
    /// `sub` alone, whatever the scopes request.
    Subject,
}

impl ClaimSet {
    /// The claims of an ID token that is issued together with an access token. `OpenID` Connect Core section 5.4 then
    /// returns the claims of the scopes at `/userinfo`; Auth0 returns them in both.
    #[must_use]
    pub fn beside_an_access_token(self) -> Self {
        match self {
            Self::OpenId => Self::Subject,
            Self::Standard | Self::WholeProfile | Self::Subject => self,
        }
    }
}

impl Pipeline {
    /// True for the legacy pipeline.
    pub fn is_legacy(self) -> bool {
        self == Self::Legacy
    }

    /// The response type that `/authorize` answers with. In the legacy pipeline an access token with `openid` adds an
    /// ID token.
    #[must_use]
    pub fn answers(self, asked: ResponseType, scope: &Scope) -> ResponseType {
        let brings = self.is_legacy() && asked == ResponseType::TOKEN && scope.contains(OPENID);
        ResponseType {
            id_token: asked.id_token || brings,
            ..asked
        }
    }

    /// The claims about a user. The tenant can switch the whole profile of the legacy pipeline off
    /// ([`enable_legacy_profile`]).
    ///
    /// [`enable_legacy_profile`]: https://auth0.com/docs/troubleshoot/product-lifecycle/past-migrations/migrate-from-legacy-auth-flows
    pub fn claim_set(self, settings: &Settings) -> ClaimSet {
        match self {
            Self::Legacy if settings.legacy.enable_legacy_profile => ClaimSet::WholeProfile,
            Self::Legacy | Self::Conformant => match settings.conformance {
                Conformance::Auth0 => ClaimSet::Standard,
                Conformance::OpenId => ClaimSet::OpenId,
            },
        }
    }
}

/// The audience of a request for the domain's tests.
#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    pub(crate) const USERINFO: &str = "https://tenant.example/userinfo";

    /// The audience of a request that names `named`, with this default audience.
    pub(crate) fn asked(named: Option<&str>, default: Option<&str>) -> AskedAudience {
        let settings = Settings {
            default_audience: default.map(|name| Audience::parse(name).unwrap()),
            ..Settings::default()
        };
        AskedAudience::parse(named, USERINFO, &settings).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::{
        testing::{USERINFO, asked},
        *,
    };

    #[test]
    fn the_userinfo_audience_and_an_absent_one_name_no_api() {
        let default = Some("https://default.example");
        let api = |asked: AskedAudience| asked.into_api().map(|audience| audience.to_string());
        assert_eq!(api(asked(Some(USERINFO), default)), None);
        assert_eq!(api(asked(None, None)), None);
        assert_eq!(api(asked(None, default)).as_deref(), default);
        assert_eq!(
            api(asked(Some("https://a.example"), default)).as_deref(),
            Some("https://a.example")
        );
    }

    #[test]
    fn only_a_legacy_token_with_openid_brings_an_id_token() {
        let with = |pipeline: Pipeline, asked, scope| {
            let asked = ResponseType::parse(asked).unwrap();
            pipeline.answers(asked, &Scope::parse(scope)).id_token
        };
        assert!(with(Pipeline::Legacy, "token", "openid"));
        assert!(!with(Pipeline::Legacy, "token", "profile"));
        assert!(!with(Pipeline::Legacy, "code token", "openid"));
        assert!(!with(Pipeline::Conformant, "token", "openid"));
        assert!(with(Pipeline::Conformant, "id_token", "openid"));
    }

    #[test]
    fn the_tenant_can_take_the_whole_profile_away() {
        let mut settings = Settings::default();
        let sets = |settings: &Settings| {
            [Pipeline::Legacy, Pipeline::Conformant].map(|pipeline| pipeline.claim_set(settings))
        };
        assert_eq!(
            sets(&settings),
            [ClaimSet::WholeProfile, ClaimSet::Standard]
        );
        settings.legacy.enable_legacy_profile = false;
        assert_eq!(sets(&settings), [ClaimSet::Standard, ClaimSet::Standard]);
    }
}
