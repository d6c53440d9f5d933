//! The count of logins, in the item of the user's profile: one read returns both.

use std::net::IpAddr;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use ratchet_domain::{ids::UserId, time::Timestamp, user::LoginStats};

use super::{
    Store,
    calls::sent_update,
    error::CommitError,
    item::{from_item, millis, text},
    keys::Key,
};

/// The attributes of [`LoginStats`].
pub(super) const FIELDS: [&str; 3] = ["logins_count", "last_login", "last_ip"];

impl Store {
    /// Counts a login, and returns the count including it. A conflict means that the user has been deleted.
    pub async fn count_login(
        &self,
        user: &UserId,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<LoginStats, CommitError> {
        let key = Key::profile(user);
        let update = self
            .update(&key)
            .condition_expression("attribute_exists(PK)")
            .expression_attribute_values(":now", millis(now))
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .return_values(ReturnValue::UpdatedNew);
        let update = match address {
            Some(address) => update
                .update_expression("SET last_login = :now, last_ip = :ip ADD logins_count :one")
                .expression_attribute_values(":ip", text(address.to_string())),
            None => update
                .update_expression("SET last_login = :now REMOVE last_ip ADD logins_count :one"),
        };
        let counted = sent_update(update).await?;
        Ok(from_item(&key, counted.attributes.unwrap_or_default())?)
    }
}
