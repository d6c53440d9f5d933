//! The stored form of a family. Attribute names are short words rather than letters: the item stays well under the
//! kilobyte of one write unit, and an operator can read it.

use aws_sdk_dynamodb::types::AttributeValue;
use ratchet_domain::{
    client::Rotation,
    family::{EndReason, Ended, Family, FamilyParts, Rotated},
    ids::{Audience, ClientId, DeviceName, FamilyId, Generation, RequestId, SessionId, UserId},
    scope::Scope,
    sealed::KeyId,
    sender::Sender,
    throttle::{Bucket, Buckets},
    time::{Lifetime, Timestamp},
    valid_from::Epoch,
};

use super::{
    error::{Item, StoreError},
    item::{inconsistent, millis, seconds, text},
    keys::{Key, TTL},
};

/// Time for which an expired family is kept: the lifetime of an access token for `/userinfo` that was issued with it,
/// because an expired family does not end its access tokens.
const MEMORY: Lifetime = Lifetime::from_secs(86_400);

/// The epoch in which the family began. An item without it was stored before there were epochs.
const VALID_FROM: &str = "valid_from";

/// True if refreshed ID tokens contain `auth_time`. An item without this attribute was stored when all of them did, and
/// counts as `true`: clients that reject a new `auth_time` have never been able to refresh, so they lose nothing, while
/// Auth0's SDKs with `max_age` require it.
const TELLS_AUTH_TIME: &str = "tells_auth_time";

/// The number of writes that were fenced off; absent if there were none.
pub(super) const FENCE: &str = "fence";

pub(super) fn to_item(family: &Family) -> Item {
    let mut item = Key::of_family(family).to_item();
    let mut set = |name: &str, value: AttributeValue| item.insert(name.to_owned(), value);
    set("family_id", text(family.id.to_string()));
    set("user_id", text(family.user_id.as_str()));
    set("client_id", text(family.client_id.as_str()));
    set("scope", text(family.scope.to_string()));
    set("created_at", millis(family.created_at));
    set("auth_time", millis(family.auth_time));
    set(
        TELLS_AUTH_TIME,
        AttributeValue::Bool(family.tells_auth_time),
    );
    if !family.valid_from.is_earliest() {
        set(VALID_FROM, millis(family.valid_from.begin()));
    }
    if let Some(audience) = &family.audience {
        set("audience", text(audience.as_str()));
    }
    if let Some(session_id) = family.session_id {
        set("session_id", text(session_id.to_string()));
    }
    if let Some(device) = &family.device {
        set("device", text(device.as_str()));
    }
    if family.fence > 0 {
        set(FENCE, number(family.fence));
    }
    for (name, value) in changing(family) {
        if let Some(value) = value {
            set(name, value);
        }
    }
    item
}

/// The attributes that an exchange changes; `None` for an attribute that is absent.
pub(super) fn changing(family: &Family) -> [(&'static str, Option<AttributeValue>); 10] {
    [
        ("generation", Some(number(family.generation.number()))),
        ("rotation", Some(text(rotation_name(family.rotation)))),
        ("key_id", Some(number(family.key_id.number()))),
        (
            "rotated_at",
            family.rotated.map(|rotated| millis(rotated.at)),
        ),
        (
            "rotated_by",
            family.rotated.map(|rotated| text(rotated.by.to_string())),
        ),
        (
            "rotated_from",
            family
                .rotated
                .and_then(|rotated| rotated.from)
                .map(|from| AttributeValue::B(from.to_bytes().into())),
        ),
        ("idle_expires_at", family.idle_expires_at.map(millis)),
        ("expires_at", family.expires_at.map(millis)),
        ("buckets", buckets(&family.buckets)),
        (TTL, ttl(family).map(seconds)),
    ]
}

pub(super) fn from_item(item: &Item) -> Result<Family, StoreError> {
    let read = Reader { item };
    let key = Key {
        pk: read.text("PK").unwrap_or_default().to_owned(),
        sk: read.text("SK").unwrap_or_default().to_owned(),
    };
    let parts = read
        .family()
        .map_err(|name| inconsistent(&key, format!("attribute `{name}`")))?;
    Family::try_from(parts).map_err(|error| inconsistent(&key, error))
}

/// Reads attributes; the error is the name of the missing or invalid one.
struct Reader<'a> {
    item: &'a Item,
}

