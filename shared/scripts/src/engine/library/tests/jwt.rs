//! `jsonwebtoken`. Messages are those of version 9.

use std::{fmt::Write as _, sync::OnceLock};

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
    rsa::KeySize,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RsaKeyPair},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::eval;

/// `const rsa = {key, pub}, ec = {key, pub};` and the library.
fn keys() -> &'static str {
    static KEYS: OnceLock<String> = OnceLock::new();
    KEYS.get_or_init(|| {
        let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let rsa_key = AsDer::<Pkcs8V1Der<'_>>::as_der(&rsa).unwrap();
        let rsa_public = AsDer::<PublicKeyX509Der<'_>>::as_der(rsa.public_key()).unwrap();
        let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let ec_key = ec.to_pkcs8v1().unwrap();
        let ec_public = AsDer::<PublicKeyX509Der<'_>>::as_der(ec.public_key()).unwrap();
        let mut script = "const jwt = require('jsonwebtoken');".to_owned();
        for (name, label, der) in [
            ("rsaKey", "PRIVATE KEY", rsa_key.as_ref()),
            ("rsaPublic", "PUBLIC KEY", rsa_public.as_ref()),
            ("rsaPkcs1", "RSA PUBLIC KEY", rsa.public_key().as_ref()),
            ("ecKey", "PRIVATE KEY", ec_key.as_ref()),
            ("ecPublic", "PUBLIC KEY", ec_public.as_ref()),
        ] {
            let text = STANDARD.encode(der);
            write!(
                script,
                "const {name} = `-----BEGIN {label}-----\n{text}\n-----END {label}-----\n`;"
            )
            .unwrap();
        }
        script
    })
}

fn check(cases: &[(&str, &str)]) {
    for (script, expected) in cases {
        let answer = eval(&format!("{} {script}", keys()));
        assert_eq!(answer, *expected, "{script}");
    }
}

#[test]
fn a_signed_token_is_verified() {
    check(&[
        (
            "return jwt.sign({ a: 1, iat: 1500000000 }, 'secret')",
            r#""eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhIjoxLCJpYXQiOjE1MDAwMDAwMDB9.lCPFVnQMHrP2w0H1B83-D5U54NRotQkY-zMkf5qTIHM""#,
        ),
        (
            "return jwt.verify(jwt.sign({ a: 1 }, Buffer.from('secret'), { algorithm: 'HS512', noTimestamp: true }), 'secret')",
            r#"{"a":1}"#,
        ),
        (
            "return jwt.verify(jwt.sign({ a: 1 }, rsaKey, { algorithm: 'RS256', noTimestamp: true }), rsaPublic)",
            r#"{"a":1}"#,
        ),
        (
            "return jwt.verify(jwt.sign({ a: 1 }, { key: rsaKey }, { algorithm: 'PS256', noTimestamp: true }), rsaPkcs1, { algorithms: ['PS256'] })",
            r#"{"a":1}"#,
        ),
        (
            "return jwt.verify(jwt.sign({ a: 1 }, ecKey, { algorithm: 'ES256', noTimestamp: true }), ecPublic)",
            r#"{"a":1}"#,
        ),
        (
            "return jwt.decode(jwt.sign({ a: 'ü' }, 's', { noTimestamp: true, keyid: 'k', header: { x: 1 } }), { complete: true }).header",
            r#"{"alg":"HS256","typ":"JWT","kid":"k","x":1}"#,
        ),
        (
            "return jwt.decode(jwt.sign({ a: 'ü€' }, 's', { noTimestamp: true }))",
            r#"{"a":"ü€"}"#,
        ),
        (
            "return [jwt.decode('x'), jwt.decode('a.b'), jwt.decode(null)]",
            "[null,null,null]",
        ),
        (
            "return await new Promise((done) => jwt.sign({ a: 1 }, 's', { noTimestamp: true }, (error, token) => jwt.verify(token, 's', (failure, payload) => done([error, failure, payload]))))",
            r#"[null,null,{"a":1}]"#,
        ),
        (
            "return await new Promise((done) => jwt.verify(jwt.sign({ a: 1 }, 's', { noTimestamp: true, keyid: 'k' }), (header, give) => give(null, header.kid === 'k' ? 's' : 't'), (failure, payload) => done([failure, payload])))",
            r#"[null,{"a":1}]"#,
        ),
    ]);
}

