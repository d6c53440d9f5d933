//! Scripts that do not end, or exhaust a limit. Each run ends within the limits, and the next run on the same engine
//! works and finds nothing of it.

use std::time::Duration;

use ratchet_scripts::engine::{Engine, Limits, Report, ScriptFailure};

use crate::fixtures::{limits, rules, run};

/// A Rule that fails if an earlier run has left anything behind.
const FINE: &str = "async function (user, context, callback) {
    await null;
    if (typeof leaked !== 'undefined' || global.leaked) throw new Error('something is left');
    setTimeout(() => callback(null, user, context), 1);
}";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    Cpu,
    Wall,
    Memory,
    /// By an error that the script could have caught.
    Error,
    Silently,
    Twice,
    Output,
    /// It does not fail at all.
    Well,
    /// By the limit of CPU time or of memory: the first one depends on the machine.
    Limit,
}

/// Limits with a short CPU time.
fn brief() -> Limits {
    Limits {
        cpu: Duration::from_millis(100),
        ..limits()
    }
}

/// Limits with enough time, on any machine, for every script that ends by itself. Another would never end.
fn patient(limits: Limits) -> Limits {
    Limits {
        cpu: Duration::from_mins(10),
        ..limits
    }
}

fn ending(report: &Report) -> Ends {
    match &report.result {
        Ok(_) => Ends::Well,
        Err(ScriptFailure::CpuTime { .. }) => Ends::Cpu,
        Err(ScriptFailure::WallTime { .. }) => Ends::Wall,
        Err(ScriptFailure::Memory { .. }) => Ends::Memory,
        Err(ScriptFailure::Threw { .. }) => Ends::Error,
        Err(ScriptFailure::NeverCalledBack { .. }) => Ends::Silently,
        Err(ScriptFailure::CalledBackTwice { .. }) => Ends::Twice,
        Err(ScriptFailure::Output { .. }) => Ends::Output,
        Err(other) => panic!("{other:?}"),
    }
}

