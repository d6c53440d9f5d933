//! Refresh token families as the store holds them, for tests of users with a long history: no test can log in fifty
//! thousand times.

use serde_json::{Value, json};

use crate::{apps::User, http::send, server::Server};

/// Maximum number of items in one request.
const BATCH: usize = 25;
/// Number of digits of a family's id that a copy replaces.
const DIGITS: usize = 12;

impl Server {
    /// The items of a user's families in the embedded DynamoDB of a server started with `--dynamodb-port`.
    pub async fn family_items(&self, user: &User) -> Vec<Value> {
        let (mut items, mut start) = (Vec::new(), Value::Null);
        loop {
            let mut query = json!({
                "TableName": "ratchet",
                "ConsistentRead": true,
                "KeyConditionExpression": "PK = :user AND begins_with(SK, :family)",
                "ExpressionAttributeValues": {
                    ":user": { "S": format!("USER#{}", user.id) },
                    ":family": { "S": "FAMILY" },
                },
            });
            if !start.is_null() {
                query["ExclusiveStartKey"] = start;
            }
            let answer = send(self.store_request("Query", &query, self.dynamodb_key())).await;
            assert_eq!(answer.status, 200, "{answer}");
            let mut page = answer.json();
            items.extend(page["Items"].as_array().expect("a list").iter().cloned());
            start = page["LastEvaluatedKey"].take();
            if start.is_null() {
                return items;
            }
        }
    }

    /// Stores the item of a family as version 0.1 did, under the same id, which looks like one with a time in it: one
    /// in 64 of that version's random ids did.
    pub async fn store_as_earlier(&self, item: &Value) {
        let key = json!({ "PK": item["PK"], "SK": item["SK"] });
        let delete = json!({ "TableName": "ratchet", "Key": key });
        let answer = send(self.store_request("DeleteItem", &delete, self.dynamodb_key())).await;
        assert_eq!(answer.status, 200, "{answer}");
        let mut item = item.clone();
        item["SK"] = json!({ "S": format!("FAMILY#{}", text(&item, "family_id")) });
        item["created_at"] = json!({ "N": "1700000000000" });
        self.put_items(&[item]).await;
    }

    /// Puts items into the embedded DynamoDB, bypassing the server.
    pub async fn put_items(&self, items: &[Value]) {
        for batch in items.chunks(BATCH) {
            let puts: Vec<Value> = batch
                .iter()
                .map(|item| json!({ "PutRequest": { "Item": item } }))
                .collect();
            let write = json!({ "RequestItems": { "ratchet": puts } });
            let request = self.store_request("BatchWriteItem", &write, self.dynamodb_key());
            let answer = send(request).await;
            assert_eq!(answer.status, 200, "{answer}");
            assert_eq!(answer.json()["UnprocessedItems"], json!({}), "{answer}");
        }
    }
}

/// The text of an attribute.
#[track_caller]
fn text<'a>(item: &'a Value, name: &str) -> &'a str {
    item[name]["S"]
        .as_str()
        .unwrap_or_else(|| panic!("`{name}` in {item}"))
}

/// A copy of a family whose id ends in this number: it is stored next to the original.
pub fn copy_of(item: &Value, number: usize) -> Value {
    let id = text(item, "family_id");
    let copied = format!("{}{number:0DIGITS$x}", &id[..id.len() - DIGITS]);
    let sort_key = text(item, "SK").replace(id, &copied);
    let mut copy = item.clone();
    copy["SK"] = json!({ "S": sort_key });
    copy["family_id"] = json!({ "S": copied });
    copy
}

/// A family whose lifetimes have ended.
pub fn expired(mut item: Value) -> Value {
    for name in ["idle_expires_at", "expires_at"] {
        item[name] = json!({ "N": "1" });
    }
    item
}

/// A family as version 0.1 stored it: under its id alone, which was random.
pub fn begun_earlier(mut item: Value, number: usize) -> Value {
    let id = format!("{number:08x}{}", "0".repeat(24));
    item["SK"] = json!({ "S": format!("FAMILY#{id}") });
    item["family_id"] = json!({ "S": id });
    item
}

/// The same, after its end.
pub fn ended_earlier(item: Value, number: usize) -> Value {
    let mut item = begun_earlier(item, number);
    item["ended_at"] = json!({ "N": "1800000000000" });
    item["ended_reason"] = json!({ "S": "revoked" });
    item
}