#[test]
fn times_and_names_are_claims() {
    check(&[
        (
            "return jwt.verify(jwt.sign({ iat: 1000 }, 's', { expiresIn: '1h', notBefore: '10s', audience: ['a', 'b'], issuer: 'i', subject: 'u', jwtid: 'j' }), 's', { clockTimestamp: 1010, audience: ['x', 'b'], issuer: 'i', subject: 'u', jwtid: 'j' })",
            r#"{"iat":1000,"exp":4600,"nbf":1010,"aud":["a","b"],"iss":"i","sub":"u","jti":"j"}"#,
        ),
        (
            "return jwt.decode(jwt.sign({ iat: 1000 }, 's', { expiresIn: 60 })).exp",
            "1060",
        ),
        (
            "return jwt.decode(jwt.sign({ iat: 1000 }, 's', { expiresIn: '120' })).exp",
            "1000",
        ),
        // A NumericDate may have a fraction (RFC 7519 section 2).
        (
            "return jwt.decode(jwt.sign({ iat: 1000.5 }, 's', { expiresIn: 60 }))",
            r#"{"iat":1000.5,"exp":1060.5}"#,
        ),
        (
            "return jwt.verify(jwt.sign({ iat: 999.5, nbf: 999.75, exp: 1000.25 }, 's'), 's', { clockTimestamp: 1000, maxAge: 0.75 })",
            r#"{"iat":999.5,"nbf":999.75,"exp":1000.25}"#,
        ),
        (
            "jwt.verify(jwt.sign({ iat: 999.5 }, 's'), 's', { clockTimestamp: 1000, maxAge: 0.25 })",
            "TokenExpiredError: maxAge exceeded",
        ),
        (
            "jwt.verify(jwt.sign({ exp: 1000.25 }, 's'), 's', { clockTimestamp: 1000.25 })",
            "TokenExpiredError: jwt expired",
        ),
        (
            "jwt.sign({ exp: 1 }, 's', { expiresIn: 60 })",
            "Error: Bad \"options.expiresIn\" option. The payload already has an \"exp\" property.",
        ),
        (
            "jwt.sign({}, 's', { expiresIn: 'soon' })",
            "Error: \"expiresIn\" should be a number of seconds or string representing a timespan",
        ),
        (
            "return Math.abs(jwt.decode(jwt.sign({}, 's')).iat - Date.now() / 1000) < 5",
            "true",
        ),
    ]);
}

#[test]
fn an_invalid_token_is_rejected_with_a_named_error() {
    check(&[
        (
            "jwt.verify(jwt.sign({ exp: 1000 }, 's'), 's', { clockTimestamp: 1000 })",
            "TokenExpiredError: jwt expired",
        ),
        (
            "return jwt.verify(jwt.sign({ exp: 1000, iat: 1 }, 's'), 's', { clockTimestamp: 1001, clockTolerance: 5 })",
            r#"{"exp":1000,"iat":1}"#,
        ),
        (
            "try { jwt.verify(jwt.sign({ exp: 1000 }, 's'), 's'); } catch (e) { return [e instanceof jwt.TokenExpiredError, e instanceof jwt.JsonWebTokenError, e instanceof Error, e.expiredAt]; }",
            r#"[true,true,true,"1970-01-01T00:16:40.000Z"]"#,
        ),
        (
            "jwt.verify(jwt.sign({ nbf: 2000 }, 's'), 's', { clockTimestamp: 1000 })",
            "NotBeforeError: jwt not active",
        ),
        (
            "jwt.verify(jwt.sign({ a: 1 }, 's'), 't')",
            "JsonWebTokenError: invalid signature",
        ),
        (
            "const [head, , tail] = jwt.sign({ a: 1 }, 's').split('.'); jwt.verify([head, Buffer.from('{\"a\":2}').toString('base64url'), tail].join('.'), 's')",
            "JsonWebTokenError: invalid signature",
        ),
        (
            "jwt.verify(jwt.sign({ aud: 'a' }, 's'), 's', { audience: ['b', /c/] })",
            "JsonWebTokenError: jwt audience invalid. expected: b or /c/",
        ),
        (
            "jwt.verify(jwt.sign({}, 's'), 's', { issuer: 'i' })",
            "JsonWebTokenError: jwt issuer invalid. expected: i",
        ),
        ("jwt.verify('a.b', 's')", "JsonWebTokenError: jwt malformed"),
        (
            "jwt.verify('a.b.c', 's')",
            "JsonWebTokenError: invalid token",
        ),
        (
            "jwt.verify('', 's')",
            "JsonWebTokenError: jwt must be provided",
        ),
        (
            "jwt.verify(jwt.sign({}, 's'))",
            "JsonWebTokenError: secret or public key must be provided",
        ),
        (
            "jwt.verify(jwt.sign({}, 's'), '')",
            "JsonWebTokenError: secret or public key must be provided",
        ),
        (
            "jwt.sign({}, '')",
            "JsonWebTokenError: secretOrPrivateKey must have a value",
        ),
        (
            "return await new Promise((done) => jwt.verify('x', 's', (error) => done(error.message)))",
            r#""jwt malformed""#,
        ),
    ]);
}

