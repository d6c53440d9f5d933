//! `clients[].refresh_token`: Auth0's switches, resolved into a [`RefreshTokenPolicy`].
//!
//! `rotation_type` and `expiration_type` are mandatory if the object exists ([rotation], [expiration]).
//! `expiration_type` is the master switch of the absolute lifetime. The `infinite_*` switches overrule the numbers
//! beside them.
//!
//! [rotation]: https://auth0.com/docs/secure/tokens/refresh-tokens/configure-refresh-token-rotation
//! [expiration]: https://auth0.com/docs/secure/tokens/refresh-tokens/configure-refresh-token-expiration

use ratchet_domain::{
    client::{AppType, RefreshTokenPolicy, Rotation},
    time::Lifetime,
};
use serde::Deserialize;

use crate::{
    sections::{
        clients::{grant_types::REFRESH_TOKEN, multi_resource::RawPolicy},
        fields::{Whole, one_of},
        rate_limit::RawRateLimit,
    },
    yaml::path::{Checked, Fault, Path},
};

/// Longest lifetime of a refresh token at Auth0, in seconds: 365.25 days.
const MAX_LIFETIME: u64 = 31_557_600;

/// The object as the file has it.
#[derive(Debug, Deserialize)]
pub(crate) struct RawRefreshToken {
    rotation_type: String,
    expiration_type: String,
    leeway: Option<Whole>,
    token_lifetime: Option<Whole>,
    infinite_token_lifetime: Option<bool>,
    idle_token_lifetime: Option<Whole>,
    infinite_idle_token_lifetime: Option<bool>,
    pub(crate) policies: Option<Vec<RawPolicy>>,
    rate_limit: Option<RawRateLimit>,
}

/// The other fields of a client that decide whether its object is allowed.
pub(crate) struct ClientFields<'a> {
    pub(crate) app_type: AppType,
    pub(crate) oidc_conformant: bool,
    pub(crate) grant_types: &'a [String],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expiration {
    Expiring,
    NonExpiring,
}

/// Checks the object; returns the defaults if there is none.
pub(crate) fn check(
    at: &Path,
    raw: Option<&RawRefreshToken>,
    around: &ClientFields<'_>,
) -> Checked<RefreshTokenPolicy> {
    match raw {
        Some(raw) => raw.check(at, around),
        None => Ok(default_for(around.app_type)),
    }
}

/// Defaults of a client without the object. Auth0 gives single-page applications rotation.
fn default_for(app_type: AppType) -> RefreshTokenPolicy {
    match app_type {
        AppType::Spa => RefreshTokenPolicy::ROTATING,
        AppType::Native | AppType::RegularWeb | AppType::NonInteractive => {
            RefreshTokenPolicy::NON_ROTATING
        }
    }
}

impl RawRefreshToken {
    fn check(&self, at: &Path, around: &ClientFields<'_>) -> Checked<RefreshTokenPolicy> {
        let rotation = one_of(
            &at.key("rotation_type"),
            &self.rotation_type,
            &[
                ("rotating", Rotation::Rotating),
                ("non-rotating", Rotation::NonRotating),
            ],
        )?;
        let expiration = one_of(
            &at.key("expiration_type"),
            &self.expiration_type,
            &[
                ("expiring", Expiration::Expiring),
                ("non-expiring", Expiration::NonExpiring),
            ],
        )?;
        if rotation == Rotation::Rotating {
            check_rotating(at, expiration, around)?;
        }
        let leeway = self.leeway.map_or(Ok(Lifetime::default()), |leeway| {
            leeway.seconds(&at.key("leeway"), 0, MAX_LIFETIME)
        })?;
        let token_lifetime = self.token_lifetime(at, expiration)?;
        if around.app_type == AppType::Spa && token_lifetime.is_none() {
            let switch = match expiration {
                Expiration::NonExpiring => "expiration_type",
                Expiration::Expiring => "infinite_token_lifetime",
            };
            let message = "a single-page application's refresh tokens must expire";
            return Err(Fault::new(at.key(switch), message));
        }
        let idle_token_lifetime = self.idle_token_lifetime(at, rotation, token_lifetime)?;
        Ok(RefreshTokenPolicy {
            rotation,
            leeway,
            token_lifetime,
            idle_token_lifetime,
            rate_limit: self
                .rate_limit
                .as_ref()
                .map(|limit| limit.check(&at.key("rate_limit")))
                .transpose()?,
        })
    }

