//! `app_metadata` and `user_metadata`, written key by key, so that concurrent changes of different keys by two scripts
//! are both kept ([Auth0's metadata]).
//!
//! [Auth0's metadata]: https://auth0.com/docs/manage-users/user-accounts/metadata

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use ratchet_domain::{ids::UserId, time::Timestamp, user::User};
use serde_json::{Map, Value};

use super::{
    Store,
    calls::sent_update,
    error::{CommitError, StoreError},
    item::millis,
    keys::{Key, PK},
    users::login_record,
};

/// The two kinds of a user's metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metadata {
    /// Metadata that administrators and scripts change but the user cannot.
    App,
    /// Metadata that the user may change.
    User,
}

impl Metadata {
    const fn attribute(self) -> &'static str {
        match self {
            Self::App => "app_metadata",
            Self::User => "user_metadata",
        }
    }
}

impl Store {
    /// Merges a patch into a user's metadata at its root (`null` deletes a key), and returns the updated user. A
    /// conflict means that there is no such user. Applying it twice changes nothing more.
    pub async fn patch_metadata(
        &self,
        user: &UserId,
        which: Metadata,
        patch: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<User, CommitError> {
        let key = Key::profile(user);
        let Patch {
            expression,
            names,
            values,
        } = Patch::new(patch)?;
        let update = self
            .update(&key)
            .update_expression(expression)
            .condition_expression(format!("attribute_exists({PK})"))
            .set_expression_attribute_names(Some(names))
            .expression_attribute_names("#metadata", which.attribute())
            .expression_attribute_names("#user", "user")
            .set_expression_attribute_values(Some(values))
            .expression_attribute_values(":now", millis(now))
            .return_values(ReturnValue::AllNew);
        let updated = sent_update(update).await?;
        let record = login_record(&key, updated.attributes.unwrap_or_default())?;
        Ok(record.user)
    }
}

/// An update expression with its names and values.
struct Patch {
    expression: String,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Patch {
    fn new(patch: &Map<String, Value>) -> Result<Self, StoreError> {
        let mut set = vec!["#user.updated_at = :now".to_owned()];
        let mut remove = Vec::new();
        let (mut names, mut values) = (HashMap::new(), HashMap::new());
        for (index, (name, value)) in patch.iter().enumerate() {
            let attribute = format!("#user.#metadata.#k{index}");
            names.insert(format!("#k{index}"), name.clone());
            if value.is_null() {
                remove.push(attribute);
                continue;
            }
            let value = serde_dynamo::to_attribute_value(value)
                .map_err(|error| StoreError::Refused(error.to_string()))?;
            set.push(format!("{attribute} = :v{index}"));
            values.insert(format!(":v{index}"), value);
        }
        let mut expression = format!("SET {}", set.join(", "));
        if !remove.is_empty() {
            expression = format!("{expression} REMOVE {}", remove.join(", "));
        }
        // Writes that depend on an earlier read fail from now on.
        expression.push_str(" ADD revision :one");
        values.insert(":one".to_owned(), AttributeValue::N("1".to_owned()));
        Ok(Self {
            expression,
            names,
            values,
        })
    }
}
