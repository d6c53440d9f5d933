//! `require`, and the modules of packages other than lodash and jsonwebtoken.

use super::{eval, expect};

#[test]
fn modules_are_found_by_name_and_version_and_are_the_same_each_time() {
    expect(&[
        ("require('crypto') === require('node:crypto')", "true"),
        ("require('lodash') === require('lodash@4.17.21')", "true"),
        ("require('bcryptjs@2.4.3') === require('bcrypt')", "true"),
        ("require('uuid/v4') === require('uuid@3.3.2').v4", "true"),
        (
            "[typeof _, typeof jwt.sign, typeof bcrypt.hash]",
            r#"["function","function","function"]"#,
        ),
        (
            "(() => { const Old = Buffer; Buffer = 1; const now = Buffer; Buffer = Old; return [now, typeof Buffer]; })()",
            r#"[1,"function"]"#,
        ),
        (
            "require('buffer').Buffer === Buffer && require('url').URL === URL",
            "true",
        ),
    ]);
}

#[test]
fn every_module_loads() {
    for module in &super::super::MODULES {
        if !module.name.starts_with("internal/") {
            let kind = eval(&format!("return typeof require('{}')", module.name));
            assert!(
                matches!(kind.as_str(), "\"object\"" | "\"function\""),
                "{}: {kind}",
                module.name
            );
        }
    }
}

#[test]
fn every_public_module_is_documented() {
    let page = include_str!("../../../../../../infra/docs/SCRIPTS.md");
    let modules = super::super::MODULES.iter().map(|module| module.name);
    let aliases = super::super::ALIASES.iter().map(|(alias, _)| *alias);
    for name in modules.chain(aliases) {
        let documented = page.contains(&format!("`{name}`"));
        assert_eq!(documented, !name.starts_with("internal/"), "{name}");
    }
}

#[test]
fn requiring_an_unknown_module_lists_the_available_ones() {
    let message =
        eval("try { require('moment@2.29.1'); } catch (e) { return [e.code, e.message]; }");
    assert!(message.starts_with("[\"MODULE_NOT_FOUND\",\"Cannot find module 'moment': use Date. There are: async, axios, bcrypt, "), "{message}");
    for name in [
        "fs",
        "child_process",
        "net",
        "vm",
        "node:fs",
        "internal/encoding",
        "../x",
        "/etc/passwd",
        "constructor",
        "__proto__",
        "lodash/fp/x",
    ] {
        let message = eval(&format!("require('{name}')"));
        assert!(
            message.starts_with("Error: Cannot find module '"),
            "{name}: {message}"
        );
        assert!(!message.contains("internal/encoding,"), "{message}");
    }
    expect(&[(
        "require(5)",
        "TypeError: require takes the name of a module",
    )]);
}

#[test]
fn unsupported_digests_and_expensive_pbkdf2_are_rejected() {
    expect(&[
        (
            "require('crypto').createHash('md5')",
            "Error: Digest method not supported: md5 (there are sha1, sha256, sha384, sha512)",
        ),
        (
            "require('crypto').pbkdf2Sync('a', 'b', 1e6, 32, 'sha256')",
            "RangeError: pbkdf2 takes 1 to 200000 iterations per 32 bytes, 256 bytes at most",
        ),
        (
            "require('crypto').pbkdf2Sync('a', 'b', 1, 1e9, 'sha256')",
            "RangeError: pbkdf2 takes 1 to 200000 iterations per 32 bytes, 256 bytes at most",
        ),
        (
            "require('crypto').randomBytes(1e6)",
            "RangeError: The value of \"size\" is out of range. It must be >= 0 && <= 65536. Received 1000000",
        ),
        (
            "bcrypt.hashSync('a', 12)",
            "RangeError: a cost of 12 is not allowed in scripts, 4 to 11 is",
        ),
        (
            "bcrypt.compareSync('a', '$2b$31$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyz01232')",
            "RangeError: a cost of 31 is not allowed in scripts, 4 to 11 is",
        ),
    ]);
}

#[test]
fn uuids() {
    expect(&[
        ("require('uuid').validate(require('uuid').v4())", "true"),
        ("require('uuid').v4() !== require('uuid').v4()", "true"),
        (
            "require('uuid').v5('hello.example.com', require('uuid').v5.DNS)",
            r#""fdda765f-fc57-5604-a269-52a7df8164ec""#,
        ),
        (
            "require('uuid').v5('Hello, World!', '1b671a64-40d5-491e-99b0-da01ff1f3341')",
            r#""630eb68f-e0fa-5ecc-887a-7c7a62614681""#,
        ),
        (
            "['', 'x', '6ba7b810-9dad-11d1-80b4-00c04fd430c8', '6ba7b810-9dad-91d1-80b4-00c04fd430c8', require('uuid').NIL].map(require('uuid').validate)",
            "[false,false,true,false,true]",
        ),
        ("require('uuid').version(require('uuid')())", "4"),
    ]);
}

#[test]
fn passwords() {
    expect(&[
        (
            "bcrypt.compareSync('hunter2', bcrypt.hashSync('hunter2', 4))",
            "true",
        ),
        (
            "await bcrypt.compare('wrong', await bcrypt.hash('hunter2', 4))",
            "false",
        ),
        (
            "await new Promise((done) => bcrypt.hash('a', 4, (error, hash) => bcrypt.compare('a', hash, (failure, same) => done([error, failure, same]))))",
            "[null,null,true]",
        ),
        (
            "(() => { const hash = bcrypt.hashSync('a', bcrypt.genSaltSync(4)); return [bcrypt.hashSync('a', hash) === hash, hash.slice(0, 7), bcrypt.getRounds(hash), hash.length]; })()",
            r#"[true,"$2b$04$",4,60]"#,
        ),
        ("bcrypt.compareSync('a', 'no hash')", "false"),
        (
            "bcrypt.compareSync('abc', '$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i')",
            "true",
        ),
    ]);
}

