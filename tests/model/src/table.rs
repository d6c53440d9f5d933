//! The table: one family, the epoch of its user, and writes in flight that DynamoDB may still apply.

use std::hash::{Hash, Hasher};

use ratchet_domain::{
    client::Rotation,
    family::{Family, FamilyParts, Login, Rotated},
    ids::{ClientId, FamilyId, KeyId, RequestId, UserId},
    scope::Scope,
    time::Timestamp,
    valid_from::{Epoch, ValidFrom},
};

use crate::{scenario::Scenario, variant::Variant};

/// A family as it is stored. The parts that no step of the model changes are not hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item(pub Family);

impl Hash for Item {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let millis = |at: Option<Timestamp>| at.map(Timestamp::as_millis);
        let FamilyParts {
            rotation,
            generation,
            key_id,
            rotated,
            valid_from,
            idle_expires_at,
            expires_at,
            fence,
            ..
        } = &*self.0;
        (*rotation == Rotation::Rotating).hash(state);
        generation.hash(state);
        key_id.number().hash(state);
        rotated
            .map(|Rotated { at, by, .. }| (at.as_millis(), by))
            .hash(state);
        valid_from.begin().as_millis().hash(state);
        (millis(*idle_expires_at), millis(*expires_at), *fence).hash(state);
    }
}

/// The write of a rotation: `commit_family` of the store.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Write {
    /// The family as the request read it.
    pub current: Item,
    /// The family after the exchange.
    pub next: Item,
    /// The call that sends it.
    pub call: u8,
    /// The true time at which it was sent.
    pub sent_at: u8,
}

/// The items of one user.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Table {
    /// The family; an ended one is deleted.
    pub family: Option<Item>,
    /// The epoch of the user's refresh tokens.
    pub epoch: u64,
    /// Writes whose requests have given up and which may still be applied.
    pub late: Vec<Write>,
}

impl Table {
    /// The table after a login.
    pub fn after_login(scenario: &Scenario) -> Self {
        let (Ok(user_id), Ok(client_id)) = (UserId::parse("auth0|ada"), ClientId::parse("phone"))
        else {
            unreachable!("both ids are valid")
        };
        let login = Login {
            user_id,
            client_id,
            audience: None,
            scope: Scope::parse("openid offline_access"),
            valid_from: Epoch::default(),
            auth_time: Timestamp::from_secs(0),
            tells_auth_time: false,
            session_id: None,
            device: None,
        };
        let id = FamilyId::from_bytes([1; 16]);
        let at = crate::service::exchange(0, KeyId::new(1), 0);
        let family = Family::begin(id, login, &scenario.policy(true), at);
        Self {
            family: Some(Item(family)),
            epoch: 0,
            late: Vec::new(),
        }
    }

    /// A strongly consistent read of the family and its user, as `load_refresh_state` makes it.
    pub fn load(&self) -> Option<Family> {
        let valid_from = ValidFrom {
            refresh_tokens: epoch(self.epoch),
            ..ValidFrom::default()
        };
        let Item(family) = self.family.clone()?;
        Some(family.under(&valid_from))
    }

    /// Fences off every write that read the family before.
    pub fn fence(&mut self) {
        let fenced = self.family.take().map(|Item(family)| {
            let mut parts = family.into_parts();
            parts.fence += 1;
            Family::try_from(parts)
        });
        self.family = fenced.and_then(Result::ok).map(Item);
    }

    /// Applies the write of a rotation, if the table fulfils its condition.
    pub fn apply(&mut self, write: &Write, variant: Variant) -> bool {
        let applies = condition(self.family.as_ref(), &write.current, variant);
        if applies {
            self.family = Some(write.next.clone());
        }
        applies
    }
}

/// The condition of `commit_family`: the family exists, at the generation that was read, with the same absolute end and
/// the same fence.
fn condition(stored: Option<&Item>, read: &Item, variant: Variant) -> bool {
    match (variant, stored) {
        (Variant::UnconditionalWrite, _) | (Variant::RefreshCreatesTheItem, None) => true,
        (Variant::ConditionOnTheFamily, stored) => stored.is_some(),
        (_, None) => false,
        (_, Some(Item(stored))) => {
            stored.generation == read.0.generation
                && stored.expires_at == read.0.expires_at
                && stored.fence == read.0.fence
                && stored.ended.is_none()
        }
    }
}

/// An epoch by its number; the first is that of users who were never logged out everywhere.
pub fn epoch(number: u64) -> Epoch {
    match number {
        0 => Epoch::default(),
        number => Epoch::at(Timestamp::from_millis(number)),
    }
}

/// True if the rotation was made by the request with this number.
pub fn was_rotated_by(item: Option<&Item>, request: u8) -> bool {
    item.is_some_and(|Item(family)| family.was_rotated_by(request_id(request)))
}

/// The id of a request by its number.
pub fn request_id(number: u8) -> RequestId {
    RequestId::from_bytes([number; 16])
}