    /// The absolute lifetime; `None` if it is infinite. The number is checked even if a switch overrules it.
    fn token_lifetime(&self, at: &Path, expiration: Expiration) -> Checked<Option<Lifetime>> {
        let lifetime = self
            .token_lifetime
            .map(|lifetime| lifetime.seconds(&at.key("token_lifetime"), 1, MAX_LIFETIME))
            .transpose()?
            .unwrap_or(RefreshTokenPolicy::DEFAULT_TOKEN_LIFETIME);
        let infinite =
            expiration == Expiration::NonExpiring || self.infinite_token_lifetime.unwrap_or(false);
        Ok((!infinite).then_some(lifetime))
    }

    /// The idle lifetime; `None` if it is infinite. Without a switch, a rotating client has an idle lifetime, and any
    /// other client only if it gives a number.
    fn idle_token_lifetime(
        &self,
        at: &Path,
        rotation: Rotation,
        absolute: Option<Lifetime>,
    ) -> Checked<Option<Lifetime>> {
        let at = at.key("idle_token_lifetime");
        let given = self
            .idle_token_lifetime
            .map(|lifetime| lifetime.seconds(&at, 1, MAX_LIFETIME))
            .transpose()?;
        let infinite = self
            .infinite_idle_token_lifetime
            .unwrap_or(rotation == Rotation::NonRotating && given.is_none());
        if infinite {
            return Ok(None);
        }
        match (given, absolute) {
            (Some(idle), Some(absolute)) if idle > absolute => {
                Err(Fault::new(at, "must not exceed `token_lifetime`"))
            }
            (Some(idle), _) => Ok(Some(idle)),
            (None, absolute) => {
                let default = RefreshTokenPolicy::DEFAULT_IDLE_TOKEN_LIFETIME;
                Ok(Some(
                    absolute.map_or(default, |absolute| absolute.min(default)),
                ))
            }
        }
    }
}

