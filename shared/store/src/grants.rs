//! Consents of users. The consent to an application for an API is one item: an id, a set of scopes, and the time of the
//! last approval. An approval adds its scopes in one write that depends on no earlier read: two concurrent approvals
//! are both kept, and an approval beside a withdrawal restores nothing.
//!
//! Items of versions before consents had ids contain their scopes as a text and no id. Both sets of scopes are read
//! together, and the next approval gives the item an id.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, ReturnValue, TransactWriteItem};
use futures_util::{StreamExt, TryStreamExt, stream};
use ratchet_domain::{
    authorization::Grant,
    consent::{Basis, RestsOn},
    family::{Ended, Family},
    grant::{GrantKey, UserGrant},
    ids::{Audience, ClientId, ConsentId, FamilyId, UserId},
    scope::Scope,
    time::Timestamp,
};
use ratchet_system::Deadline;
use serde::Deserialize;

use super::{
    Store,
    calls::sent_update,
    error::{CommitError, Item, StoreError},
    item::{from_item, inconsistent, millis, text},
    keys::{GRANT_PREFIX, Key, SK},
};

/// Number of consents that end concurrently.
const AT_ONCE: usize = 8;

/// A consent as it is stored.
#[derive(Deserialize)]
struct StoredGrant {
    consent_id: Option<ConsentId>,
    /// Scopes from versions before consents had ids.
    #[serde(default)]
    scope: Scope,
    #[serde(default)]
    scopes: BTreeSet<String>,
    granted_at: Timestamp,
}

impl From<StoredGrant> for Grant {
    fn from(stored: StoredGrant) -> Self {
        let joined: Scope = stored.scopes.iter().map(String::as_str).collect();
        Self {
            id: stored.consent_id,
            scope: stored.scope.union(&joined),
            granted_at: stored.granted_at,
        }
    }
}

/// The consent of an item.
pub(super) fn grant_of(key: &Key, item: Item) -> Result<Grant, StoreError> {
    Ok(from_item::<StoredGrant>(key, item)?.into())
}

/// The key of a grant's consent.
pub(super) fn key_of(grant: &GrantKey) -> Key {
    Key::grant(&grant.user_id, &grant.client_id, grant.audience.as_ref())
}

impl Store {
    /// The part of a transaction that requires that this very consent still exists. `None` if the user was not asked.
    pub(super) fn check_consent(
        &self,
        rests_on: &RestsOn,
    ) -> Result<Option<TransactWriteItem>, StoreError> {
        let check = ConditionCheck::builder()
            .table_name(&self.table)
            .set_key(Some(key_of(&rests_on.grant).to_item()));
        let check = match rests_on.basis {
            Basis::Unasked => return Ok(None),
            Basis::Unnamed => check
                .condition_expression("attribute_exists(PK) AND attribute_not_exists(consent_id)"),
            Basis::Consent(id) => check
                .condition_expression("consent_id = :consent")
                .expression_attribute_values(":consent", text(id.to_string())),
        };
        let check = check
            .build()
            .map_err(|e| StoreError::Refused(e.to_string()))?;
        let check = TransactWriteItem::builder().condition_check(check).build();
        Ok(Some(check))
    }

    /// The user's consent to this client and API.
    pub async fn load_grant(
        &self,
        user: &UserId,
        client: &ClientId,
        audience: Option<&Audience>,
    ) -> Result<Option<Grant>, StoreError> {
        let key = Key::grant(user, client, audience);
        let item = self.load_item(&key).await?;
        item.map(|item| grant_of(&key, item)).transpose()
    }

    /// All consents of a user.
    pub async fn load_grants(&self, user: &UserId) -> Result<Vec<UserGrant>, StoreError> {
        let items = self.query_user(user, GRANT_PREFIX).await?;
        let mut grants = Vec::with_capacity(items.len());
        for item in items {
            let sort_key = item.get(SK).and_then(|sk| sk.as_s().ok()).cloned();
            let sort_key = sort_key.unwrap_or_default();
            let key = Key::user_item(user, &sort_key);
            let Some((client_id, audience)) = Key::parse_grant(&sort_key) else {
                return Err(inconsistent(&key, "not the key of a grant"));
            };
            grants.push(UserGrant {
                key: GrantKey {
                    user_id: user.clone(),
                    client_id,
                    audience,
                },
                scope: grant_of(&key, item)?.scope,
            });
        }
        Ok(grants)
    }

