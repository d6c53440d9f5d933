//! Many runs on one engine, and every place where memory may run out.

use std::time::Duration;

use ratchet_scripts::engine::{Engine, Limits, ScriptFailure};

use crate::fixtures::{limits, rules, run};

#[tokio::test]
async fn a_runtime_does_not_grow_with_its_runs() {
    let engine = Engine::new(limits());
    let run = run(&rules(&["async function (user, context, callback) {
        const cycle = { user }; cycle.self = cycle;
        setTimeout(() => {}, 60000);
        await auth0.users.updateAppMetadata(user.user_id, { a: 1 });
        new Promise(() => {});
        Promise.reject(new Error('unheard'));
        callback(null, user, context);
    }"]));
    let mut early = 0;
    let mut late = 0;
    for n in 0..2_000 {
        let report = engine.run(run.clone()).await;
        assert!(report.result.is_ok(), "{report:?}");
        if (100..200).contains(&n) {
            early = early.max(report.usage.memory);
        }
        if n >= 1_900 {
            late = late.max(report.usage.memory);
        }
    }
    assert!(late <= early + early / 10, "{early} bytes, then {late}");
    assert!(late < 16 * 1024 * 1024, "{late}");
}

#[tokio::test]
async fn wherever_memory_ends_the_process_goes_on() {
    // Each run reaches the limit at another place in the language's own machinery.
    let machinery = "async function (user, context, callback) {
        const all = [];
        async function* numbers() { for (let i = 0;; i++) yield { i, text: 'n' + i }; }
        for await (const { i, text } of numbers()) {
            all.push(new Promise((resolve) => setImmediate(resolve)).then(() => text),
                class A { static x = i; #y = text; get y() { return this.#y; } },
                new Map([[text, i]]), new Proxy({}, {}), /(a)(b)?/.exec('ab'), BigInt(i) ** 20n,
                JSON.parse(JSON.stringify({ text, list: [i, [i]] })), new Error(text), Symbol(text),
                `${text}`.split(''), new Date(i).toISOString(), new Uint8Array(100), [...text].sort());
            if (i % 100 === 99) await Promise.allSettled(all.slice(-20).filter((x) => x instanceof Promise));
        }
    }";
    let run = run(&rules(&[machinery]));
    for step in 0..60 {
        let engine = Engine::new(Limits {
            cpu: Duration::from_mins(10),
            memory: 600_000 + step * 20_011,
            ..limits()
        });
        let report = engine.run(run.clone()).await;
        assert_eq!(
            report.result,
            Err(ScriptFailure::Memory {
                script: "first".to_owned()
            }),
            "{step}"
        );
    }
}
