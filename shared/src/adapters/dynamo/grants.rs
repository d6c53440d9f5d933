//! What users agreed to. The consent to an application for an API is one item: an id, a set of scopes, and when the
//! user last agreed. A press joins its scopes in one write, which depends on nothing that was read before: of two at
//! once neither is lost, and one beside a withdrawal brings nothing back.
//!
//! Items of versions before consents had ids hold their scopes as a text and no id. The two are read together, and
//! the next press gives the item an id.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, ReturnValue, TransactWriteItem};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;

use super::{
    Store,
    error::{CommitError, Item, StoreError},
    item::{from_item, inconsistent, millis, sent_update, text},
    keys::{GRANT_PREFIX, Key, SK},
};
use crate::{
    domain::{
        authorization::Grant,
        consent::{Basis, RestsOn},
        family::{Ended, Family},
        grant::{GrantKey, UserGrant},
        ids::{Audience, ClientId, ConsentId, FamilyId, UserId},
        scope::Scope,
        time::Timestamp,
    },
    system::Deadline,
};

/// How many consents end at once.
const AT_ONCE: usize = 8;

/// A consent as it is stored.
#[derive(Deserialize)]
struct StoredGrant {
    consent_id: Option<ConsentId>,
    /// Of versions before consents had ids.
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

/// Where the consent of a grant lies.
pub(super) fn key_of(grant: &GrantKey) -> Key {
    Key::grant(&grant.user_id, &grant.client_id, grant.audience.as_ref())
}

impl Store {
    /// The part of a transaction that holds only while the consent is there that something rests on: that very one.
    /// `None` where the user was not asked.
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

    /// What the user agreed to for this client and API.
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

    /// All that a user agreed to.
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

    /// Joins what the user agrees to now to what they agreed to before, in one write; the consent afterwards. It
    /// keeps its id, and has this one from now on if it had none.
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
        // A set has an element at least.
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

    /// Ends a consent with its id. What rests on it is worth nothing from then on, also if the user agrees again.
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

    /// Withdraws a grant with everything that rests on it; says how many families that ended.
    ///
    /// The consent goes first: from then on nothing that rests on it is exchanged (the exchange compares its id), so
    /// the families read afterwards are all there will be. Codes that were issued without asking rest on no consent
    /// and are deleted. Cut short, the withdrawal has not been acknowledged, the families left over still show as
    /// granted, and withdrawing the grant again ends them. A refresh that races this either rotates before its family
    /// ends, and the successor dies with the family, or fails on the end. `spared` is left to the caller.
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

    /// Withdraws all grants of a user, and signs out what is in flight; says how many families that ended. The epoch
    /// moves first, so that what was issued before is worth nothing, then consents and families end. A family may begin
    /// between the two on a consent that is still to end, so all families end, of whichever epoch. Cut short, it
    /// has not been acknowledged, and a repeated call ends what is left.
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
