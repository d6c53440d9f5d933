//! What Rules are given, and what becomes of what they say.

use serde_json::json;
use shared::engine::ScriptFailure;

use crate::fixtures::{failure, output};

#[tokio::test]
async fn rules_run_in_order_and_hand_on_what_they_change() {
    let output = output(&[
        "function (user, context, callback) {
            context.idToken['https://example.com/roles'] = ['admin'];
            user.seen = 1;
            callback(null, user, context);
        }",
        "(user, context, callback) => { user.seen += 1; callback(null, user); };  // an arrow",
        "/* a comment */ async function named(user, context, callback) {
            await null;
            callback(null, { ...user, third: true }, context);
        }",
    ])
    .await;
    assert_eq!(
        output.user,
        json!({ "user_id": "auth0|1", "email": "ann@example.com", "seen": 2, "third": true })
    );
    assert_eq!(
        output.context["idToken"],
        json!({ "https://example.com/roles": ["admin"] })
    );
}

#[tokio::test]
async fn an_error_ends_the_chain_with_its_message_and_place() {
    let thrown = failure(&[
        "function (user, context, callback) {\n  callback(new Error('no'));\n}",
        "function (user, context, callback) { callback(new Error('never')); }",
    ])
    .await;
    assert_eq!(
        thrown,
        ScriptFailure::Threw {
            script: "first".to_owned(),
            message: "no".to_owned(),
            position: Some("first:2:16".to_owned()),
        }
    );
    let thrown = failure(&["function (user, context, callback) { null.x; }"]).await;
    let ScriptFailure::Threw { position, .. } = thrown else {
        panic!("{thrown:?}");
    };
    assert_eq!(position.as_deref(), Some("first:1:38"));
}

#[tokio::test]
async fn unauthorized_error_is_told_apart() {
    for source in [
        "function (user, context, callback) { callback(new UnauthorizedError('not you')); }",
        "async (user, context, callback) => { throw new UnauthorizedError('not you'); }",
    ] {
        assert_eq!(
            failure(&[source]).await,
            ScriptFailure::Unauthorized {
                script: "first".to_owned(),
                message: "not you".to_owned(),
            }
        );
    }
}