fn check_rotating(at: &Path, expiration: Expiration, around: &ClientFields<'_>) -> Checked<()> {
    let fault = |message: &str| Err(Fault::new(at.key("rotation_type"), message));
    if expiration == Expiration::NonExpiring {
        return fault("`rotating` requires `expiration_type: expiring`");
    }
    if !around.oidc_conformant {
        return fault("`rotating` requires `oidc_conformant: true`");
    }
    if !around.grant_types.iter().any(|name| name == REFRESH_TOKEN) {
        return fault("`rotating` requires `refresh_token` in `grant_types`");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{error, tenant};

    fn file(app_type: &str, object: &str) -> String {
        format!(
            "clients:
  - name: a
    app_type: {app_type}
    oidc_conformant: true
    refresh_token: {object}",
        )
    }

    fn policy(app_type: &str, object: &str) -> RefreshTokenPolicy {
        tenant(&file(app_type, object)).clients[0]
            .client
            .refresh_token
    }

    #[test]
    fn without_the_object_only_single_page_applications_rotate() {
        let of = |app_type: &str| {
            let secret = "client_secret: 0123456789abcdef";
            let file = format!("clients: [{{name: a, app_type: {app_type}, {secret}}}]");
            tenant(&file).clients[0].client.refresh_token
        };
        assert_eq!(of("spa"), RefreshTokenPolicy::ROTATING);
        assert_eq!(of("native"), RefreshTokenPolicy::NON_ROTATING);
        assert_eq!(of("regular_web"), RefreshTokenPolicy::NON_ROTATING);
    }

    #[test]
    fn the_objects_that_auth0_writes_mean_what_they_mean_there() {
        let plain = "{expiration_type: non-expiring, leeway: 0, infinite_token_lifetime: true, \
                     infinite_idle_token_lifetime: true, token_lifetime: 31557600, \
                     idle_token_lifetime: 2592000, rotation_type: non-rotating}";
        assert_eq!(policy("native", plain), RefreshTokenPolicy::NON_ROTATING);
        let spa = "{expiration_type: expiring, leeway: 0, token_lifetime: 2592000, \
                   idle_token_lifetime: 1296000, infinite_token_lifetime: false, \
                   infinite_idle_token_lifetime: false, rotation_type: rotating}";
        assert_eq!(policy("spa", spa), RefreshTokenPolicy::ROTATING);
    }

    #[test]
    fn numbers_may_be_texts_and_switches_overrule_them() {
        let rotating = policy(
            "native",
            "{rotation_type: rotating, expiration_type: expiring, leeway: '10', \
             token_lifetime: \"3600\", infinite_idle_token_lifetime: true}",
        );
        assert_eq!(rotating.leeway, Lifetime::from_secs(10));
        assert_eq!(rotating.token_lifetime, Some(Lifetime::from_secs(3600)));
        assert_eq!(rotating.idle_token_lifetime, None);

        let endless = policy(
            "native",
            "{rotation_type: rotating, expiration_type: expiring, infinite_token_lifetime: true}",
        );
        assert_eq!(endless.token_lifetime, None);
        assert_eq!(
            endless.idle_token_lifetime,
            Some(Lifetime::from_secs(1_296_000))
        );
    }

    #[test]
    fn a_non_rotating_client_is_idle_for_ever_unless_it_names_a_number() {
        let expiring = "{rotation_type: non-rotating, expiration_type: expiring";
        let silent = policy("native", &format!("{expiring}}}"));
        assert_eq!(silent.token_lifetime, Some(Lifetime::from_secs(2_592_000)));
        assert_eq!(silent.idle_token_lifetime, None);
        let named = policy("native", &format!("{expiring}, idle_token_lifetime: 60}}"));
        assert_eq!(named.idle_token_lifetime, Some(Lifetime::from_secs(60)));
    }

    #[test]
    fn a_default_idle_lifetime_does_not_outlive_the_token() {
        let short = policy(
            "native",
            "{rotation_type: rotating, expiration_type: expiring, token_lifetime: 60}",
        );
        assert_eq!(short.idle_token_lifetime, Some(Lifetime::from_secs(60)));
    }

    #[test]
    fn values_that_auth0_rejects_are_rejected() {
        let rotating = "rotation_type: rotating, expiration_type: expiring";
        for (app_type, object, message) in [
            (
                "native",
                "{rotation_type: rotating}",
                ": `expiration_type` is missing",
            ),
            ("native", "{}", ": `rotation_type` is missing"),
            (
                "native",
                "{rotation_type: rolling, expiration_type: expiring}",
                ".rotation_type: must be `rotating` or `non-rotating`, not `rolling`",
            ),
            (
                "native",
                "{rotation_type: rotating, expiration_type: non-expiring}",
                ".rotation_type: `rotating` requires `expiration_type: expiring`",
            ),
            (
                "spa",
                "{rotation_type: non-rotating, expiration_type: non-expiring}",
                ".expiration_type: a single-page application's refresh tokens must expire",
            ),
            (
                "spa",
                &format!("{{{rotating}, infinite_token_lifetime: true}}"),
                ".infinite_token_lifetime: a single-page application's refresh tokens must expire",
            ),
            (
                "native",
                &format!("{{{rotating}, leeway: -1}}"),
                ".leeway: must not be negative",
            ),
            (
                "native",
                &format!("{{{rotating}, leeway: soon}}"),
                ".leeway: must be a whole number",
            ),
            (
                "native",
                &format!("{{{rotating}, token_lifetime: 0}}"),
                ".token_lifetime: must be between 1 and 31557600 seconds",
            ),
            (
                "native",
                &format!("{{{rotating}, idle_token_lifetime: 31557601}}"),
                ".idle_token_lifetime: must be between 1 and 31557600 seconds",
            ),
            (
                "native",
                &format!("{{{rotating}, token_lifetime: 60, idle_token_lifetime: 61}}"),
                ".idle_token_lifetime: must not exceed `token_lifetime`",
            ),
        ] {
            let error = error(&file(app_type, object));
            let (_, said) = error.split_once("clients[0].refresh_token").unwrap();
            assert_eq!(said, message);
        }
    }

    #[test]
    fn rotation_needs_a_conformant_client_with_the_grant() {
        let object = "    refresh_token:
      rotation_type: rotating
      expiration_type: expiring";
        assert_eq!(
            error(&format!(
                "clients:\n  - name: a\n    app_type: native\n{object}"
            )),
            "5:7: clients[0].refresh_token.rotation_type: `rotating` requires \
             `oidc_conformant: true`"
        );
        assert_eq!(
            error(&format!(
                "clients:
  - name: a
    app_type: native
    oidc_conformant: true
    grant_types: [authorization_code]
{object}"
            )),
            "7:7: clients[0].refresh_token.rotation_type: `rotating` requires `refresh_token` in \
             `grant_types`"
        );
    }
}
