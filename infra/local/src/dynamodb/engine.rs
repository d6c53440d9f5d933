//! `DynamoDB`'s operations by their names in `X-Amz-Target`, with JSON bodies.

use std::fmt;

use dynoxide::{Database, DynoxideError};
use serde::{Serialize, de::DeserializeOwned};

/// Prefixes of an operation's name.
const SERVICES: [&str; 2] = ["DynamoDB_20120810.", "DynamoDBStreams_20120810."];

/// The database behind the two parts of the wire protocol: target and body.
pub(super) struct Engine(Database);

/// Answer of an operation.
pub(super) struct Answer {
    pub(super) status: u16,
    /// The body: JSON of the `DynamoDB` protocol.
    pub(super) body: String,
}

impl Engine {
    pub(super) const fn new(database: Database) -> Self {
        Self(database)
    }

    /// Runs one operation; blocks while the database works.
    pub(super) fn answer(&self, target: Option<&str>, body: &[u8]) -> Answer {
        let operation = target.and_then(|target| {
            SERVICES
                .iter()
                .find_map(|service| target.strip_prefix(service))
        });
        let outcome = operation.and_then(|operation| run(&self.0, operation, body));
        match outcome {
            Some(Ok(body)) => Answer { status: 200, body },
            Some(Err(error)) => Answer {
                status: error.status_code(),
                body: error.to_json(),
            },
            None => Answer::refusal("UnknownOperationException", None),
        }
    }
}

impl Answer {
    /// An error that AWS returns before it looks at the operation.
    pub(super) fn refusal(kind: &str, message: Option<&str>) -> Self {
        let mut body = serde_json::json!({
            "__type": format!("com.amazon.coral.service#{kind}"),
        });
        if let Some(message) = message {
            body["message"] = message.into();
        }
        Self {
            status: 400,
            body: body.to_string(),
        }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Engine")
    }
}

/// The table of operations; `None` for an unknown name.
fn run(database: &Database, operation: &str, body: &[u8]) -> Option<dynoxide::Result<String>> {
    macro_rules! operations {
        ($($name:literal => $method:ident,)*) => {
            match operation {
                $($name => json(body, |request| database.$method(request)),)*
                _ => return None,
            }
        };
    }
    Some(operations! {
        "BatchExecuteStatement" => batch_execute_statement,
        "BatchGetItem" => batch_get_item,
        "BatchWriteItem" => batch_write_item,
        "CreateTable" => create_table,
        "DeleteItem" => delete_item,
        "DeleteTable" => delete_table,
        "DescribeStream" => describe_stream,
        "DescribeTable" => describe_table,
        "DescribeTimeToLive" => describe_time_to_live,
        "ExecuteStatement" => execute_statement,
        "ExecuteTransaction" => execute_transaction,
        "GetItem" => get_item,
        "GetRecords" => get_records,
        "GetShardIterator" => get_shard_iterator,
        "ListStreams" => list_streams,
        "ListTables" => list_tables,
        "ListTagsOfResource" => list_tags_of_resource,
        "PutItem" => put_item,
        "Query" => query,
        "Scan" => scan,
        "TagResource" => tag_resource,
        "TransactGetItems" => transact_get_items,
        "TransactWriteItems" => transact_write_items,
        "UntagResource" => untag_resource,
        "UpdateItem" => update_item,
        "UpdateTable" => update_table,
        "UpdateTimeToLive" => update_time_to_live,
    })
}

fn json<Request: DeserializeOwned, Answer: Serialize>(
    body: &[u8],
    run: impl FnOnce(Request) -> dynoxide::Result<Answer>,
) -> dynoxide::Result<String> {
    let request = serde_json::from_slice(body)
        .map_err(|error| DynoxideError::SerializationException(error.to_string()))?;
    serde_json::to_string(&run(request)?)
        .map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine() -> Engine {
        Engine::new(Database::memory().unwrap())
    }

    fn answer(engine: &Engine, target: &str, body: &str) -> (u16, String) {
        let answer = engine.answer(Some(target), body.as_bytes());
        (answer.status, answer.body)
    }

    #[test]
    fn an_operation_is_run_and_a_refusal_has_the_services_type() {
        let engine = engine();
        let (status, body) = answer(&engine, "DynamoDB_20120810.ListTables", "{}");
        assert_eq!((status, body.as_str()), (200, r#"{"TableNames":[]}"#));
        let missing = r#"{"TableName":"nowhere"}"#;
        let (status, body) = answer(&engine, "DynamoDB_20120810.DescribeTable", missing);
        assert_eq!(status, 400);
        assert!(body.contains("#ResourceNotFoundException"), "{body}");
    }

    #[test]
    fn an_unknown_operation_and_a_broken_body_are_refused_as_aws_refuses_them() {
        let engine = engine();
        for target in [
            "DynamoDB_20120810.Guess",
            "Other.ListTables",
            "ListTables",
            "",
        ] {
            let (status, body) = answer(&engine, target, "{}");
            assert_eq!(status, 400);
            assert!(body.contains("#UnknownOperationException"), "{body}");
        }
        assert_eq!(engine.answer(None, b"{}").status, 400);
        for broken in ["", "{", "7"] {
            let (status, body) = answer(&engine, "DynamoDB_20120810.GetItem", broken);
            assert_eq!(status, 400);
            assert!(body.contains("#SerializationException"), "{body}");
        }
    }
}
