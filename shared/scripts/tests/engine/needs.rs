//! A context has everything that its script names, even if it has little of the language and the library.

use serde_json::{Value, json};

use crate::fixtures::output;

/// Checks the value of each expression, in a Rule of its own that needs nothing else.
async fn expect(cases: &[(&str, Value)]) {
    for (expression, expected) in cases {
        let source = format!(
            "function (user, context, callback) {{ user.found = {expression}; callback(null, user, context); }}"
        );
        let output = output(&[&source]).await;
        assert_eq!(output.user["found"], *expected, "{expression}");
    }
}

#[tokio::test]
async fn every_part_of_the_language_is_available_to_scripts_that_name_it() {
    expect(&[
        (
            "new Date(0).toISOString()",
            json!("1970-01-01T00:00:00.000Z"),
        ),
        ("JSON.parse('[1]')", json!([1])),
        ("10n ** 20n > 1", json!(true)),
        ("/(b+)/.exec('abbc')[1]", json!("bb")),
        ("'abbc'.replace(/b/g, '-')", json!("a--c")),
        ("'a,b'.split(',')", json!(["a", "b"])),
        ("'abbc'.match('b+')[0]", json!("bb")),
        ("'abbc'['search']('c')", json!(3)),
        ("[...'abab'.matchAll('b')].length", json!(2)),
        ("[...new Set([1, 1])]", json!([1])),
        ("new Map([[1, 2]]).get(1)", json!(2)),
        ("typeof Promise.resolve().then", json!("function")),
        (
            "Object.keys(Object.groupBy([1, 2], (n) => n % 2))",
            json!(["0", "1"]),
        ),
        ("[...(function* () { yield 1; })()]", json!([1])),
        ("new Uint8Array([257])[0]", json!(1)),
        ("new Proxy({}, { get: (_, name) => name }).x", json!("x")),
        ("Reflect.ownKeys({ a: 1 })", json!(["a"])),
        ("new UnauthorizedError('x') instanceof Error", json!(true)),
        (
            "new UnauthorizedError('x').name",
            json!("UnauthorizedError"),
        ),
        ("typeof console.log", json!("function")),
        ("typeof setTimeout", json!("function")),
        ("typeof queueMicrotask", json!("function")),
        ("auth0.baseUrl", json!("https://tenant.example/api/v2")),
        ("typeof global", json!("object")),
        ("(console = 1, console)", json!(1)),
    ])
    .await;
}

#[tokio::test]
async fn every_global_of_the_library_is_available_to_scripts_that_name_it() {
    expect(&[
        ("new AbortController().signal.aborted", json!(false)),
        ("AbortSignal.abort().aborted", json!(true)),
        ("Buffer.from('a').toString('base64')", json!("YQ==")),
        ("new Headers({ a: 'b' }).get('A')", json!("b")),
        ("new Response('x').status", json!(200)),
        (
            "new TextDecoder().decode(new TextEncoder().encode('é'))",
            json!("é"),
        ),
        ("new URL('https://a.example/b').pathname", json!("/b")),
        ("new URLSearchParams('a=1').get('a')", json!("1")),
        ("_.uniq([1, 1])", json!([1])),
        ("_([1, 2]).map((n) => n + 1).value()", json!([2, 3])),
        (
            "_.merge({ a: { b: 1 } }, { a: { c: 2 } })",
            json!({ "a": { "b": 1, "c": 2 } }),
        ),
        (
            "_.sortBy([{ n: 2 }, { n: 1 }], 'n')",
            json!([{ "n": 1 }, { "n": 2 }]),
        ),
        ("_.camelCase('a b')", json!("aB")),
        ("_.isEqual({ a: [1] }, { a: [1] })", json!(true)),
        ("atob(btoa('a'))", json!("a")),
        (
            "bcrypt.compareSync('a', bcrypt.hashSync('a', 4))",
            json!(true),
        ),
        ("typeof fetch", json!("function")),
        ("jwt.decode(jwt.sign({ a: 1 }, 'x'.repeat(32))).a", json!(1)),
        ("typeof process.env", json!("object")),
        ("typeof request.get", json!("function")),
        ("structuredClone({ a: [1] })", json!({ "a": [1] })),
    ])
    .await;
}

#[tokio::test]
async fn every_module_works_with_what_its_name_brings() {
    expect(&[
        ("typeof require('async').map", json!("function")),
        ("typeof require('axios').create().get", json!("function")),
        (
            "require('bcryptjs').compareSync('a', require('bcryptjs').hashSync('a', 4))",
            json!(true),
        ),
        (
            "typeof require('bluebird').promisify(() => 1)",
            json!("function"),
        ),
        ("require('buffer').Buffer.from('a')[0]", json!(97)),
        (
            "require('crypto').createHash('sha1').update('a').digest('hex').length",
            json!(40),
        ),
        (
            "require('node:crypto').createHmac('sha256', 'k').update('a').digest('base64').length",
            json!(44),
        ),
        ("require('crypto').randomBytes(4).length", json!(4)),
        ("new (require('events'))().emit('a')", json!(false)),
        (
            "require('jsonwebtoken').verify(jwt.sign({ a: 1 }, 'x'.repeat(32)), 'x'.repeat(32)).a",
            json!(1),
        ),
        ("require('lodash').get({ a: { b: 1 } }, 'a.b')", json!(1)),
        (
            "require('lodash@3.10.1').pluck([{ a: 1 }], 'a')",
            json!([1]),
        ),
        (
            "require('underscore').where([{ a: 1 }], { a: 1 }).length",
            json!(1),
        ),
        ("require('ms')('1s')", json!(1000)),
        ("typeof require('node-fetch')", json!("function")),
        (
            "typeof require('q').defer().promise.then",
            json!("function"),
        ),
        ("require('querystring').stringify({ a: 1 })", json!("a=1")),
        (
            "require('range_check').inRange('10.0.0.1', '10.0.0.0/8')",
            json!(true),
        ),
        (
            "typeof require('request').defaults({}).post",
            json!("function"),
        ),
        (
            "typeof require('request-promise-native').get",
            json!("function"),
        ),
        (
            "require('url').parse('https://a.example/b?c=d', true).query.c",
            json!("d"),
        ),
        (
            "require('util').format('%s %j', 'a', { b: 1 })",
            json!("a {\"b\":1}"),
        ),
        ("require('uuid').v4().length", json!(36)),
        ("require('uuid/v4')().length", json!(36)),
        (
            "require('uuid').v5('a', require('uuid').v5.DNS).length",
            json!(36),
        ),
        ("require('no' + 'thing' ? 'ms' : '')('1m')", json!(60_000)),
        (
            "(() => { try { return require('nothing'); } catch (error) { return error.code; } })()",
            json!("MODULE_NOT_FOUND"),
        ),
    ])
    .await;
}

#[tokio::test]
async fn rules_in_one_context_have_what_any_of_them_names() {
    let output = output(&[
        "function (user, context, callback) { user.wait = (f) => setTimeout(f, 1); callback(null, user, context); }",
        "async function (user, context, callback) {
            await new Promise((done) => user.wait(done));
            user.found = /a/.test('a');
            callback(null, user, context);
        }",
        "function (user, context, callback) { callback(null, user, context); }",
    ])
    .await;
    assert_eq!(output.user["found"], true);
}