    /// Adds scopes to a user's consent in one write, and returns the consent. An existing id stays; a consent without
    /// one gets `id`.
    pub async fn join_consent(
        &self,
        grant: &GrantKey,
        id: ConsentId,
        scope: &Scope,
        now: Timestamp,
    ) -> Result<Grant, StoreError> {
        let key = key_of(grant);
        let set = "SET consent_id = if_not_exists(consent_id, :consent), granted_at = :now";
        let update = self
            .update(&key)
            .expression_attribute_values(":consent", text(id.to_string()))
            .expression_attribute_values(":now", millis(now))
            .return_values(ReturnValue::AllNew);
        // DynamoDB has no empty sets.
        let update = if scope.is_empty() {
            update.update_expression(set)
        } else {
            let names = scope.iter().map(str::to_owned).collect();
            update
                .update_expression(format!("{set} ADD scopes :scopes"))
                .expression_attribute_values(":scopes", AttributeValue::Ss(names))
        };
        match sent_update(update).await {
            Ok(output) => grant_of(&key, output.attributes.unwrap_or_default()),
            Err(CommitError::Store(error)) => Err(error),
            Err(CommitError::Conflict) => Err(inconsistent(&key, "a condition that was not set")),
        }
    }

    /// Ends a consent with its id. All that rests on it is invalid from then on, even if the user agrees again.
    pub async fn end_consent(&self, grant: &GrantKey) -> Result<(), StoreError> {
        self.delete_item(&key_of(grant)).await
    }

    /// Ends all consents of a user.
    pub async fn end_consents(&self, user: &UserId) -> Result<(), StoreError> {
        stream::iter(self.query_user(user, GRANT_PREFIX).await?)
            .map(Ok)
            .try_for_each_concurrent(AT_ONCE, |item| async move {
                self.delete_item(&Key::of_item(&item)?).await
            })
            .await
    }

    /// Withdraws a grant with everything that rests on it, and returns the number of ended families.
    ///
    /// The consent is deleted first: from then on nothing that rests on it is exchanged (the exchange compares its id),
    /// so the families that are read afterwards are complete. Codes that were issued without asking rest on no consent
    /// and are deleted. A withdrawal that is cut short has not been acknowledged: the remaining families still show as
    /// granted, and another withdrawal ends them. A concurrent refresh either rotates before its family ends, and the
    /// successor ends with the family, or fails because it has ended. The caller handles the family `spared`.
    pub async fn end_grant(
        &self,
        key: &GrantKey,
        spared: Option<FamilyId>,
        ended: &Ended,
        until: Deadline,
    ) -> Result<usize, StoreError> {
        self.end_consent(key).await?;
        self.delete_codes(&key.user_id, ended.at, |code| code == key)
            .await?;
        let resting = |family: &Family| key.carries(family) && Some(family.id) != spared;
        self.end_families(&key.user_id, Some(&key.client_id), ended, until, resting)
            .await
    }

    /// Withdraws all grants of a user with pending exchanges, and returns the number of ended families. The epoch moves
    /// first, so that everything issued before is invalid; then consents and families end. A family may begin in
    /// between on a consent that is still to end, so families of all epochs end. A withdrawal that is cut short has not
    /// been acknowledged, and a repeated call ends the rest.
    pub async fn end_grants(
        &self,
        user: &UserId,
        ended: &Ended,
        until: Deadline,
    ) -> Result<usize, StoreError> {
        self.sign_out_grants(user, ended.at).await?;
        self.end_consents(user).await?;
        self.end_families(user, None, ended, until, |_| true).await
    }
}