#[test]
fn callbacks_in_turn_and_at_once() {
    expect(&[
        (
            "await new Promise((done) => require('async').waterfall([(next) => next(null, 1, 2), (a, b, next) => queueMicrotask(() => next(null, a + b))], (error, sum) => done([error, sum])))",
            "[null,3]",
        ),
        (
            "await new Promise((done) => require('async').series({ a: (next) => next(null, 1), b: (next) => next(null, 2, 3) }, (error, all) => done([error, all])))",
            r#"[null,{"a":1,"b":[2,3]}]"#,
        ),
        (
            "await new Promise((done) => require('async').parallel([(next) => queueMicrotask(() => next(null, 'slow')), (next) => next(null, 'fast')], (error, all) => done(all)))",
            r#"["slow","fast"]"#,
        ),
        (
            "await new Promise((done) => require('async').parallel([(next) => next('first'), (next) => next('second')], (error) => done(error)))",
            r#""first""#,
        ),
        (
            "await new Promise((done) => { const seen = []; require('async').eachSeries([1, 2, 3], (n, next) => { seen.push(n); next(n === 2 ? 'stop' : null); }, (error) => done([error, seen])); })",
            r#"["stop",[1,2]]"#,
        ),
        (
            "await require('async').map([1, 2], async (n) => n * 2)",
            "[2,4]",
        ),
        (
            "await require('async').mapLimit([1, 2, 3], 1, (n, next) => next(null, -n))",
            "[-1,-2,-3]",
        ),
        (
            "await require('async').filter([1, 2, 3], (n, next) => next(null, n > 1))",
            "[2,3]",
        ),
        (
            "await new Promise((done) => require('async').each(Array(20000).fill(1), (n, next) => next(), (error) => done(error)))",
            "null",
        ),
        (
            "require('async').series([(next) => { next(); next(); }], () => {})",
            "Error: Callback was already called.",
        ),
    ]);
}

#[test]
fn promises_with_methods() {
    expect(&[
        (
            "await require('bluebird').promisify((a, done) => done(null, a + 1))(1)",
            "2",
        ),
        (
            "await require('bluebird').promisifyAll({ n: 2, times(by, done) { done(null, this.n * by); } }).timesAsync(3)",
            "6",
        ),
        (
            "await require('bluebird').resolve([1, Promise.resolve(2)]).spread((a, b) => a + b)",
            "3",
        ),
        (
            "await require('bluebird').resolve(1).tap(() => 2).finally(() => 3)",
            "1",
        ),
        (
            "await require('bluebird').reject(new TypeError('x')).catch(RangeError, () => 'range').catch(TypeError, () => 'type')",
            r#""type""#,
        ),
        (
            "await require('bluebird').map([1, 2], (n) => n * 2).reduce((sum, n) => sum + n, 0)",
            "6",
        ),
        (
            "await require('bluebird').props({ a: Promise.resolve(1), b: 2 })",
            r#"{"a":1,"b":2}"#,
        ),
        (
            "await require('q').nfcall((a, done) => done(null, a), 5).fail(() => 0)",
            "5",
        ),
        (
            "await (() => { const d = require('q').defer(); d.resolve(1); return d.promise.fin(() => {}); })()",
            "1",
        ),
        (
            "await new Promise((done) => require('bluebird').resolve(1).asCallback((error, value) => done([error, value])))",
            "[null,1]",
        ),
    ]);
}

#[test]
fn addresses_lie_in_networks_or_not() {
    expect(&[
        (
            "require('range_check').inRange('10.1.2.3', '10.0.0.0/8')",
            "true",
        ),
        (
            "require('range_check').in_range('11.1.2.3', ['10.0.0.0/8', '192.168.0.0/16'])",
            "false",
        ),
        (
            "require('range_check').inRange('192.168.1.1', ['10.0.0.0/8', '192.168.1.1'])",
            "true",
        ),
        (
            "require('range_check').inRange('2001:db8::1', '2001:db8::/32')",
            "true",
        ),
        (
            "require('range_check').inRange('::ffff:10.0.0.1', '10.0.0.0/8')",
            "true",
        ),
        (
            "['10.0.0.1/33', '10.0.0/8', '010.0.0.0/8', '10.0.0.256/8', 'x', '', '::/129', '1:2::3::4/8'].map((range) => require('range_check').inRange('10.0.0.1', range))",
            "[false,false,false,false,false,false,false,false]",
        ),
        (
            "['10.0.0.1', '::', '1::2:3', 'fe80::1%eth0', '1.2.3'].map(require('range_check').ver)",
            "[4,6,6,0,0]",
        ),
    ]);
}

#[test]
fn there_is_nothing_of_the_process() {
    expect(&[
        ("[process.env, process.argv, process.exit]", "[{},[],null]"),
        (
            "await new Promise((done) => process.nextTick(done, 'x'))",
            r#""x""#,
        ),
        ("typeof process.hrtime.bigint()", r#""bigint""#),
    ]);
}

/// The needs of a script include those of the modules that it requires.
#[test]
fn modules_are_required_by_literals_alone() {
    for module in &super::super::MODULES {
        let parts: Vec<_> = module.code.source.split("require").collect();
        for part in &parts[1..] {
            let is_parameter = part.starts_with(") {") || part.starts_with(", host) {");
            let is_prose = part.starts_with(|c: char| c.is_alphanumeric());
            assert!(
                is_parameter || is_prose || part.starts_with("('"),
                "{}: require{}",
                module.name,
                part.lines().next().unwrap_or_default()
            );
        }
    }
}
