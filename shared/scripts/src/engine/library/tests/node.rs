//! `Buffer`, `crypto`, `url`, `querystring`, `util` and related globals. Expected values are those of Node 20.

use super::expect;

#[test]
fn buffers_encode_and_decode_as_in_node() {
    expect(&[
        (
            "Buffer.from('héllo €😀').toString('hex')",
            r#""68c3a96c6c6f20e282acf09f9880""#,
        ),
        (
            "Buffer.from('héllo €😀').toString('base64')",
            r#""aMOpbGxvIOKCrPCfmIA=""#,
        ),
        (
            "Buffer.from('héllo €😀').toString('base64url')",
            r#""aMOpbGxvIOKCrPCfmIA""#,
        ),
        (
            "Buffer.from('aMOpbGxvIOKCrPCfmIA=', 'base64').toString()",
            r#""héllo €😀""#,
        ),
        (
            "Buffer.from('_-8 =x', 'base64').toString('hex')",
            r#""ffef""#,
        ),
        ("Buffer.from('YWJjZ', 'base64').toString()", r#""abc""#),
        ("Buffer.from('68zz69', 'hex').length", "1"),
        ("Buffer.from('6869f', 'hex').toString()", r#""hi""#),
        ("Buffer.from('ÿŁ', 'latin1').toString('hex')", r#""ff41""#),
        (
            "Buffer.from('aé', 'utf16le').toString('hex')",
            r#""6100e900""#,
        ),
        ("Buffer.from('6100e900', 'hex').toString('ucs2')", r#""aé""#),
        ("Buffer.from([0xe9, 0x41]).toString('ascii')", r#""iA""#),
        (
            "Buffer.from([0xc3, 0x28, 0xff]).toString()",
            "\"\u{fffd}(\u{fffd}\"",
        ),
        ("Buffer.from('\\ud83dx').toString('hex')", r#""efbfbd78""#),
        (
            "new Buffer('c2VjcmV0', 'base64').toString('binary')",
            r#""secret""#,
        ),
        (
            "JSON.stringify(Buffer.from('hi'))",
            r#""{\"type\":\"Buffer\",\"data\":[104,105]}""#,
        ),
        (
            "Buffer.from({ type: 'Buffer', data: [104, 105] }).toString()",
            r#""hi""#,
        ),
        (
            "Buffer.from(5)",
            "TypeError: The first argument must be of type string or an instance of Buffer, ArrayBuffer, or Array or an Array-like Object. Received type number (5)",
        ),
        (
            "Buffer.from('a', 'rot13')",
            "TypeError: Unknown encoding: rot13",
        ),
    ]);
}

#[test]
fn buffers_are_byte_arrays_with_methods() {
    expect(&[
        ("Buffer.alloc(3, 'ab').toString()", r#""aba""#),
        (
            "Buffer.concat([Buffer.from('ab'), new Uint8Array([99])]).toString()",
            r#""abc""#,
        ),
        (
            "Buffer.concat([Buffer.from('abc')], 2).toString()",
            r#""ab""#,
        ),
        ("Buffer.byteLength('€')", "3"),
        (
            "Buffer.isBuffer(Buffer.alloc(0)) && !Buffer.isBuffer(new Uint8Array(1))",
            "true",
        ),
        ("Buffer.compare(Buffer.from('a'), Buffer.from('b'))", "-1"),
        (
            "Buffer.from('abc').equals(new Uint8Array([97, 98, 99]))",
            "true",
        ),
        ("Buffer.from('abcdef').slice(1, -1).toString()", r#""bcde""#),
        (
            "(() => { const a = Buffer.from('abc'); a.slice(1)[0] = 120; return a.toString(); })()",
            r#""axc""#,
        ),
        ("Buffer.from('abcabc').indexOf('ca')", "2"),
        ("Buffer.from('abc').includes('x')", "false"),
        ("Buffer.from('abc') instanceof Uint8Array", "true"),
        (
            "Buffer.isBuffer(Buffer.from('abc').map((b) => b + 1))",
            "true",
        ),
        (
            "Buffer.from('abc').map((b) => b + 1).toString()",
            r#""bcd""#,
        ),
        ("Buffer.from('abc').toString('utf8', 1, 2)", r#""b""#),
        ("Buffer.from([1, 2, 3, 4]).readUInt32BE(0)", "16909060"),
        (
            "(() => { const a = Buffer.alloc(5); a.write('hi', 1); return a.toString('hex'); })()",
            r#""0068690000""#,
        ),
        ("[...Buffer.from('hi')]", "[104,105]"),
    ]);
}

#[test]
fn hashes_macs_and_derivations_are_those_of_node() {
    expect(&[
        (
            "require('crypto').createHash('sha1').update('abc').digest('hex')",
            r#""a9993e364706816aba3e25717850c26c9cd0d89d""#,
        ),
        (
            "require('node:crypto').createHash('sha256').update('a').update(Buffer.from('bc')).digest('base64')",
            r#""ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=""#,
        ),
        (
            "require('crypto').createHash('SHA512').update('€').digest('base64url').slice(0, 20)",
            r#""G2zGV0aeLLh3IiflDfDn""#,
        ),
        (
            "require('crypto').createHmac('sha256', 'key').update('data').digest('hex')",
            r#""5031fe3d989c6d1537a013fa6e739da23463fdaec3b70137d828e36ace221bd0""#,
        ),
        (
            "require('crypto').createHmac('sha1', Buffer.from('6b6579', 'hex')).update('ZGF0YQ==', 'base64').digest('base64')",
            r#""EEFSxb/coHvGM+69RhmfAlXJ9J0=""#,
        ),
        (
            "require('crypto').pbkdf2Sync('secret', 'salt', 1000, 20, 'sha512').toString('hex')",
            r#""f76f72381b75f0deb1c339334a8c8974366cadbc""#,
        ),
        (
            "require('crypto').createHash('sha256').digest().length",
            "32",
        ),
        (
            "(() => { const hash = require('crypto').createHash('sha256'); hash.digest(); hash.digest(); })()",
            "Error: Digest already called",
        ),
        (
            "require('crypto').timingSafeEqual(Buffer.from('ab'), Buffer.from('ab'))",
            "true",
        ),
        (
            "require('crypto').timingSafeEqual(Buffer.from('ab'), Buffer.from('abc'))",
            "RangeError: Input buffers must have the same byte length",
        ),
        (
            "require('crypto').randomBytes(16).toString('hex').length",
            "32",
        ),
        (
            "/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(require('crypto').randomUUID())",
            "true",
        ),
        (
            "require('crypto').createHash('sha256').update(5)",
            "TypeError: The \"data\" argument must be of type string or an instance of Buffer, TypedArray, or DataView. Received type number (5)",
        ),
    ]);
}

#[test]
fn addresses_are_those_of_the_url_standard() {
    expect(&[
        (
            "new URL('../b?x=1#y', 'https://user:pw@Example.COM:443/a/c/d').href",
            r#""https://user:pw@example.com/a/b?x=1#y""#,
        ),
        (
            "new URL('https://bücher.example/').hostname",
            r#""xn--bcher-kva.example""#,
        ),
        ("new URL('nowhere')", "TypeError: Invalid URL"),
        (
            "(() => { const u = new URL('https://a.example/?a=1'); u.searchParams.append('b', 'c d&'); u.hash = 'x'; return u.toString(); })()",
            r#""https://a.example/?a=1&b=c+d%26#x""#,
        ),
        (
            "(() => { const u = new URL('https://a.example/p'); u.port = '8080'; u.pathname = '/q r'; u.protocol = 'http'; u.host = 'b.example'; return u.href; })()",
            r#""http://b.example:8080/q%20r""#,
        ),
        (
            "JSON.stringify({ u: new URL('https://a.example') })",
            r#""{\"u\":\"https://a.example/\"}""#,
        ),
        (
            "(({ origin, host, port, search }) => [origin, host, port, search])(new URL('https://a.example:8443/?q'))",
            r#"["https://a.example:8443","a.example:8443","8443","?q"]"#,
        ),
        (
            "new URLSearchParams({ a: 'ä b', c: 1 }).toString()",
            r#""a=%C3%A4+b&c=1""#,
        ),
        (
            "[...new URLSearchParams('?a=1&a=2&b=%20')]",
            r#"[["a","1"],["a","2"],["b"," "]]"#,
        ),
        (
            "(() => { const p = new URLSearchParams('a=1&b=2&a=3'); p.set('a', '4'); p.delete('b'); return [p.toString(), p.get('a'), p.get('z'), p.has('b')]; })()",
            r#"["a=4","4",null,false]"#,
        ),
    ]);
}

#[test]
fn the_older_url_module_is_node_s() {
    expect(&[
        (
            "JSON.parse(JSON.stringify(require('url').parse('https://user:p%40w@Host.com:8080/p/a t?query=string&x[]=1#hash')))",
            r##"{"protocol":"https:","slashes":true,"auth":"user:p@w","host":"host.com:8080","port":"8080","hostname":"host.com","hash":"#hash","search":"?query=string&x[]=1","query":"query=string&x[]=1","pathname":"/p/a%20t","path":"/p/a%20t?query=string&x[]=1","href":"https://user:p%40w@host.com:8080/p/a%20t?query=string&x[]=1#hash"}"##,
        ),
        (
            "require('url').parse('/login?state=a%20b&state=c', true).query.state",
            r#"["a b","c"]"#,
        ),
        (
            "require('url').parse('http://a.example').pathname",
            r#""/""#,
        ),
        (
            "(({ auth, host, pathname, href }) => [auth, host, pathname, href])(require('url').parse('mailto:a@b.example'))",
            r#"["a","b.example",null,"mailto:a@b.example"]"#,
        ),
        (
            "(({ host, path }) => [host, path])(require('url').parse('//a.example/b'))",
            r#"[null,"//a.example/b"]"#,
        ),
        (
            "(({ host, path }) => [host, path])(require('url').parse('//a.example/b', false, true))",
            r#"["a.example","/b"]"#,
        ),
        (
            "require('url').format({ protocol: 'https', hostname: 'a.example', port: 8443, pathname: 'x', query: { a: ['1', '2'], b: 'c d' } })",
            r#""https://a.example:8443/x?a=1&a=2&b=c%20d""#,
        ),
        (
            "require('url').format({ host: 'a.example', search: 'q#', hash: 'h' })",
            r#""a.example?q%23#h""#,
        ),
        (
            "require('url').resolve('https://a.example/b/c', '../d?x')",
            r#""https://a.example/d?x""#,
        ),
        (
            "require('url').resolve('/one/two/three', 'four')",
            r#""/one/two/four""#,
        ),
        (
            "require('url').resolve('http://a.example/one', '//b.example/two')",
            r#""http://b.example/two""#,
        ),
        (
            "require('url').parse(5)",
            "TypeError: The \"url\" argument must be of type string. Received type number (5)",
        ),
    ]);
}

#[test]
fn queries_are_those_of_node() {
    expect(&[
        (
            "require('querystring').parse('a=1&b=%20x&a=2&c&d=+&=e&%zz=%E0')",
            "{\"a\":[\"1\",\"2\"],\"b\":\" x\",\"c\":\"\",\"d\":\" \",\"\":\"e\",\"%zz\":\"\u{fffd}\"}",
        ),
        (
            "require('querystring').parse('a:1;b:2', ';', ':')",
            r#"{"a":"1","b":"2"}"#,
        ),
        (
            "require('querystring').stringify({ a: [1, true], b: \"x y'()*!~\", c: null, d: undefined, e: {} })",
            r#""a=1&a=true&b=x%20y'()*!~&c=&d=&e=""#,
        ),
        ("require('querystring').escape('ä&=')", r#""%C3%A4%26%3D""#),
        (
            "Object.getPrototypeOf(require('querystring').parse('__proto__=1'))",
            "null",
        ),
    ]);
}

#[test]
fn texts_and_bytes_convert_as_on_the_web() {
    expect(&[
        ("btoa('hé')", r#""aOk=""#),
        ("btoa('€')", "InvalidCharacterError: Invalid character"),
        ("atob(' aO k')", r#""hé""#),
        (
            "atob('a')",
            "InvalidCharacterError: The string to be decoded is not correctly encoded.",
        ),
        ("[...new TextEncoder().encode('€')]", "[226,130,172]"),
        (
            "new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 0xe2, 0x82, 0xac]))",
            r#""€""#,
        ),
        (
            "new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([255]))",
            "TypeError: The encoded data was not valid for encoding utf-8",
        ),
        ("new TextEncoder().encode('a') instanceof Buffer", "false"),
    ]);
}

#[test]
fn structures_are_cloned_in_depth() {
    expect(&[
        (
            "structuredClone({ a: [1, { b: null }], d: new Date(0) })",
            r#"{"a":[1,{"b":null}],"d":"1970-01-01T00:00:00.000Z"}"#,
        ),
        (
            "(() => { const a = { m: new Map([[1, new Set([2])]]) }; a.self = a; const b = structuredClone(a); return [b.self === b, b !== a, b.m.get(1).has(2)]; })()",
            "[true,true,true]",
        ),
        (
            "structuredClone({ f() {} })",
            "DataCloneError: f() {} could not be cloned.",
        ),
        ("structuredClone(new Uint8Array([1, 2]))[1]", "2"),
        (
            "Object.getPrototypeOf(structuredClone(JSON.parse('{\"__proto__\":{\"a\":1}}'))) === Object.prototype",
            "true",
        ),
    ]);
}

#[test]
fn util_promisifies_formats_and_inspects() {
    expect(&[
        (
            "await require('util').promisify((a, done) => done(null, a + 1))(1)",
            "2",
        ),
        (
            "await require('util').promisify((done) => done(new Error('no')))()",
            "Error: no",
        ),
        (
            "require('util').format('%s is %d, %i, %f, %j, %O %% %s', 'x', '42', 4.7, '1.5', { a: 1 }, [1], 'y', 'z', { b: 'c' })",
            r#""x is 42, 4, 1.5, {\"a\":1}, [ 1 ] % y z { b: 'c' }""#,
        ),
        (
            "require('util').format('%s', { a: { b: 1 } }, 'x', -0)",
            r#""{ a: [Object] } x -0""#,
        ),
        (
            "require('util').inspect({ a: 1, 'b-c': 'it\\'s', d: [1, 'x'], e: { f: { g: { h: 1 } } }})",
            r#""{ a: 1, 'b-c': \"it's\", d: [ 1, 'x' ], e: { f: { g: [Object] } } }""#,
        ),
        (
            "require('util').inspect({ i: undefined, j: null, k: Symbol('s'), l: -0, m: [], n: {} })",
            r#""{ i: undefined, j: null, k: Symbol(s), l: -0, m: [], n: {} }""#,
        ),
        (
            "require('util').inspect([new Map([['a', 1]]), new Set([2]), Buffer.from('hi')])",
            r#""[ Map(1) { 'a' => 1 }, Set(1) { 2 }, <Buffer 68 69> ]""#,
        ),
        (
            "require('util').inspect([function f() {}, class A {}, 10n, new Date(0), /x/g])",
            r#""[ [Function: f], [class A], 10n, 1970-01-01T00:00:00.000Z, /x/g ]""#,
        ),
        (
            "(() => { function A() {} function B() {} B.prototype.x = 1; require('util').inherits(A, B); return [new A().x, A.super_ === B]; })()",
            "[1,true]",
        ),
        ("require('util').isArray([])", "true"),
    ]);
}

#[test]
fn emitters_emit() {
    expect(&[
        (
            "(() => { const E = require('events'); const e = new E(); const seen = []; e.on('a', (x) => seen.push(x)); e.once('a', (x) => seen.push(-x)); e.emit('a', 1); e.emit('a', 2); return [seen, e.emit('b'), e.listenerCount('a'), E.EventEmitter === E]; })()",
            "[[1,-1,2],false,1,true]",
        ),
        (
            "new (require('events'))().emit('error', new Error('boom'))",
            "Error: boom",
        ),
    ]);
}
