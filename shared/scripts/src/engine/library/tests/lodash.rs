//! `lodash`. Expected values are those of version 4.17.21, except where a test says otherwise.

use super::{eval, expect};

#[test]
fn objects_are_read_and_written_by_path() {
    expect(&[
        (
            "require('lodash').get({ a: [{ 'b.c': 1 }] }, 'a[0][\"b.c\"]')",
            "1",
        ),
        (
            "require('lodash').get({ 'a.b': 1, a: { b: 2 } }, 'a.b')",
            "1",
        ),
        ("require('lodash').get({ a: null }, 'a.b.c', 'x')", r#""x""#),
        (
            "require('lodash').get({ a: { b: null } }, 'a.b', 'x')",
            "null",
        ),
        ("require('lodash').get({ a: 1 }, [], 'x')", r#""x""#),
        (
            "require('lodash').set({}, 'a[0].b', 1)",
            r#"{"a":[{"b":1}]}"#,
        ),
        (
            "require('lodash').set({ a: 1 }, 'a.b', 2)",
            r#"{"a":{"b":2}}"#,
        ),
        (
            "[require('lodash').has({ a: { b: 1 } }, 'a.b'), require('lodash').has({}, 'toString'), require('lodash').has({ a: 1 }, 'a.b')]",
            "[true,false,false]",
        ),
        (
            "require('lodash').pick({ a: 1, b: { c: 2, d: 3 } }, ['a', 'b.c', 'z'])",
            r#"{"a":1,"b":{"c":2}}"#,
        ),
        (
            "require('lodash').pick({ a: 1, b: 2 }, 'b', 'a')",
            r#"{"b":2,"a":1}"#,
        ),
        (
            "(() => { const o = { a: 1, b: { c: 2, d: 3 } }; return [require('lodash').omit(o, 'a', 'b.c'), o]; })()",
            r#"[{"b":{"d":3}},{"a":1,"b":{"c":2,"d":3}}]"#,
        ),
        (
            "require('lodash').pickBy({ a: 1, b: null, c: '' })",
            r#"{"a":1}"#,
        ),
        (
            "require('lodash').omitBy({ a: 1, b: null }, require('lodash').isNil)",
            r#"{"a":1}"#,
        ),
        (
            "require('lodash').merge({ a: [1, { b: 1 }], c: 1 }, { a: [2, { d: 2 }], c: undefined, e: { f: null } })",
            r#"{"a":[2,{"b":1,"d":2}],"c":1,"e":{"f":null}}"#,
        ),
        (
            "require('lodash').defaultsDeep({ a: { b: 1 } }, { a: { b: 2, c: 3 }, d: 4 })",
            r#"{"a":{"b":1,"c":3},"d":4}"#,
        ),
        (
            "require('lodash').defaults({ a: undefined, b: null }, { a: 1, b: 2 }, { a: 3, c: 4 })",
            r#"{"a":1,"b":null,"c":4}"#,
        ),
        (
            "require('lodash').mapValues({ a: { n: 1 }, b: { n: 2 } }, 'n')",
            r#"{"a":1,"b":2}"#,
        ),
        (
            "require('lodash').mapKeys({ a: 1 }, (value, key) => key + value)",
            r#"{"a1":1}"#,
        ),
        (
            "[require('lodash').invert({ a: 'x', b: 'y' }), require('lodash').toPairs({ a: 1 }), require('lodash').fromPairs([['a', 1]])]",
            r#"[{"x":"a","y":"b"},[["a",1]],{"a":1}]"#,
        ),
        (
            "require('lodash').result({ a: { b() { return this.c; }, c: 1 } }, 'a.b')",
            "1",
        ),
        (
            "require('lodash').toPath('a[0].b[\"c.d\"]..e')",
            r#"["a","0","b","c.d","","e"]"#,
        ),
        ("require('lodash').unset({ a: { b: 1 } }, 'a.b')", "true"),
        (
            "require('lodash').isEqual(require('lodash').cloneDeep({ d: new Date(5), m: new Map([[1, [2]]]), n: [null, undefined] }), { d: new Date(5), m: new Map([[1, [2]]]), n: [null, undefined] })",
            "true",
        ),
        (
            "(() => { const o = { a: { b: 1 } }; const c = require('lodash').clone(o); return [c !== o, c.a === o.a, require('lodash').cloneDeep(o).a === o.a]; })()",
            "[true,true,false]",
        ),
    ]);
}

#[test]
fn collections_are_walked_grouped_and_sorted() {
    expect(&[
        (
            "require('lodash').map([{ n: { m: 1 } }, {}], 'n.m')",
            "[1,null]",
        ),
        (
            "require('lodash').map({ a: 1, b: 2 }, (value, key) => key + value)",
            r#"["a1","b2"]"#,
        ),
        (
            "require('lodash').filter([{ a: 1, b: 2 }, { a: 2 }], { a: 1 })",
            r#"[{"a":1,"b":2}]"#,
        ),
        (
            "require('lodash').find([{ a: 1 }, { a: 2, b: 3 }], ['a', 2])",
            r#"{"a":2,"b":3}"#,
        ),
        ("require('lodash').reject([1, 2, 3], (n) => n % 2)", "[2]"),
        (
            "(() => { const seen = []; require('lodash').forEach({ a: 1, b: 2, c: 3 }, (v, k) => { seen.push(k); return k !== 'b'; }); return seen; })()",
            r#"["a","b"]"#,
        ),
        (
            "require('lodash').reduce([1, 2, 3], (sum, n) => sum + n)",
            "6",
        ),
        (
            "require('lodash').reduce({ a: 1, b: 2 }, (made, v, k) => made + k + v, '')",
            r#""a1b2""#,
        ),
        (
            "[require('lodash').some([{ a: 1 }], 'a'), require('lodash').every([], false), require('lodash').some(null)]",
            "[true,true,false]",
        ),
        (
            "[require('lodash').includes([1, 2], 2), require('lodash').includes('abc', 'b'), require('lodash').includes({ a: 1 }, 1), require('lodash').includes([NaN], NaN)]",
            "[true,true,true,true]",
        ),
        (
            "require('lodash').groupBy([6.1, 4.2, 6.3], Math.floor)",
            r#"{"4":[4.2],"6":[6.1,6.3]}"#,
        ),
        (
            "require('lodash').keyBy([{ id: 'a', n: 1 }, { id: 'a', n: 2 }], 'id')",
            r#"{"a":{"id":"a","n":2}}"#,
        ),
        (
            "require('lodash').countBy(['one', 'two', 'three'], 'length')",
            r#"{"3":2,"5":1}"#,
        ),
        (
            "require('lodash').sortBy([{ a: 2, b: 1 }, { a: 1, b: 2 }, { a: 1, b: 1 }, { b: 0 }], ['a', 'b'])",
            r#"[{"a":1,"b":1},{"a":1,"b":2},{"a":2,"b":1},{"b":0}]"#,
        ),
        (
            "require('lodash').orderBy([{ a: 1, b: 1 }, { a: 2, b: 1 }, { a: 1, b: 2 }], ['a', 'b'], ['desc', 'asc'])",
            r#"[{"a":2,"b":1},{"a":1,"b":1},{"a":1,"b":2}]"#,
        ),
        (
            "require('lodash').partition([1, 2, 3], (n) => n > 1)",
            "[[2,3],[1]]",
        ),
        (
            "require('lodash').flatMap([1, 2], (n) => [n, [n]])",
            "[1,[1],2,[2]]",
        ),
        (
            "[require('lodash').max([1, 3, 2]), require('lodash').min([]), require('lodash').maxBy([{ n: 1 }, { n: 2 }], 'n'), require('lodash').sum([1, 2]), require('lodash').sumBy([{ n: 1 }, { n: 2 }], 'n'), require('lodash').mean([1, 2])]",
            r#"[3,null,{"n":2},3,3,1.5]"#,
        ),
        (
            "[require('lodash').size({ a: 1 }), require('lodash').size('ab'), require('lodash').size(null), require('lodash').size(new Set([1]))]",
            "[1,2,0,1]",
        ),
        (
            "[require('lodash').shuffle([1, 2, 3]).sort(), require('lodash').sampleSize([1, 2, 3], 2).length, require('lodash').sample([7])]",
            "[[1,2,3],2,7]",
        ),
        (
            "require('lodash').invokeMap([[2, 1], [4, 3]], 'sort')",
            "[[1,2],[3,4]]",
        ),
    ]);
}

#[test]
fn arrays_are_cut_and_joined() {
    expect(&[
        ("require('lodash').uniq([2, 1, 2, NaN, NaN])", "[2,1,null]"),
        (
            "require('lodash').uniqBy([{ x: 1, y: 1 }, { x: 1, y: 2 }], 'x')",
            r#"[{"x":1,"y":1}]"#,
        ),
        (
            "[require('lodash').union([2], [1, 2]), require('lodash').intersection([2, 1, 2], [2, 3]), require('lodash').difference([2, 1], [2, 3]), require('lodash').without([1, 2, 1], 1), require('lodash').xor([2, 1], [2, 3])]",
            "[[2,1],[2],[1],[2],[1,3]]",
        ),
        (
            "require('lodash').differenceBy([2.1, 1.2], [2.3, 3.4], Math.floor)",
            "[1.2]",
        ),
        (
            "require('lodash').intersectionBy([{ x: 1 }], [{ x: 2 }, { x: 1 }], 'x')",
            r#"[{"x":1}]"#,
        ),
        (
            "[require('lodash').flatten([1, [2, [3]]]), require('lodash').flattenDeep([1, [2, [3, [4]]]]), require('lodash').compact([0, 1, false, 2, '', 3, null])]",
            "[[1,2,[3]],[1,2,3,4],[1,2,3]]",
        ),
        (
            "[require('lodash').chunk([1, 2, 3], 2), require('lodash').zip(['a', 'b'], [1, 2]), require('lodash').zipObject(['a', 'b'], [1, 2])]",
            r#"[[[1,2],[3]],[["a",1],["b",2]],{"a":1,"b":2}]"#,
        ),
        (
            "[require('lodash').first([1, 2]), require('lodash').last([1, 2]), require('lodash').nth([1, 2], -1), require('lodash').head(null), require('lodash').take([1, 2, 3]), require('lodash').takeRight([1, 2, 3], 2), require('lodash').drop([1, 2, 3], 2), require('lodash').dropRight([1, 2, 3]), require('lodash').tail([1, 2]), require('lodash').initial([1, 2])]",
            "[1,2,2,null,[1],[2,3],[3],[1,2],[2],[1]]",
        ),
        (
            "[require('lodash').takeWhile([1, 2, 3], (n) => n < 3), require('lodash').dropWhile([1, 2, 3], (n) => n < 3)]",
            "[[1,2],[3]]",
        ),
        (
            "[require('lodash').findIndex([{ a: 1 }, { a: 2 }], { a: 2 }), require('lodash').indexOf([1, 2, 1], 1, 1), require('lodash').findLastIndex([1, 2, 1], (n) => n === 1), require('lodash').indexOf(null, 1)]",
            "[1,2,2,-1]",
        ),
        (
            "(() => { const a = [1, 2, 3, 4]; return [require('lodash').remove(a, (n) => n % 2 === 0), require('lodash').pull(a, 3)]; })()",
            "[[2,4],[1]]",
        ),
        (
            "[require('lodash').range(3), require('lodash').range(1, 7, 3), require('lodash').range(0, -2), require('lodash').range(0), require('lodash').times(2, (n) => n * 2), require('lodash').castArray(1), require('lodash').castArray()]",
            "[[0,1,2],[1,4],[0,-1],[],[0,2],[1],[]]",
        ),
    ]);
}

#[test]
fn lodash_distinguishes_the_types_of_values() {
    expect(&[
        (
            "[null, undefined, true, 1, '', 'a', [], [0], {}, { a: 1 }, new Map(), new Set([1]), () => {}].map((value) => require('lodash').isEmpty(value))",
            "[true,true,true,true,true,false,true,false,true,false,true,false,true]",
        ),
        (
            "[{}, Object.create(null), [], new Date(), new (class A {})(), null].map((value) => require('lodash').isPlainObject(value))",
            "[true,true,false,false,false,false]",
        ),
        (
            "[require('lodash').isEqual({ a: [1, { b: NaN }] }, { a: [1, { b: NaN }] }), require('lodash').isEqual([1, 2], [2, 1]), require('lodash').isEqual({ a: undefined }, {}), require('lodash').isEqual(new Date(1), new Date(2)), require('lodash').isEqual(/a/g, /a/g), require('lodash').isEqual(0, -0)]",
            "[true,false,false,false,true,true]",
        ),
        (
            "[require('lodash').isMatch({ a: 1, b: { c: 2, d: 3 } }, { b: { c: 2 } }), require('lodash').matches({ a: [3, 1] })({ a: [1, 2, 3] }), require('lodash').isMatch(null, {})]",
            "[true,true,true]",
        ),
        (
            "[require('lodash').isString(Object('a')), require('lodash').isNumber(NaN), require('lodash').isNaN(undefined), require('lodash').isNil(0), require('lodash').isObject(() => {}), require('lodash').isInteger(3.0), require('lodash').isDate(new Date()), require('lodash').isArray([])]",
            "[true,true,false,false,true,true,true,true]",
        ),
        (
            "[require('lodash').toNumber(' 42 '), require('lodash').toInteger('3.7'), require('lodash').toString([1, [2, null]]), require('lodash').toString(null), require('lodash').toArray('ab'), require('lodash').toArray({ a: 1 })]",
            r#"[42,3,"1,2,null","",["a","b"],[1]]"#,
        ),
    ]);
}

#[test]
fn texts_change_their_case_and_length() {
    expect(&[
        (
            "['Foo Bar', '--foo-bar--', '__FOO_BAR__', 'fooBar2Baz', 'XMLHttpRequest', \"déjà vu's\"].map((text) => require('lodash').camelCase(text))",
            r#"["fooBar","fooBar","fooBar","fooBar2Baz","xmlHttpRequest","dejaVus"]"#,
        ),
        (
            "['fooBar', 'XMLHttpRequest', 'foo bar_baz'].map((text) => [require('lodash').kebabCase(text), require('lodash').snakeCase(text), require('lodash').startCase(text)])",
            r#"[["foo-bar","foo_bar","Foo Bar"],["xml-http-request","xml_http_request","XML Http Request"],["foo-bar-baz","foo_bar_baz","Foo Bar Baz"]]"#,
        ),
        (
            "require('lodash').words('fred, barney, & pebbles12')",
            r#"["fred","barney","pebbles","12"]"#,
        ),
        (
            "[require('lodash').capitalize('FRED'), require('lodash').upperFirst('fred'), require('lodash').lowerFirst('FRED'), require('lodash').toUpper(null)]",
            r#"["Fred","Fred","fRED",""]"#,
        ),
        (
            "[require('lodash').trim('  a '), require('lodash').trim('-_-a-_-', '_-'), require('lodash').trimStart('..a.', '.'), require('lodash').padStart('5', 3, '0'), require('lodash').padEnd('5', 3), require('lodash').pad('abc', 8, '_-')]",
            r#"["a","a","a.","005","5  ","_-abc_-_"]"#,
        ),
        (
            "[require('lodash').truncate('hi-diddly-ho there, neighborino'), require('lodash').truncate('hi-diddly-ho there, neighborino', { length: 24, separator: ' ' }), require('lodash').truncate('hi-diddly-ho there, neighborino', { length: 24, separator: /,? +/ }), require('lodash').truncate('short')]",
            r#"["hi-diddly-ho there, neighbo...","hi-diddly-ho there,...","hi-diddly-ho there...","short"]"#,
        ),
        (
            "[require('lodash').escape('<a & \"b\">'), require('lodash').unescape('&lt;&amp;&#39;'), require('lodash').startsWith('abc', 'b', 1), require('lodash').endsWith('abc', 'b', 2), require('lodash').split('a-b-c', '-', 2), require('lodash').replace('aba', 'a', 'c'), require('lodash').repeat('ab', 2), require('lodash').escapeRegExp('a.b')]",
            r#"["&lt;a &amp; &quot;b&quot;&gt;","<&'",true,true,["a","b"],"cba","abab","a\\.b"]"#,
        ),
        (
            "[require('lodash').round(4.006, 2), require('lodash').floor(0.046, 2), require('lodash').ceil(6040, -2), require('lodash').clamp(10, -5, 5), require('lodash').inRange(3, 2, 4)]",
            "[4.01,0.04,6100,5,true]",
        ),
    ]);
}

#[test]
fn functions_are_made_of_functions() {
    expect(&[
        (
            "(() => { let n = 0; const f = require('lodash').once(() => ++n); f(); return f(); })()",
            "1",
        ),
        (
            "require('lodash').partial((a, b) => a + b, 'x')('y')",
            r#""xy""#,
        ),
        (
            "[require('lodash').identity(1), require('lodash').constant(2)(), require('lodash').noop(), require('lodash').attempt(() => { throw new Error('x'); }).message]",
            r#"[1,2,null,"x"]"#,
        ),
        (
            "(() => { const n = require('lodash').random(1, 3); return n >= 1 && n <= 3 && Number.isInteger(n); })()",
            "true",
        ),
        (
            "require('lodash').uniqueId('u') !== require('lodash').uniqueId('u')",
            "true",
        ),
        (
            "require('lodash').flow([(a, b) => a + b, (n) => n * 2])(1, 2)",
            "6",
        ),
    ]);
}

#[test]
fn chains_run_to_their_value() {
    expect(&[
        (
            "require('lodash').chain([3, 1, 2, 1]).uniq().sortBy().map((n) => n * 2).value()",
            "[2,4,6]",
        ),
        (
            "require('lodash').chain({ a: 1 }).keys().first().value()",
            r#""a""#,
        ),
        (
            "require('lodash')([1, 2, 3]).filter((n) => n > 1).map((n) => n + 1).value()",
            "[3,4]",
        ),
        ("require('lodash')([1, 2, 3]).map((n) => n + 1).sum()", "9"),
        (
            "require('lodash').chain([1]).head().thru((n) => n + 1).value()",
            "2",
        ),
    ]);
}

/// Names of version 3, deep paths, and the errors for missing functions.
#[test]
fn functions_of_version_3_and_missing_functions() {
    expect(&[
        ("_.pluck([{ a: 1 }, { a: 2 }], 'a')", "[1,2]"),
        ("_.where([{ a: 1 }, { a: 2 }], { a: 2 })", r#"[{"a":2}]"#),
        (
            "_.findWhere([{ a: 1, b: 1 }, { a: 1 }], { a: 1 })",
            r#"{"a":1,"b":1}"#,
        ),
        ("_.contains(['a'], 'a') && _.any([1]) && _.all([1])", "true"),
        ("_.omit({ a: 1, b: 'x' }, _.isString)", r#"{"a":1}"#),
        ("require('lodash/get')({ a: 1 }, 'a')", "1"),
        ("require('lodash@4.17.10').VERSION === _.VERSION", "true"),
    ]);
    assert!(
        eval("return _.curry(x => x)")
            .starts_with("Error: _.curry is not here; there are: add, all, any, ")
    );
    // Every listed name is found in its file.
    let listed = "try { _.curry } catch (error) {
        const names = error.message.split('there are: ')[1].split(', ');
        return names.length > 200 && names.filter((name) => typeof _[name] !== 'function');
    }";
    assert_eq!(eval(listed), "[]");
    assert!(eval("return _.chain([]).curry()").starts_with("Error: _.curry is not here"));
}

#[test]
fn no_path_leads_to_the_prototype_of_all_objects() {
    for attempt in [
        "_.set({}, '__proto__.polluted', 1)",
        "_.set({}, ['__proto__', 'polluted'], 1)",
        "_.set({}, [['__proto__'], 'polluted'], 1)",
        "_.set({}, 'constructor.prototype.polluted', 1)",
        "_.set(_.noop, 'prototype.__proto__.polluted', 1)",
        "_.update({}, '__proto__.polluted', () => 1)",
        "_.merge({}, JSON.parse('{\"__proto__\":{\"polluted\":1}}'))",
        "_.merge({ a: {} }, JSON.parse('{\"a\":{\"__proto__\":{\"polluted\":1}}}'))",
        "_.merge({}, JSON.parse('{\"constructor\":{\"prototype\":{\"polluted\":1}}}'))",
        "_.mergeWith({}, JSON.parse('{\"__proto__\":{\"polluted\":1}}'), () => undefined)",
        "_.defaultsDeep({}, JSON.parse('{\"constructor\":{\"prototype\":{\"polluted\":1}}}'))",
        "_.defaultsDeep({}, JSON.parse('{\"__proto__\":{\"polluted\":1}}'))",
        "_.assign({}, JSON.parse('{\"__proto__\":{\"polluted\":1}}'))",
        "_.defaults({}, JSON.parse('{\"__proto__\":{\"polluted\":1}}'))",
        "_.fromPairs([['__proto__', { polluted: 1 }]])",
        "_.zipObject(['__proto__'], [{ polluted: 1 }])",
        "_.groupBy([{ polluted: 1 }], () => '__proto__')",
        "_.pick(JSON.parse('{\"__proto__\":{\"polluted\":1}}'), ['__proto__.polluted'])",
        "_.cloneDeep(JSON.parse('{\"__proto__\":{\"polluted\":1}}'))",
        "_.mapKeys({ a: { polluted: 1 } }, () => '__proto__')",
    ] {
        let script = format!(
            "const made = {attempt}; return [({{}}).polluted, made.polluted ?? null, (function () {{}}).polluted];"
        );
        assert_eq!(eval(&script), "[null,null,null]", "{attempt}");
    }
    assert_eq!(
        eval("_.unset({}, 'constructor.prototype.toString'); return typeof {}.toString"),
        "\"function\""
    );
}
