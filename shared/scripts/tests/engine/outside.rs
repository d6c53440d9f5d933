//! Calls of scripts to the host, to `console` and to timers.

use std::{sync::Arc, time::Duration};

use ratchet_domain::secret::Secret;
use ratchet_scripts::engine::{Engine, HostCall, LogLevel, ScriptFailure};
use serde_json::json;

use crate::fixtures::{World, failure, limits, output, report, rules, run};

#[tokio::test]
async fn metadata_is_updated_with_a_promise_or_a_callback() {
    let world = Arc::new(World::default());
    let mut run = run(&rules(&[
        "function (user, context, callback) {
            auth0.users.updateAppMetadata(user.user_id, { plan: 'gold' })
                .then((stored) => { user.app_metadata = stored; callback(null, user, context); })
                .catch(callback);
        }",
        "function (user, context, callback) {
            Promise = Promise.prototype.then = undefined;
            auth0.users.updateUserMetadata(user.user_id, { theme: null }, (error, stored) => {
                user.user_metadata = stored;
                callback(error, user, context);
            });
        }",
    ]));
    run.host = world.clone();
    let output = Engine::new(limits()).run(run).await.result.unwrap();
    assert_eq!(output.user["app_metadata"], json!({ "plan": "gold" }));
    assert_eq!(output.user["user_metadata"], json!({ "theme": null }));
    assert_eq!(world.calls.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_refusal_of_the_world_is_an_error_to_catch() {
    let output = output(&["async function (user, context, callback) {
        try {
            await auth0.users.updateAppMetadata(user.user_id, { refuse: true });
        } catch (error) {
            user.refused = [error.message, error instanceof Error];
        }
        for (const wrong of [() => auth0.users.updateAppMetadata(1, {}),
                             () => auth0.users.updateAppMetadata('a', 1)]) {
            try { await wrong(); } catch (error) { user.refused.push(error.message); }
        }
        callback(null, user, context);
    }"])
    .await;
    assert_eq!(
        output.user["refused"],
        json!([
            "refused",
            true,
            "the user's ID is no string",
            "the metadata is no object"
        ])
    );
}

#[tokio::test]
async fn a_call_that_a_rule_does_not_await_is_completed() {
    let world = Arc::new(World {
        delay: Duration::from_millis(50),
        ..World::default()
    });
    let mut run = run(&rules(&["function (user, context, callback) {
        auth0.users.updateAppMetadata(user.user_id, { seen: true });
        callback(null, user, context);
    }"]));
    run.host = world.clone();
    let report = Engine::new(limits()).run(run).await;
    assert!(report.result.is_ok());
    assert_eq!(
        *world.calls.lock().unwrap(),
        [HostCall::UpdateAppMetadata {
            user_id: "auth0|1".to_owned(),
            patch: json!({ "seen": true }).as_object().unwrap().clone(),
        }]
    );
    assert_eq!(world.done.load(std::sync::atomic::Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_world_that_does_not_answer_is_not_waited_for_longer_than_allowed() {
    let mut run = run(&rules(&["function (user, context, callback) {
        auth0.users.updateAppMetadata(user.user_id, {}).then(() => callback());
    }"]));
    run.host = Arc::new(World {
        delay: Duration::from_mins(10),
        ..World::default()
    });
    let mut limits = limits();
    limits.wall = Duration::from_millis(200);
    let report = Engine::new(limits).run(run).await;
    assert_eq!(
        report.result,
        Err(ScriptFailure::WallTime {
            script: "first".to_owned()
        })
    );
    // The host would have answered by then.
    assert!(
        report.usage.wall < Duration::from_mins(10),
        "{:?}",
        report.usage
    );
}

#[tokio::test]
async fn console_is_kept_by_level_and_script_up_to_a_limit() {
    let report = report(&[
        "function (user, context, callback) {
            console.log('a', 1, { b: [true, null] }, undefined, NaN);
            console.error(new TypeError('bad'), function named() {});
            callback(null, user, context);
        }",
        "function (user, context, callback) {
            setTimeout(() => { console.warn('later'); callback(null, user, context); }, 1);
        }",
        "function (user, context, callback) {
            for (let i = 0; i < 1e4; i++) console.debug('x'.repeat(100));
            callback(null, user, context);
        }",
    ])
    .await;
    assert!(report.result.is_ok());
    let lines: Vec<_> = report.logs[..3]
        .iter()
        .map(|line| (line.level, line.script.as_str()))
        .collect();
    assert_eq!(
        lines,
        [
            (LogLevel::Info, "first"),
            (LogLevel::Error, "first"),
            (LogLevel::Warn, "second"),
        ]
    );
    assert_eq!(report.logs[0].text, "a 1 {\"b\":[true,null]} undefined NaN");
    assert!(report.logs[1].text.starts_with("TypeError: bad\n"));
    assert!(report.logs[1].text.ends_with("[Function: named]"));
    let size: usize = report.logs.iter().map(|line| line.text.len()).sum();
    assert!(size < limits().logs + 100, "{size}");
    assert!(
        report
            .logs
            .last()
            .unwrap()
            .text
            .ends_with("[the rest is cut off]")
    );
}

#[tokio::test]
async fn timers_run_in_the_order_of_their_times() {
    let output = output(&["function (user, context, callback) {
        const order = [];
        const far = setTimeout(() => order.push('far'), 1e9);
        const never = setTimeout(() => order.push('never'), 5);
        clearTimeout(never);
        setTimeout((a, b) => order.push(a + b), 1, 'a', 'b');
        setTimeout(() => order.push('later'), 20);
        setImmediate(() => order.push('immediate'));
        queueMicrotask(() => order.push('microtask'));
        let n = 0;
        setTimeout(() => {
            const every = setInterval(() => {
                order.push(++n);
                if (n < 2) return;
                clearInterval(every);
                clearTimeout(far);
                setTimeout(() => { user.order = order; callback(null, user, context); }, 1);
            }, 3);
        }, 20);
    }"])
    .await;
    assert_eq!(
        output.user["order"],
        json!(["microtask", "immediate", "ab", "later", 1, 2])
    );
}

#[tokio::test]
async fn an_exception_in_a_timer_is_an_error_of_its_rule() {
    let thrown = failure(&[
        "function (user, context, callback) {
            setTimeout(() => { throw new Error('late'); }, 5);
            callback(null, user, context);
        }",
        "function (user, context, callback) { setTimeout(() => callback(null, user, context), 50); }",
    ])
    .await;
    assert!(
        matches!(&thrown, ScriptFailure::Threw { script, message, .. } if script == "first" && message == "late"),
        "{thrown:?}"
    );
}

#[tokio::test]
async fn rules_see_the_configuration_and_the_tenant() {
    let mut scripts = rules(&["function (user, context, callback) {
        user.found = [configuration.KEY, auth0.domain, auth0.baseUrl, typeof auth0.accessToken];
        callback(null, user, context);
    }"]);
    scripts
        .configuration
        .insert("KEY".to_owned(), Secret::new("value"));
    let output = Engine::new(limits())
        .run(run(&scripts))
        .await
        .result
        .unwrap();
    assert_eq!(
        output.user["found"],
        json!([
            "value",
            "tenant.example",
            "https://tenant.example/api/v2",
            "undefined"
        ])
    );
}