#[test]
fn a_public_key_is_never_an_hmac_secret() {
    check(&[
        // The classic attack: an HMAC whose secret is the text of the public key.
        (
            "const input = [{ alg: 'HS256' }, { admin: true }].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
             const forged = `${input}.${require('crypto').createHmac('sha256', rsaPublic).update(input).digest('base64url')}`;
             jwt.verify(forged, rsaPublic)",
            "JsonWebTokenError: invalid algorithm",
        ),
        (
            "const input = [{ alg: 'HS256' }, { admin: true }].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
             const forged = `${input}.${require('crypto').createHmac('sha256', rsaPublic).update(input).digest('base64url')}`;
             jwt.verify(forged, Buffer.from(rsaPublic), { algorithms: ['HS256', 'RS256'] })",
            "JsonWebTokenError: invalid algorithm",
        ),
        ("jwt.sign({}, rsaPublic, { algorithm: 'HS256' })", "Error: secretOrPrivateKey is not a key for HS256"),
        // No signature at all.
        ("jwt.verify(`${Buffer.from('{\"alg\":\"none\"}').toString('base64url')}.e30.`, 's', { algorithms: ['none'] })", "JsonWebTokenError: jwt signature is required"),
        ("jwt.verify(`${Buffer.from('{\"alg\":\"none\"}').toString('base64url')}.e30.AA`, 's', { algorithms: ['none'] })", "JsonWebTokenError: invalid algorithm"),
        ("jwt.sign({}, 's', { algorithm: 'none' })", "Error: \"algorithm\" must be a valid string enum value"),
        ("jwt.sign({}, 's', { header: { alg: 'none' } })", "Error: \"algorithm\" must be a valid string enum value"),
        ("return jwt.decode(jwt.sign({}, 's', { algorithm: 'HS384', header: { alg: 'none' } }), { complete: true }).header.alg", r#""HS384""#),
        // An algorithm that the caller does not accept, and a key of another kind.
        ("jwt.verify(jwt.sign({}, 's', { algorithm: 'HS512' }), 's', { algorithms: ['HS256'] })", "JsonWebTokenError: invalid algorithm"),
        ("jwt.verify(jwt.sign({}, ecKey, { algorithm: 'ES256' }), rsaPublic)", "JsonWebTokenError: the key is no public key for ES256 (PEM)"),
        ("jwt.sign({}, rsaPublic, { algorithm: 'RS256' })", "Error: the key is no private key for RS256 (PEM, PKCS#8 or PKCS#1)"),
        ("jwt.verify(jwt.sign({}, rsaKey, { algorithm: 'RS256' }), rsaPkcs1, { algorithms: ['ES256', 'PS256'] })", "JsonWebTokenError: invalid algorithm"),
        // A signature whose last character differs in its unused bits.
        (
            "const token = jwt.sign({ iat: 1500000000, a: 1 }, 'secret');
             const twin = token.slice(0, -1) + String.fromCharCode(token.charCodeAt(token.length - 1) + 1);
             if (!Buffer.from(twin.split('.')[2], 'base64').equals(Buffer.from(token.split('.')[2], 'base64'))) return 'no twin';
             jwt.verify(twin, 'secret')",
            "JsonWebTokenError: invalid signature",
        ),
    ]);
}

#[test]
fn signatures_match_those_of_node() {
    check(&[
        (
            "const crypto = require('crypto');
             const signature = crypto.createSign('RSA-SHA256').update('a').update('b').sign(rsaKey, 'base64');
             return [crypto.createVerify('RSA-SHA256').update('ab').verify(rsaPublic, signature, 'base64'),
                     crypto.createVerify('sha256').update('ac').verify(rsaPublic, signature, 'base64')]",
            "[true,false]",
        ),
        ("require('crypto').createSign('RSA-SHA256').update('a').sign('secret')", "Error: the key is none for this algorithm"),
    ]);
}
