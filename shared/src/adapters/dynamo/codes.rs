//! Authorization codes and client assertions, which are good once; access tokens of codes that came twice.

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};

use super::{
    Store,
    error::{CommitError, StoreError},
    item::{seconds, send_update, to_item},
    keys::{Key, TTL},
};
use crate::domain::{
    code::{AuthorizationCode, CODE_MEMORY, IssuedAccessToken, Redeemed},
    family::Family,
    ids::{ClientId, CodeId, UserId},
    time::Timestamp,
};

/// The exchange of a code, to be written down.
#[derive(Debug, Clone, Copy)]
pub struct CodeExchange<'a> {
    /// Whose code.
    pub user_id: &'a UserId,
    /// Which code.
    pub code_id: CodeId,
    /// What is remembered of the exchange.
    pub redeemed: &'a Redeemed,
    /// The family that begins with it.
    pub family: Option<&'a Family>,
    /// Whether the family rests on what the user agreed to on the consent page: it begins only if
    /// that has not been withdrawn since.
    pub rests_on_consent: bool,
}

const UNUSED: &str = "attribute_exists(PK) AND attribute_not_exists(redeemed)";
const USE: &str = "SET redeemed = :redeemed, #ttl = :ttl";

impl Store {
    /// Writes a new code.
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

    /// Uses a code up and begins its family, both or neither. A conflict says that another request
    /// was first, or that the consent it rests on was withdrawn.
    pub async fn commit_code(&self, exchange: CodeExchange<'_>) -> Result<(), CommitError> {
        let redeemed = serde_dynamo::to_attribute_value(exchange.redeemed)
            .map_err(|e| StoreError::Refused(e.to_string()))?;
        let key = Key::code(exchange.user_id, exchange.code_id);
        let ttl = seconds(exchange.redeemed.at.plus(CODE_MEMORY));
        let Some(family) = exchange.family else {
            let update = self
                .update(&key)
                .update_expression(USE)
                .condition_expression(UNUSED)
                .expression_attribute_names("#ttl", TTL)
                .expression_attribute_values(":redeemed", redeemed)
                .expression_attribute_values(":ttl", ttl);
            return send_update(update).await;
        };
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
        writes.extend(self.beginning_of(family, exchange.rests_on_consent)?);
        self.transact(writes).await
    }

    /// Writes down that an access token is revoked, until it would have expired.
    pub async fn put_revoked_access_token(
        &self,
        user: &UserId,
        token: &IssuedAccessToken,
    ) -> Result<(), StoreError> {
        let mut item = Key::revoked(user, &token.digest).to_item();
        item.insert(TTL.to_owned(), seconds(token.expires_at));
        self.put_item(item).await
    }

    /// Uses a client assertion up; a conflict says that it was used before.
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
