//! `global`, in which Rules keep values for the next run.

use std::sync::Arc;

use ratchet_scripts::engine::{Engine, HostCall, Output, ScriptFailure};
use serde_json::json;

use crate::fixtures::{World, limits, rules, run};

async fn output(engine: &Engine, source: &str) -> Output {
    let report = engine.run(run(&rules(&[source]))).await;
    report.result.unwrap_or_else(|failure| panic!("{failure}"))
}

#[tokio::test]
async fn it_survives_runs_and_is_of_one_engine() {
    let engine = Engine::new(limits());
    let count = "function (user, context, callback) {
        global.count = (global.count || 0) + 1;
        global.list = global.list || [];
        global.list.push(user.email);
        user.count = [global.count, global.list.length];
        callback(null, user, context);
    }";
    for n in 1..=3 {
        assert_eq!(output(&engine, count).await.user["count"], json!([n, n]));
    }
    let other = Engine::new(limits());
    assert_eq!(output(&other, count).await.user["count"], json!([1, 1]));
}

#[tokio::test]
async fn a_function_left_in_it_reaches_the_world_of_the_run_that_calls_it() {
    let engine = Engine::new(limits());
    let keep = "function (user, context, callback) {
        global.help = global.help || function (id, done) {
            console.log('helping ' + id);
            setTimeout(() => auth0.users.updateAppMetadata(id, { helped: true }).then(() => done()), 1);
        };
        global.help(user.user_id, () => callback(null, user, context));
    }";
    for _ in 0..3 {
        let world = Arc::new(World::default());
        let mut run = run(&rules(&[keep]));
        run.host = world.clone();
        let report = engine.run(run).await;
        assert_eq!(report.result.map(|_| ()), Ok(()));
        assert_eq!(report.logs[0].text, "helping auth0|1");
        assert_eq!(
            *world.calls.lock().unwrap(),
            [HostCall::UpdateAppMetadata {
                user_id: "auth0|1".to_owned(),
                patch: json!({ "helped": true }).as_object().unwrap().clone(),
            }]
        );
    }
}

#[tokio::test]
async fn it_starts_empty_after_a_run_that_was_stopped_or_filled_it() {
    let engine = Engine::new(limits());
    let mark =
        "function (user, context, callback) { global.mark = 1; callback(null, user, context); }";
    let look = "function (user, context, callback) { user.mark = typeof global.mark; callback(null, user); }";
    for stop in [
        "function (user, context, callback) { for (;;) {} }",
        "function (user, context, callback) { const a = []; for (;;) a.push(new Array(100)); }",
        "function (user, context, callback) {
            global.large = 'x'.repeat(40e6); callback(null, user, context);
        }",
    ] {
        output(&engine, mark).await;
        assert_eq!(output(&engine, look).await.user["mark"], "number");
        engine.run(run(&rules(&[stop]))).await;
        assert_eq!(
            output(&engine, look).await.user["mark"],
            "undefined",
            "{stop}"
        );
    }
}

#[tokio::test]
async fn an_error_of_a_rule_does_not_empty_it() {
    let engine = Engine::new(limits());
    let fail = "function (user, context, callback) { global.mark = 1; throw new Error('no'); }";
    let report = engine.run(run(&rules(&[fail]))).await;
    assert!(matches!(report.result, Err(ScriptFailure::Threw { .. })));
    let look =
        "function (user, context, callback) { user.mark = global.mark; callback(null, user); }";
    assert_eq!(output(&engine, look).await.user["mark"], 1);
}

#[tokio::test]
async fn it_has_no_prototype_that_one_run_could_spoil_for_another() {
    let engine = Engine::new(limits());
    let look = "function (user, context, callback) {
        user.global = [Object.getPrototypeOf(global), typeof global.constructor, 'x' in global];
        callback(null, user, context);
    }";
    assert_eq!(
        output(&engine, look).await.user["global"],
        json!([null, "undefined", false])
    );
}