impl<'a> Reader<'a> {
    fn family(&self) -> Result<FamilyParts, &'static str> {
        let rotated = match (self.optional_time("rotated_at")?, self.text("rotated_by")) {
            (Some(at), Some(by)) => Some(Rotated {
                at,
                by: RequestId::parse(by).map_err(|_| "rotated_by")?,
                from: self.sender()?,
            }),
            _ => None,
        };
        let ended = match (self.optional_time("ended_at")?, self.text("ended_reason")) {
            (Some(at), Some(reason)) => Some(Ended {
                at,
                reason: EndReason::parse(reason).ok_or("ended_reason")?,
            }),
            (None, None) => None,
            _ => return Err("ended_at"),
        };
        Ok(FamilyParts {
            id: FamilyId::parse(self.required("family_id")?).map_err(|_| "family_id")?,
            user_id: UserId::parse(self.required("user_id")?).map_err(|_| "user_id")?,
            client_id: ClientId::parse(self.required("client_id")?).map_err(|_| "client_id")?,
            audience: self
                .text("audience")
                .map(Audience::parse)
                .transpose()
                .map_err(|_| "audience")?,
            scope: Scope::parse(self.required("scope")?),
            rotation: rotation(self.required("rotation")?).ok_or("rotation")?,
            generation: Generation::new(self.number("generation")?),
            key_id: KeyId::new(self.number("key_id")?),
            rotated,
            valid_from: Epoch::at(self.optional_time(VALID_FROM)?.unwrap_or_default()),
            created_at: self.optional_time("created_at")?.ok_or("created_at")?,
            idle_expires_at: self.optional_time("idle_expires_at")?,
            expires_at: self.optional_time("expires_at")?,
            auth_time: self.optional_time("auth_time")?.ok_or("auth_time")?,
            tells_auth_time: self.tells_auth_time()?,
            session_id: self
                .text("session_id")
                .map(SessionId::parse)
                .transpose()
                .map_err(|_| "session_id")?,
            device: self
                .text("device")
                .map(DeviceName::parse)
                .transpose()
                .map_err(|_| "device")?,
            buckets: self.buckets().ok_or("buckets")?,
            fence: self.fence()?,
            ended,
        })
    }

    fn fence(&self) -> Result<u32, &'static str> {
        if self.item.contains_key(FENCE) {
            self.number(FENCE)
        } else {
            Ok(0)
        }
    }

    /// The sender of the last exchange; absent if that was before senders were stored.
    fn sender(&self) -> Result<Option<Sender>, &'static str> {
        let Some(value) = self.item.get("rotated_from") else {
            return Ok(None);
        };
        let bytes = value.as_b().map_err(|_| "rotated_from")?;
        Sender::from_bytes(bytes.as_ref())
            .map(Some)
            .ok_or("rotated_from")
    }

    fn tells_auth_time(&self) -> Result<bool, &'static str> {
        let Some(value) = self.item.get(TELLS_AUTH_TIME) else {
            return Ok(true);
        };
        value.as_bool().copied().map_err(|_| TELLS_AUTH_TIME)
    }

    /// The buckets of the family; the attribute is absent if there are none.
    fn buckets(&self) -> Option<Buckets> {
        let Some(value) = self.item.get("buckets") else {
            return Some(Buckets::default());
        };
        let buckets = value.as_m().ok()?;
        buckets
            .iter()
            .map(|(origin, full_at)| {
                let full_at = full_at.as_n().ok()?.parse().ok()?;
                let full_at = Bucket::full_at(Timestamp::from_millis(full_at));
                Some((origin.parse().ok()?, full_at))
            })
            .collect()
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        self.item.get(name)?.as_s().ok().map(String::as_str)
    }

    fn required(&self, name: &'static str) -> Result<&'a str, &'static str> {
        self.text(name).ok_or(name)
    }

    fn number(&self, name: &'static str) -> Result<u32, &'static str> {
        let value = self.item.get(name).ok_or(name)?;
        value
            .as_n()
            .ok()
            .and_then(|text| text.parse().ok())
            .ok_or(name)
    }

    fn optional_time(&self, name: &'static str) -> Result<Option<Timestamp>, &'static str> {
        let Some(value) = self.item.get(name) else {
            return Ok(None);
        };
        let millis = value
            .as_n()
            .ok()
            .and_then(|text| text.parse().ok())
            .ok_or(name)?;
        Ok(Some(Timestamp::from_millis(millis)))
    }
}

fn buckets(buckets: &Buckets) -> Option<AttributeValue> {
    let item: Item = buckets
        .iter()
        .map(|(origin, bucket)| (origin.to_string(), millis(bucket.when_full())))
        .collect();
    (!item.is_empty()).then_some(AttributeValue::M(item))
}

fn ttl(family: &Family) -> Option<Timestamp> {
    Some(family.ends_at()?.plus(MEMORY))
}

fn number(value: u32) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

const fn rotation_name(rotation: Rotation) -> &'static str {
    match rotation {
        Rotation::Rotating => "rotating",
        Rotation::NonRotating => "non-rotating",
    }
}

