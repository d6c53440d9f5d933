//! The parts of transactions that write the profile of a user, with their conditions.

use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, TransactWriteItem, Update, builders::UpdateBuilder,
};
use ratchet_domain::{
    time::Timestamp,
    valid_from::{Epoch, ValidFrom},
};

use super::{
    Store,
    error::StoreError,
    item::{millis, text, to_item},
    keys::{Key, REFRESH_TOKENS_FROM, SESSIONS_FROM},
    user_conditions::{unchanged, unmoved},
    users::LoginRecord,
};

/// The trace of a deleted user.
#[derive(serde::Deserialize)]
struct Tombstone {
    valid_from: Epoch,
}

impl Store {
    /// The parts of a transaction that create a user: in a later epoch than the last deletion of that id, if there was
    /// one.
    pub(super) async fn creation(
        &self,
        record: &LoginRecord,
        now: Timestamp,
    ) -> Result<(ValidFrom, Vec<TransactWriteItem>), StoreError> {
        let key = Key::tombstone(&record.user.user_id);
        let deleted: Option<Tombstone> = self.load(&key).await?;
        let check = ConditionCheck::builder()
            .table_name(&self.table)
            .set_key(Some(key.to_item()));
        let check = match &deleted {
            None => check.condition_expression("attribute_not_exists(PK)"),
            Some(deleted) => check
                .condition_expression("valid_from = :seen")
                .expression_attribute_values(":seen", millis(deleted.valid_from.begin())),
        };
        let check = check.build().map_err(refused)?;
        let valid_from = ValidFrom::created(now, deleted.map(|deleted| deleted.valid_from));
        let profile = self
            .profile(record, &valid_from, "")?
            .condition_expression("attribute_not_exists(PK)")
            .build()
            .map_err(refused)?;
        let writes = vec![
            TransactWriteItem::builder().update(profile).build(),
            TransactWriteItem::builder().condition_check(check).build(),
        ];
        Ok((valid_from, writes))
    }

    /// The part of a transaction that replaces a user, on condition that the profile is still as it was read.
    pub(super) fn replacement(
        &self,
        before: &LoginRecord,
        record: &LoginRecord,
        valid_from: &ValidFrom,
    ) -> Result<TransactWriteItem, StoreError> {
        let (condition, values) = unmoved(&before.user.valid_from);
        let next = "ADD revision :one";
        let mut update = self
            .profile(record, valid_from, next)?
            .expression_attribute_values(":one", number(1));
        for (name, value) in values {
            update = update.expression_attribute_values(name, value);
        }
        let hash = match &before.password_hash {
            None => "attribute_not_exists(password_hash)",
            Some(hash) => {
                update = update.expression_attribute_values(":hash_before", text(hash.as_str()));
                "password_hash = :hash_before"
            }
        };
        let revision = unchanged(before);
        // The time is compared too: versions without revisions do not increase them.
        let update = update
            .condition_expression(format!(
                "attribute_exists(PK) AND {revision} AND #user.updated_at = :updated_before \
                 AND #user.blocked = :blocked_before AND {hash} AND {condition}"
            ))
            .expression_attribute_values(":revision", number(before.revision))
            .expression_attribute_values(":updated_before", millis(before.user.updated_at))
            .expression_attribute_values(
                ":blocked_before",
                AttributeValue::Bool(before.user.blocked),
            )
            .build()
            .map_err(refused)?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// An update, because a put would delete the counts beside the profile.
    fn profile(
        &self,
        record: &LoginRecord,
        valid_from: &ValidFrom,
        also: &str,
    ) -> Result<UpdateBuilder, StoreError> {
        let key = Key::profile(&record.user.user_id);
        let mut written = to_item(&key, record, None)?;
        let (mut sets, mut removes) = (Vec::new(), Vec::new());
        let mut update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(key.to_item()));
        for name in ["user", "password_hash", "rehashed_from"] {
            // `user` is a reserved word.
            update = update.expression_attribute_names(format!("#{name}"), name);
            match written.remove(name) {
                Some(value) => {
                    sets.push(format!("#{name} = :{name}"));
                    update = update.expression_attribute_values(format!(":{name}"), value);
                }
                None => removes.push(format!("#{name}")),
            }
        }
        for (name, epoch) in [
            (SESSIONS_FROM, valid_from.sessions),
            (REFRESH_TOKENS_FROM, valid_from.refresh_tokens),
        ] {
            // A user from before there were epochs stays in the earliest one.
            if !epoch.is_earliest() {
                sets.push(format!("{name} = :{name}"));
                update =
                    update.expression_attribute_values(format!(":{name}"), millis(epoch.begin()));
            }
        }
        let mut expression = format!("SET {}", sets.join(", "));
        if !removes.is_empty() {
            expression = format!("{expression} REMOVE {}", removes.join(", "));
        }
        Ok(update.update_expression(format!("{expression} {also}").trim_end()))
    }
}

pub(super) fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is what `map_err` hands over"
)]
pub(super) fn refused(error: aws_sdk_dynamodb::error::BuildError) -> StoreError {
    StoreError::Refused(error.to_string())
}