/// Runs each body as a Rule of its own, and a harmless Rule after each on the same engine. Only bodies that are to end
/// by a limit of time have one.
async fn end(limits: Limits, bodies: &[(&str, Ends)]) {
    let (brief, patient) = (Engine::new(limits), Engine::new(patient(limits)));
    let mut wrong: Vec<String> = Vec::new();
    for (body, expected) in bodies {
        let engine = match expected {
            Ends::Cpu | Ends::Wall | Ends::Limit => &brief,
            _ => &patient,
        };
        let source = format!("function (user, context, callback) {{ {body} }}");
        let report = engine.run(run(&rules(&[&source]))).await;
        let ending = match (ending(&report), expected) {
            (Ends::Cpu | Ends::Memory, Ends::Limit) => Ends::Limit,
            (ending, _) => ending,
        };
        if ending != *expected {
            wrong.push(format!("{body}: {:?}", report.result));
        }
        if let Err(failure) = after(engine, *expected).await {
            wrong.push(format!("after {body}: {failure}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Runs the harmless Rule. A busy machine may need several runs if each has little time until its answer.
async fn after(engine: &Engine, expected: Ends) -> Result<(), ScriptFailure> {
    loop {
        match engine.run(run(&rules(&[FINE]))).await.result {
            Ok(_) => return Ok(()),
            Err(ScriptFailure::WallTime { .. }) if expected == Ends::Wall => {}
            Err(failure) => return Err(failure),
        }
    }
}

#[tokio::test]
async fn cpu_time_ends_and_nothing_catches_that() {
    end(
        brief(),
        &[
            ("for (;;) {}", Ends::Cpu),
            ("for (;;) { try { for (;;) {} } catch (e) {} finally { for (;;) {} } }", Ends::Cpu),
            ("try { for (;;) {} } catch (e) { callback(null, user, context); }", Ends::Cpu),
            ("try { for (;;) {} } finally { callback(null, user, context); }", Ends::Cpu),
            ("callback(null, user, context); for (;;) {}", Ends::Cpu),
            ("leaked = global.leaked = 1; for (;;) {}", Ends::Cpu),
            ("const f = () => f(f()); try { f(); } catch (e) {} for (;;) f.call();", Ends::Error),
            ("new Function('for (;;) {}')()", Ends::Cpu),
            ("eval('for (;;) {}')", Ends::Cpu),
            ("[3, 2, 1].sort(() => { for (;;) {} })", Ends::Cpu),
            ("const a = Array.from({ length: 1e5 }, (_, i) => i); for (;;) a.sort(() => Math.random() - 0.5)", Ends::Cpu),
            ("function* g() { for (;;) yield 1; } for (const x of g()) {}", Ends::Cpu),
            ("const i = { [Symbol.iterator]() { return this; }, next() { return { done: false }; }, return() { for (;;) {} } }; for (const x of i) {}", Ends::Cpu),
            ("const i = { [Symbol.iterator]() { return this; }, next() { return { done: false }; } }; new Set(i)", Ends::Cpu),
            ("({ get x() { for (;;) {} } }).x", Ends::Cpu),
            ("`${{ toString() { for (;;) {} } }}`", Ends::Cpu),
            ("new Proxy({}, { get() { for (;;) {} } }).x", Ends::Cpu),
            ("(async () => { for (;;) await null; })()", Ends::Cpu),
            ("(async () => { try { for (;;) {} } catch (e) { callback(); } })(); ", Ends::Cpu),
            ("const t = { then(f) { f(t); } }; Promise.resolve(t)", Ends::Cpu),
            ("const f = () => Promise.resolve().then(f); f()", Ends::Limit),
            ("const f = () => { queueMicrotask(f); queueMicrotask(f); }; f()", Ends::Limit),
            ("const f = () => setImmediate(f); f()", Ends::Cpu),
            ("setInterval(() => { for (let i = 0; i < 1e6; i++); }, 0)", Ends::Cpu),
            ("setTimeout(() => { for (;;) {} }, 1)", Ends::Cpu),
            ("auth0.users.updateAppMetadata('a', {}).then(() => { for (;;) {} })", Ends::Cpu),
        ],
    )
    .await;
}

#[tokio::test]
async fn native_loops_end_as_well() {
    end(
        brief(),
        &[
            ("/(a+)+$/.test('a'.repeat(40) + 'b')", Ends::Cpu),
            (
                "/^(([a-z])+.)+[A-Z]([a-z])+$/.exec('a'.repeat(64))",
                Ends::Cpu,
            ),
            ("'a'.repeat(1e5).replace(/(.*)*x/g, '')", Ends::Cpu),
            (
                "Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)",
                Ends::Cpu,
            ),
            (
                "Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1)",
                Ends::Cpu,
            ),
            (
                "Array.prototype.lastIndexOf.call({ length: 2 ** 53 - 1 }, 1)",
                Ends::Cpu,
            ),
            (
                "Array.prototype.forEach.call({ length: 2 ** 53 - 1 }, () => {})",
                Ends::Cpu,
            ),
            ("new Array(4294967295).forEach(() => {})", Ends::Cpu),
            ("new Array(4294967295).indexOf(1)", Ends::Cpu),
            (
                "for (;;) new Array(1e5).fill(0).reverse().indexOf(1)",
                Ends::Cpu,
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn memory_ends() {
    end(
        Limits {
            memory: 16 * 1024 * 1024,
            ..limits()
        },
        &[
            ("const a = []; for (;;) a.push({})", Ends::Memory),
            ("const a = []; for (;;) { try { for (;;) a.push(new Array(1000).fill(0)); } catch (e) {} }", Ends::Memory),
            ("let s = 'x'; for (;;) s += s", Ends::Error),
            ("'x'.repeat(5e8)", Ends::Memory),
            ("'x'.padEnd(5e8)", Ends::Memory),
            ("new Uint8Array(1e9)", Ends::Memory),
            ("new ArrayBuffer(1e9)", Ends::Memory),
            ("JSON.stringify(new Array(1e8).fill(0))", Ends::Memory),
            ("const a = []; for (;;) a.push(() => a)", Ends::Memory),
            ("const m = new Map(); for (let i = 0;; i++) m.set(i, i)", Ends::Memory),
            ("const a = []; (async () => { for (;;) { a.push(new Array(1000).fill(1)); await null; } })()", Ends::Memory),
            ("const a = []; for (;;) a.push(new Promise(() => {}))", Ends::Memory),
            ("const a = []; for (;;) a.push(Promise.reject(1))", Ends::Memory),
            ("global.leaked = []; for (;;) global.leaked.push('x'.repeat(1000) + Math.random())", Ends::Memory),
            ("let o = {}; for (;;) o = { o }", Ends::Memory),
            ("let f = () => {}; for (;;) { const g = f; f = () => g; }", Ends::Memory),
            ("for (let i = 0;; i++) globalThis['leaked' + i] = i", Ends::Memory),
            ("for (let i = 0;; i++) Symbol.for('leaked' + i)", Ends::Cpu),
            ("let r = ''; for (;;) r = new RegExp(r.source + '(a|b)*').source", Ends::Limit),
            ("const a = [1]; for (;;) a.push(...a)", Ends::Error),
            ("eval('[' + '0,'.repeat(2e7) + ']')", Ends::Memory),
        ],
    )
    .await;
}

#[tokio::test]
async fn the_stack_ends_in_an_error_that_can_be_caught() {
    end(
        limits(),
        &[
            ("const f = () => f() + 1; f()", Ends::Error),
            ("const f = () => f() + 1; try { f(); } catch (e) { callback(e instanceof RangeError ? null : e); }", Ends::Well),
            ("const o = { toString() { return `${o}`; } }; `${o}`", Ends::Error),
            ("const o = { get x() { return o.x; } }; o.x", Ends::Error),
            ("const o = { valueOf() { return +o; } }; +o", Ends::Error),
            ("const o = { toJSON() { return JSON.stringify(o); } }; JSON.stringify(o)", Ends::Error),
            ("let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); p.x", Ends::Error),
            ("let p = function () {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); p()", Ends::Error),
            ("let f = function () {}; for (let i = 0; i < 1e5; i++) f = f.bind(null); f()", Ends::Memory),
            ("const h = {}; const p = new Proxy({}, h); Object.setPrototypeOf(h, p); p.x", Ends::Error),
            ("JSON.parse('['.repeat(1e6))", Ends::Error),
            ("JSON.parse('{\"a\":'.repeat(1e6))", Ends::Error),
            ("let a = []; for (let i = 0; i < 1e5; i++) a = [a]; JSON.stringify(a)", Ends::Error),
            ("let a = []; for (let i = 0; i < 1e5; i++) a = [a]; a.flat(Infinity)", Ends::Error),
            ("let a = []; for (let i = 0; i < 1e5; i++) a = [a]; `${a}`", Ends::Error),
            ("new RegExp('('.repeat(1e5) + ')'.repeat(1e5))", Ends::Error),
            ("new RegExp('(?:a'.repeat(1e5) + ')*'.repeat(1e5)).test('a')", Ends::Error),
            ("new RegExp('(?='.repeat(1e4) + ')'.repeat(1e4)).test('a')", Ends::Error),
            ("eval('('.repeat(1e6))", Ends::Error),
            ("eval('['.repeat(1e6))", Ends::Error),
            ("eval('a=>'.repeat(1e6))", Ends::Error),
            ("eval('-'.repeat(1e6) + '1')", Ends::Error),
            ("eval('{'.repeat(1e6))", Ends::Error),
            ("eval('a?'.repeat(1e6))", Ends::Error),
            ("[1, 2].sort(function f() { return [1, 2].sort(f); })", Ends::Error),
            ("(function f() { new Function('f', 'f()')(f); })()", Ends::Error),
            ("(function f() { eval('f()'); })()", Ends::Error),
            ("class A { constructor() { new A(); } } new A()", Ends::Error),
            ("function* g() { yield* g(); } [...g()]", Ends::Error),
            ("const a = []; a[0] = a; a.toString(); callback()", Ends::Error),
            ("'x'.replace(/x/, function f() { return 'x'.replace(/x/, f); })", Ends::Error),
            ("Reflect.construct(function f() { Reflect.construct(f, []); }, [])", Ends::Error),
            ("(async function f() { await f(); })().catch(() => callback())", Ends::Well),
            ("(async function f(a, b, c, d, e) { return f(a, b, c, d, e); })().catch(() => callback())", Ends::Well),
            ("(async function* f() { for await (const x of f()) yield x; })().next()", Ends::Error),
        ],
    )
    .await;
}

#[tokio::test]
async fn deep_recursion_of_async_functions_of_every_size_is_survived() {
    // QuickJS can still settle the promise, with any room left at the end of the stack.
    let engine = Engine::new(patient(limits()));
    for locals in 0..48 {
        let names: Vec<String> = (0..locals).map(|n| format!("v{n} = {n}")).collect();
        let source = format!(
            "function (user, context, callback) {{
                async function f({}) {{ await f(); }}
                f().then(() => callback(), () => callback());
            }}",
            names.join(", ")
        );
        let report = engine.run(run(&rules(&[&source]))).await;
        assert_eq!(ending(&report), Ends::Well, "{locals}: {:?}", report.result);
    }
}

#[tokio::test]
async fn waiting_ends() {
    let mut limits = limits();
    limits.wall = Duration::from_secs(1);
    end(
        limits,
        &[
            ("setTimeout(callback, 60000)", Ends::Wall),
            ("setInterval(() => {}, 50)", Ends::Wall),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_rule_that_never_calls_back_ends_and_floods_are_rejected() {
    end(
        limits(),
        &[
            ("", Ends::Silently),
            (
                "(async () => { await new Promise(() => {}); callback(); })()",
                Ends::Silently,
            ),
            ("Promise.reject(new Error('unheard'))", Ends::Error),
            ("callback(); callback()", Ends::Twice),
            (
                "callback(); Promise.resolve().then(() => callback())",
                Ends::Twice,
            ),
            (
                "for (let i = 0; i < 1e6; i++) setTimeout(() => {}, 1e6)",
                Ends::Error,
            ),
            (
                "for (let i = 0; i < 1e6; i++) auth0.users.updateAppMetadata('a', {})",
                Ends::Error,
            ),
            ("setTimeout(() => {}, Infinity); callback()", Ends::Well),
        ],
    )
    .await;
}

#[tokio::test]
async fn the_output_of_a_script_is_json_of_bounded_size_or_an_error() {
    end(
        brief(),
        &[
            ("callback(null, 1)", Ends::Output),
            ("callback(null, 'text', context)", Ends::Output),
            ("callback(null, user, null)", Ends::Well),
            ("callback(null, [])", Ends::Output),
            ("user.self = user; callback(null, user)", Ends::Output),
            ("user.big = 10n; callback(null, user)", Ends::Output),
            ("user.x = 'x'.repeat(2e6); callback(null, user)", Ends::Output),
            ("user.toJSON = () => undefined; callback(null, user)", Ends::Output),
            ("user.toJSON = () => { for (;;) {} }; callback(null, user)", Ends::Cpu),
            ("user.toJSON = () => { throw new Error('no'); }; callback(null, user)", Ends::Output),
            ("Object.defineProperty(user, 'x', { enumerable: true, get() { for (;;) {} } }); callback(null, user)", Ends::Cpu),
            ("callback(null, user, new Proxy(context, {}))", Ends::Well),
            ("callback(null, user, new Proxy({}, { ownKeys() { for (;;) {} } }))", Ends::Cpu),
            ("let a = []; for (let i = 0; i < 200; i++) a = [a]; user.a = a; callback(null, user)", Ends::Output),
            ("user.half = '\\ud83d!'; callback(null, user)", Ends::Well),
            ("callback(new Proxy({}, { get() { for (;;) {} } }))", Ends::Cpu),
            ("callback({ get message() { throw 1; } })", Ends::Error),
            ("throw undefined", Ends::Error),
            ("throw null", Ends::Error),
            ("callback('just a text')", Ends::Error),
            ("callback(new Error('x'.repeat(1e6)))", Ends::Error),
            ("const e = new Error('x'); Object.defineProperty(e, 'stack', { get() { for (;;) {} } }); throw e", Ends::Cpu),
        ],
    )
    .await;
}