fn rotation(text: &str) -> Option<Rotation> {
    [Rotation::Rotating, Rotation::NonRotating]
        .into_iter()
        .find(|rotation| rotation_name(*rotation) == text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratchet_domain::{
        authorization::MAX_FREE_SCOPE_BYTES,
        client::RefreshTokenPolicy,
        family::{Exchange, Login},
        ids::MAX_DEVICE_BYTES,
        throttle::Origin,
    };

    /// Size in bytes, as `DynamoDB` computes it.
    fn size(value: &AttributeValue) -> usize {
        match value {
            AttributeValue::S(text) => text.len(),
            AttributeValue::N(number) => number.len().div_ceil(2) + 1,
            AttributeValue::Bool(_) => 1,
            AttributeValue::B(bytes) => bytes.as_ref().len(),
            AttributeValue::M(map) => {
                3 + map
                    .iter()
                    .map(|(k, v)| 1 + k.len() + size(v))
                    .sum::<usize>()
            }
            other => panic!("{other:?}"),
        }
    }

    /// The largest possible family of the legacy pipeline.
    fn largest() -> Family {
        let now = Timestamp::from_secs(1_800_000_000);
        let login = Login {
            user_id: UserId::parse("auth0|5f7c8ec7c33c6c004bbafe82").unwrap(),
            client_id: ClientId::parse("x".repeat(32)).unwrap(),
            audience: None,
            scope: Scope::parse(&"x".repeat(MAX_FREE_SCOPE_BYTES)),
            valid_from: Epoch::at(now),
            auth_time: now,
            tells_auth_time: true,
            session_id: Some(SessionId::from_bytes([1; 16])),
            device: Some(DeviceName::parse("x".repeat(MAX_DEVICE_BYTES)).unwrap()),
        };
        let exchange = Exchange {
            request: RequestId::from_bytes([1; 16]),
            active_key: KeyId::new(1),
            from: None,
            now,
        };
        let policy = RefreshTokenPolicy::ROTATING;
        let mut family = Family::begin(FamilyId::from_bytes([1; 16]), login, &policy, exchange);
        for last in 1..=9 {
            let origin = Origin::of(Some([192, 168, 100, last].into()));
            let later = Bucket::full_at(now.plus(Lifetime::from_secs(9)));
            family.record_bucket(origin, later, now);
        }
        family
    }

    #[test]
    fn a_legacy_family_with_all_that_it_may_hold_is_under_a_kilobyte() {
        let item = to_item(&largest());
        let size: usize = item
            .iter()
            .map(|(name, value)| name.len() + size(value))
            .sum();
        assert!(size < 1024, "{size} bytes");
    }

    /// The largest family after a rotation.
    fn rotated() -> Family {
        let parts = largest().into_parts();
        let at = parts.created_at;
        let parts = FamilyParts {
            audience: Some(Audience::parse("https://api.example.com/orders").unwrap()),
            generation: Generation::FIRST.next(),
            rotated: Some(Rotated {
                at,
                by: RequestId::from_bytes([1; 16]),
                from: Some(Sender {
                    address: [1; 4],
                    user_agent: [2; 4],
                }),
            }),
            device: None,
            ..parts
        };
        parts.try_into().unwrap()
    }

    #[test]
    fn the_sender_of_an_exchange_takes_twenty_bytes_and_is_read_back() {
        let family = rotated();
        let mut item = to_item(&family);
        let total: usize = item
            .iter()
            .map(|(name, value)| name.len() + size(value))
            .sum();
        assert!(total < 1024, "{total} bytes");
        assert_eq!(from_item(&item).unwrap(), family);
        let from = item.remove("rotated_from").unwrap();
        assert_eq!("rotated_from".len() + size(&from), 20);
        assert_eq!(from_item(&item).unwrap().rotated.unwrap().from, None);
    }

    #[test]
    fn an_exchange_of_a_first_generation_is_an_error() {
        let mut item = to_item(&rotated());
        item.insert("generation".to_owned(), number(0));
        let read = from_item(&item);
        assert!(
            matches!(read, Err(StoreError::Inconsistent { .. })),
            "{read:?}"
        );
    }

    #[test]
    fn a_family_from_before_there_were_epochs_is_of_the_earliest() {
        let family = largest();
        let mut item = to_item(&family);
        assert_eq!(from_item(&item).unwrap(), family);
        item.remove(VALID_FROM);
        assert!(from_item(&item).unwrap().valid_from.is_earliest());
    }

    #[test]
    fn a_family_stores_if_its_refreshes_have_auth_time_and_older_ones_do() {
        for tells_auth_time in [true, false] {
            let family = Family::try_from(FamilyParts {
                tells_auth_time,
                ..largest().into_parts()
            });
            let family = family.unwrap();
            let mut item = to_item(&family);
            assert_eq!(from_item(&item).unwrap(), family);
            item.remove(TELLS_AUTH_TIME);
            assert!(from_item(&item).unwrap().tells_auth_time);
        }
    }
}
