//! Authorization codes and client assertions, both of single use, and revoked access tokens of reused codes.

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use ratchet_domain::{
    code::{AuthorizationCode, CODE_MEMORY, IssuedAccessToken, Redeemed},
    consent::RestsOn,
    family::Family,
    grant::GrantKey,
    ids::{ClientId, CodeId, UserId},
    time::Timestamp,
};

use super::{
    Store,
    calls::{send_delete, send_update},
    error::{CommitError, StoreError},
    item::{from_item, seconds, to_item},
    keys::{CODE_PREFIX, Key, TTL},
};

/// The exchange of a code, to be stored.
#[derive(Debug, Clone, Copy)]
pub struct CodeExchange<'a> {
    /// The user of the code.
    pub user_id: &'a UserId,
    /// Id of the code.
    pub code_id: CodeId,
    /// The record of the exchange.
    pub redeemed: &'a Redeemed,
    /// The family that begins with it.
    pub family: Option<&'a Family>,
    /// The consent that the code rests on: the exchange requires that this very consent still exists.
    pub rests_on: &'a RestsOn,
}

const UNUSED: &str = "attribute_exists(PK) AND attribute_not_exists(redeemed)";
const USE: &str = "SET redeemed = :redeemed, #ttl = :ttl";

impl Store {
    /// Stores a new code.
    pub async fn put_code(&self, id: CodeId, code: &AuthorizationCode) -> Result<(), CommitError> {
        let ttl = Some(code.expires_at.plus(CODE_MEMORY));
        self.create_item(to_item(&Key::code(&code.user_id, id), code, ttl)?)
            .await
    }

    /// A code by its id.
    pub async fn load_code(
        &self,
        user: &UserId,
        id: CodeId,
    ) -> Result<Option<AuthorizationCode>, StoreError> {
        self.load(&Key::code(user, id)).await
    }

    /// Marks a code as exchanged and creates its family, both or neither. A conflict means that another request was
    /// first, or that the consent that the code rests on was withdrawn. Without family or consent it is one plain
    /// update.
    pub async fn commit_code(&self, exchange: CodeExchange<'_>) -> Result<(), CommitError> {
        let redeemed = serde_dynamo::to_attribute_value(exchange.redeemed)
            .map_err(|e| StoreError::Refused(e.to_string()))?;
        let key = Key::code(exchange.user_id, exchange.code_id);
        let ttl = seconds(exchange.redeemed.at.plus(CODE_MEMORY));
        let consent = self.check_consent(exchange.rests_on)?;
        if exchange.family.is_none() && consent.is_none() {
            let update = self
                .update(&key)
                .update_expression(USE)
                .condition_expression(UNUSED)
                .expression_attribute_names("#ttl", TTL)
                .expression_attribute_values(":redeemed", redeemed)
                .expression_attribute_values(":ttl", ttl);
            return send_update(update).await;
        }
        let refused = |e: aws_sdk_dynamodb::error::BuildError| StoreError::Refused(e.to_string());
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(key.to_item()))
            .update_expression(USE)
            .condition_expression(UNUSED)
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":redeemed", redeemed)
            .expression_attribute_values(":ttl", ttl)
            .build()
            .map_err(refused)?;
        let mut writes = vec![TransactWriteItem::builder().update(update).build()];
        writes.extend(consent);
        if let Some(family) = exchange.family {
            writes.extend(self.creation_writes(family)?);
        }
        self.transact(writes).await
    }

    /// Deletes a user's codes of these grants that have not been exchanged, and returns their number. An exchanged code
    /// keeps its family. A code that cannot be read may be of any grant and is deleted, too: no exchange could read it.
    pub async fn delete_codes(
        &self,
        user: &UserId,
        now: Timestamp,
        is_of: impl Fn(&GrantKey) -> bool,
    ) -> Result<usize, StoreError> {
        let mut deleted = 0;
        for item in self.query_user(user, CODE_PREFIX).await? {
            let key = Key::of_item(&item)?;
            let is_due = match from_item::<AuthorizationCode>(&key, item) {
                Ok(code) => code.is_open(now) && is_of(&code.rests_on().grant),
                Err(error) => {
                    tracing::warn!(%error, "a code that cannot be read is deleted");
                    true
                }
            };
            if is_due {
                deleted += usize::from(self.delete_unused(&key).await?);
            }
        }
        Ok(deleted)
    }

    async fn delete_unused(&self, code: &Key) -> Result<bool, StoreError> {
        let delete = self
            .delete(code)
            .condition_expression("attribute_not_exists(redeemed)");
        // The family of a code that was exchanged meanwhile ends with the grant.
        CommitError::written(send_delete(delete).await)
    }

    /// Stores that an access token is revoked, until it would have expired.
    pub async fn put_revoked_access_token(
        &self,
        user: &UserId,
        token: &IssuedAccessToken,
    ) -> Result<(), StoreError> {
        let mut item = Key::revoked(user, &token.digest).to_item();
        item.insert(TTL.to_owned(), seconds(token.expires_at));
        self.put_item(item).await
    }

    /// Stores that a client assertion was used; a conflict means that it was used before.
    pub async fn put_assertion(
        &self,
        client: &ClientId,
        digest: &str,
        expires_at: Timestamp,
    ) -> Result<(), CommitError> {
        let mut item = Key::assertion(client, digest).to_item();
        item.insert(TTL.to_owned(), seconds(expires_at));
        self.create_item(item).await
    }
}
