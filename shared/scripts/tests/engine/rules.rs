//! The input of Rules, and the effects of their output.

use ratchet_scripts::engine::{Engine, Program, ReadBack, ScriptFailure};
use serde_json::json;

use crate::fixtures::{actions, failure, limits, output, rules, run};

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
async fn an_unauthorized_error_is_distinguished_from_other_errors() {
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

#[tokio::test]
async fn a_script_that_does_not_compile_is_rejected_with_its_position() {
    let not_a_function = "a rule is one function: function (user, context, callback) { ... }";
    for (source, line, column, message) in [
        (
            "function (user, context, callback) { x y }",
            1,
            40,
            "expecting ';'",
        ),
        (
            "\n\n  function (user, context, callback) {\n    var 1;\n}",
            4,
            9,
            "variable name expected",
        ),
        ("// nothing", 1, 11, "unexpected end of input"),
        ("function (a) {", 1, 15, "unexpected end of input"),
        ("42", 1, 1, not_a_function),
        ("({})", 1, 1, not_a_function),
        ("'a' + 'b';", 1, 1, not_a_function),
    ] {
        let error = Program::compile(&rules(&[source])).unwrap_err();
        assert_eq!(
            (error.line, error.column, error.message.as_str()),
            (line, column, message),
            "{source}"
        );
        assert_eq!(error.script, "first");
        let mut checked = rules(&[source]);
        assert_eq!(Program::check_rule(&checked.rules.remove(0)), Err(error));
    }
    let error = Program::compile(&rules(&["nowhere"])).unwrap_err();
    assert!(
        error.message.starts_with("nowhere is not defined;"),
        "{error}"
    );
    let error = Program::compile(&rules(&["(() => { for (;;) {} })()"])).unwrap_err();
    assert!(error.message.contains(not_a_function), "{error}");
}

#[tokio::test]
async fn an_actions_code_is_refused_likewise() {
    for (source, line, column) in [
        (
            "exports.onExecutePostLogin = async (event, api) => { x y };",
            1,
            56,
        ),
        ("const a = 1;\nconst a = 2;", 2, 9),
    ] {
        let error = Program::compile(&actions(&[source])).unwrap_err();
        assert_eq!((error.line, error.column), (line, column), "{error}");
    }
    let threw = "const x = 1;\nexports.onExecutePostLogin = () => { null.x; };";
    let report = Engine::new(limits()).run(run(&actions(&[threw]))).await;
    let Err(ScriptFailure::Threw { position, .. }) = report.result else {
        panic!("{report:?}");
    };
    assert_eq!(position.as_deref(), Some("first:2:38"));
}

#[tokio::test]
async fn rules_are_sloppy_scripts_and_take_every_form_of_a_function() {
    for source in [
        "function (user, context, callback) { implicit = 1; user.x = this === globalThis; callback(null, user, context); }",
        "function rule(user, context, callback) { user.x = true; callback(null, user, context); };;",
        "(function (user, context, callback) { user.x = true; callback(null, user, context); })",
        "async (user, context, callback) => { user.x = true; callback(null, user, context); }",
        "/* a */ // b\n(user, context, callback) => callback(null, Object.assign(user, { x: true })) // c",
        "function (user, context, callback) { return callback(null, Object.assign(user, { x: true }), context); }\n\n/* end */",
        "function (user, context, callback) { with ({ x: true }) { user.x = x; } callback(null, user, context); }",
    ] {
        assert_eq!(output(&[source]).await.user["x"], true, "{source}");
    }
}

#[tokio::test]
async fn an_async_rule_that_returns_without_calling_back_has_no_answer() {
    assert_eq!(
        failure(&["async (user, context, callback) => user"]).await,
        ScriptFailure::NeverCalledBack {
            script: "first".to_owned()
        }
    );
}

#[tokio::test]
async fn values_without_effect_are_not_read_back_and_need_not_be_json() {
    let mut run = run(&rules(&[
        "function (user, context, callback) {
            user.self = undefined;
            user.nickname = 'ann';
            user.shoe_size = 38;
            user.app_metadata = { user };
            context.idToken['https://example.com/a'] = 1;
            context.big = 1n;
            callback(null, user, context);
        }",
        "function (user, context, callback) {
            context.accessToken['https://example.com/seen'] = typeof context.big + user.app_metadata.user.nickname;
            callback(null, user, context);
        }",
    ]));
    run.read_back = ReadBack::EffectsOnly;
    let output = Engine::new(limits()).run(run.clone()).await.result;
    let output = output.unwrap();
    assert_eq!(
        output.user,
        json!({ "email": "ann@example.com", "nickname": "ann", "shoe_size": 38 })
    );
    assert_eq!(
        output.context,
        json!({
            "idToken": { "https://example.com/a": 1 },
            "accessToken": { "https://example.com/seen": "bigintann" },
        })
    );
    run.read_back = ReadBack::All;
    let report = Engine::new(limits()).run(run).await;
    assert!(
        matches!(report.result, Err(ScriptFailure::Output { .. })),
        "{report:?}"
    );
}

#[tokio::test]
async fn a_result_that_is_no_object_is_rejected_even_if_only_effects_are_read() {
    for body in [
        "callback(null, [])",
        "callback(null, () => {})",
        "callback(null, user, [user])",
        "callback(null, user, 1)",
        "user.self = user; callback(null, user)",
        "user.big = 1n; callback(null, user)",
        "user.long = 'x'.repeat(2e6); callback(null, user)",
        "context.idToken.self = context.idToken; callback(null, user, context)",
        "Object.defineProperty(user, 'name', { enumerable: true, get() { throw new Error('no'); } }); callback(null, user)",
    ] {
        let source = format!("function (user, context, callback) {{ {body}; }}");
        let mut run = run(&rules(&[&source]));
        run.read_back = ReadBack::EffectsOnly;
        let report = Engine::new(limits()).run(run).await;
        assert!(
            matches!(report.result, Err(ScriptFailure::Output { .. })),
            "{body}: {:?}",
            report.result
        );
    }
}
