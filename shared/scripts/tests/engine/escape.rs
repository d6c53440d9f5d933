//! No script reaches anything of the host, and no run reaches another.

use ratchet_scripts::engine::Engine;
use serde_json::json;

use crate::fixtures::{limits, output, rules, run};

/// The value of this expression in a Rule.
async fn found(expression: &str) -> serde_json::Value {
    let source = format!(
        "async function (user, context, callback) {{
            let found;
            try {{ found = await ({expression}); }} catch (error) {{ found = 'threw'; }}
            user.found = found === undefined ? 'undefined' : found;
            callback(null, user, context);
        }}"
    );
    output(&[&source]).await.user["found"].clone()
}

#[tokio::test]
async fn there_is_no_host_to_reach() {
    for (expression, expected) in [
        (
            "typeof std + typeof os + typeof Deno + typeof Bun",
            "undefinedundefinedundefinedundefined",
        ),
        (
            "typeof scriptArgs + typeof print + typeof WebAssembly",
            "undefinedundefinedundefined",
        ),
        ("import('fs')", "threw"),
        ("import('std')", "threw"),
        ("import('os')", "threw"),
        ("import('/etc/passwd')", "threw"),
        ("import('./first')", "threw"),
        ("require('fs').readFileSync('/etc/passwd')", "threw"),
        ("require('child_process').execSync('id')", "threw"),
        ("require('/etc/passwd')", "threw"),
        (
            "constructor.constructor('return process')().mainModule.require('fs')",
            "threw",
        ),
        ("Function('return this')() === globalThis", "yes"),
        ("(0, eval)('this') === globalThis", "yes"),
        (
            "console.log.constructor('return this')() === globalThis",
            "yes",
        ),
        (
            "setTimeout.constructor('return this')() === globalThis",
            "yes",
        ),
        (
            "callback.constructor('return this')() === globalThis",
            "yes",
        ),
        (
            "auth0.users.updateAppMetadata.constructor('return this')() === globalThis",
            "yes",
        ),
        (
            "Object.keys(callback).concat(Object.getOwnPropertyNames(callback)).filter((name) => !['length', 'name'].includes(name)).length === 0",
            "yes",
        ),
        ("typeof FinalizationRegistry", "undefined"),
        (
            "Atomics.wait(new Int32Array(new SharedArrayBuffer(8)), 0, 0)",
            "threw",
        ),
    ] {
        let found = found(expression).await;
        let expected = match expected {
            "yes" => json!(true),
            other => json!(other),
        };
        assert_eq!(found, expected, "{expression}");
    }
}

#[tokio::test]
async fn a_global_replaced_in_one_run_is_restored_in_the_next() {
    let engine = Engine::new(limits());
    let spoil = "function (user, context, callback) {
        Object.prototype.polluted = true;
        Array.prototype.push = String.prototype.split = function () { throw new Error('spoiled'); };
        Promise.prototype.then = Promise.resolve = undefined;
        JSON.stringify = JSON.parse = () => 'spoiled';
        Object.defineProperty(globalThis, 'console', { value: 1 });
        globalThis.implicit = 1;
        leaked = 2;
        Function.prototype.call = Function.prototype.apply = null;
        if (global.__proto__) global.__proto__.throughGlobal = true;
        delete globalThis.setTimeout;
        callback(null, user, context);
    }";
    let look = "async function (user, context, callback) {
        await null;
        user.found = [
            typeof {}.polluted, typeof [].push, typeof 'a'.split, typeof Promise.prototype.then,
            JSON.stringify({ a: 1 }), typeof console, typeof implicit, typeof leaked, typeof setTimeout,
            typeof {}.throughGlobal,
        ];
        callback(null, user, context);
    }";
    for _ in 0..3 {
        let spoiled = engine.run(run(&rules(&[spoil]))).await.result.unwrap();
        assert_eq!(spoiled.user["email"], "ann@example.com");
        let output = engine.run(run(&rules(&[look]))).await.result.unwrap();
        assert_eq!(
            output.user["found"],
            json!([
                "undefined",
                "function",
                "function",
                "function",
                "{\"a\":1}",
                "object",
                "undefined",
                "undefined",
                "function",
                "undefined",
            ])
        );
    }
}

#[tokio::test]
async fn replaced_intrinsics_do_not_confuse_the_engine() {
    let output = output(&[
        "function (user, context, callback) {
            JSON.stringify = () => '{}';
            Promise.prototype.then = null;
            Array.prototype.push = null;
            Array.prototype[Symbol.iterator] = null;
            Object.defineProperty(Object.prototype, 'user_id', { set() { throw new Error('set'); }, get() {} });
            Error.prepareStackTrace = () => { throw new Error('stack'); };
            globalThis.queueMicrotask = null;
            user.kept = [1, { a: 'b' }];
            setTimeout(() => callback(null, user, context), 1);
        }",
        "async function (user, context, callback) { await 1; callback(null, user, context); }",
    ])
    .await;
    assert_eq!(
        output.user,
        json!({ "user_id": "auth0|1", "email": "ann@example.com", "kept": [1, { "a": "b" }] })
    );
}

#[tokio::test]
async fn a_polluted_to_json_changes_what_the_rule_itself_says_and_no_more() {
    let engine = Engine::new(limits());
    let pollute = "function (user, context, callback) {
        Object.prototype.toJSON = function () { return { forged: true }; };
        callback(null, user, context);
    }";
    let output = engine.run(run(&rules(&[pollute]))).await.result.unwrap();
    assert_eq!(output.user, json!({ "forged": true }));
    let fine = "function (user, context, callback) { callback(null, user, context); }";
    let output = engine.run(run(&rules(&[fine]))).await.result.unwrap();
    assert_eq!(output.user["user_id"], "auth0|1");
}
