//! Grants of users to clients, as the [Management API] lists and deletes them.
//!
//! [Management API]: https://auth0.com/docs/api/management/v2/grants/get-grants

use super::{
    family::Family,
    ids::{Audience, ClientId, UserId},
    scope::Scope,
    time::Timestamp,
};

/// Key of a grant: user, client and API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantKey {
    /// The user who granted.
    pub user_id: UserId,
    /// The client that received the grant.
    pub client_id: ClientId,
    /// The API; `None` for `/userinfo` alone.
    pub audience: Option<Audience>,
}

/// A grant as the Management API shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserGrant {
    /// User, client and API of the grant.
    pub key: GrantKey,
    /// All scopes of the grant; a further consent adds to them.
    pub scope: Scope,
}

/// Separator of the parts of a key; no id contains it.
const SEPARATOR: char = '\0';

impl GrantKey {
    /// The grant that a family depends on.
    pub fn of(family: &Family) -> Self {
        Self {
            user_id: family.user_id.clone(),
            client_id: family.client_id.clone(),
            audience: family.audience.clone(),
        }
    }

    /// True if the family depends on this grant.
    pub fn carries(&self, family: &Family) -> bool {
        self.user_id == family.user_id
            && self.client_id == family.client_id
            && self.audience == family.audience
    }

    /// User, client and API, each pair separated by a byte that none of them contains.
    pub fn to_bytes(&self) -> Vec<u8> {
        let audience = self.audience.as_ref().map_or("", Audience::as_str);
        format!(
            "{}{SEPARATOR}{}{SEPARATOR}{audience}",
            self.user_id, self.client_id
        )
        .into_bytes()
    }

    /// Reads what [`Self::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut parts = std::str::from_utf8(bytes).ok()?.split(SEPARATOR);
        let (user, client, audience) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        Some(Self {
            user_id: UserId::parse(user).ok()?,
            client_id: ClientId::parse(client).ok()?,
            audience: match audience {
                "" => None,
                audience => Some(Audience::parse(audience).ok()?),
            },
        })
    }
}

/// All grants of a user: stored consents, and the grants that live families depend on without a consent. The families
/// are the only record of the latter, which are just as real.
pub fn all_grants(stored: Vec<UserGrant>, families: &[Family], now: Timestamp) -> Vec<UserGrant> {
    let mut grants = stored;
    let consented = grants.len();
    for family in families.iter().filter(|family| family.is_live(now)) {
        match grants.iter().position(|grant| grant.key.carries(family)) {
            // The user consented, and the consent lists all scopes.
            Some(at) if at < consented => {}
            Some(at) => {
                if let Some(grant) = grants.get_mut(at) {
                    grant.scope = grant.scope.union(&family.scope);
                }
            }
            None => grants.push(UserGrant {
                key: GrantKey::of(family),
                scope: family.scope.clone(),
            }),
        }
    }
    grants
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        client::RefreshTokenPolicy,
        family::{EndReason, Ended, Exchange, Login},
        ids::{FamilyId, RequestId},
        sealed::KeyId,
        valid_from::Epoch,
    };

    const NOW: Timestamp = Timestamp::from_secs(1_000);

    fn key(client: &str, audience: Option<&str>) -> GrantKey {
        GrantKey {
            user_id: UserId::parse("auth0|ada").unwrap(),
            client_id: ClientId::parse(client).unwrap(),
            audience: audience.map(|audience| Audience::parse(audience).unwrap()),
        }
    }

    fn family(key: &GrantKey, scope: &str) -> Family {
        let login = Login {
            user_id: key.user_id.clone(),
            client_id: key.client_id.clone(),
            audience: key.audience.clone(),
            scope: Scope::parse(scope),
            valid_from: Epoch::default(),
            auth_time: NOW,
            tells_auth_time: false,
            session_id: None,
            device: None,
        };
        let at = Exchange {
            request: RequestId::from_bytes([0; 16]),
            from: None,
            active_key: KeyId::new(1),
            now: NOW,
        };
        let id = FamilyId::from_bytes([1; 16]);
        Family::begin(id, login, &RefreshTokenPolicy::ROTATING, at)
    }

    fn grant(key: &GrantKey, scope: &str) -> UserGrant {
        UserGrant {
            key: key.clone(),
            scope: Scope::parse(scope),
        }
    }

    #[test]
    fn a_key_reads_what_it_writes_and_nothing_else() {
        for key in [key("app", Some("https://api")), key("app", None)] {
            assert_eq!(GrantKey::from_bytes(&key.to_bytes()), Some(key));
        }
        for wrong in ["", "a", "a\0b", "a\0b\0c\0d", "\0b\0c"] {
            assert_eq!(GrantKey::from_bytes(wrong.as_bytes()), None, "{wrong:?}");
        }
    }

    #[test]
    fn scopes_of_live_families_are_granted_too() {
        let (asked, silent) = (key("asked", None), key("silent", Some("https://api")));
        let mut ended = family(&key("gone", None), "openid");
        ended.end(Ended {
            at: NOW,
            reason: EndReason::Revoked,
        });
        let families = [
            family(&asked, "openid email"),
            family(&silent, "openid"),
            family(&silent, "read:orders"),
            ended,
        ];
        assert_eq!(
            all_grants(vec![grant(&asked, "openid")], &families, NOW),
            [
                grant(&asked, "openid"),
                grant(&silent, "openid read:orders")
            ]
        );
    }
}
