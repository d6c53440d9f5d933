//! Conditions of writes that depend on a user that was read.

use ratchet_domain::valid_from::ValidFrom;

use super::{
    error::Item,
    item::millis,
    keys::{REFRESH_TOKENS_FROM, SESSIONS_FROM},
    users::LoginRecord,
};

/// The condition that the profile has not been written since it was read, apart from attributes with their own
/// conditions.
pub(super) const fn unchanged(record: &LoginRecord) -> &'static str {
    match record.revision {
        0 => "(attribute_not_exists(revision) OR revision = :revision)",
        _ => "revision = :revision",
    }
}

/// The condition that no eviction has happened since, and its values.
pub(super) fn unmoved(valid_from: &ValidFrom) -> (String, Item) {
    let (mut conditions, mut values) = (Vec::new(), Item::new());
    for (name, epoch) in [
        (SESSIONS_FROM, valid_from.sessions),
        (REFRESH_TOKENS_FROM, valid_from.refresh_tokens),
    ] {
        if epoch.is_earliest() {
            conditions.push(format!("attribute_not_exists({name})"));
        } else {
            conditions.push(format!("{name} = :seen_{name}"));
            values.insert(format!(":seen_{name}"), millis(epoch.begin()));
        }
    }
    (conditions.join(" AND "), values)
}
