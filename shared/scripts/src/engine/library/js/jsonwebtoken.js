// `jsonwebtoken`: signs, verifies and decodes JWTs. https://github.com/auth0/node-jsonwebtoken#readme
(function (exports, module, require, host) {
  'use strict';
  const { Buffer, bytesOf, wrap } = require('buffer');
  const { answer } = require('internal/callbacks');
  const ms = require('ms');

  class JsonWebTokenError extends Error {
    constructor(message, inner) {
      super(message);
      this.name = 'JsonWebTokenError';
      if (inner) this.inner = inner;
    }
  }
  class TokenExpiredError extends JsonWebTokenError {
    constructor(message, expiredAt) {
      super(message);
      this.name = 'TokenExpiredError';
      this.expiredAt = expiredAt;
    }
  }
  class NotBeforeError extends JsonWebTokenError {
    constructor(message, date) {
      super(message);
      this.name = 'NotBeforeError';
      this.date = date;
    }
  }

  const HMAC = ['HS256', 'HS384', 'HS512'];
  const RSA = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
  const EC = ['ES256', 'ES384'];
  const ALGORITHMS = [...HMAC, ...RSA, ...EC];
  const fail = (message) => { throw new JsonWebTokenError(message); };
  const isPem = (key) => key.includes('-----BEGIN ');

  function keyOf(key, name) {
    if (key && typeof key === 'object' && !ArrayBuffer.isView(key)) key = key.key;
    if (key === undefined || key === null || key.length === 0) fail(`${name} must have a value`);
    return bytesOf(key, undefined, name);
  }

  // The algorithms that a key may be used with. A PEM text is never the secret of an HMAC: an attacker who knows a
  // public key could sign with it.
  function algorithmsFor(key) {
    if (!isPem(key)) return HMAC;
    return key.includes('-----BEGIN RSA ') ? RSA : [...RSA, ...EC];
  }

  // The npm module rounds down only if the span is a text, and accepts fractions only for `maxAge`.
  const seconds = (value, now, name) => {
    const isText = typeof value === 'string';
    const span = isText ? ms(value) / 1000 : value;
    if (!Number.isFinite(span) || !(isText || name === 'maxAge' || Number.isInteger(span))) {
      throw new Error(`"${name}" should be a number of seconds or string representing a timespan`);
    }
    return isText ? Math.floor(now + span) : now + span;
  };
  const part = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

  function claims(payload, options) {
    if (payload === null || typeof payload !== 'object' || Array.isArray(payload)) {
      throw new Error('Expected "payload" to be a plain object.');
    }
    const all = options.mutatePayload ? payload : { ...payload };
    const now = all.iat ?? Math.floor(Date.now() / 1000);
    if (options.noTimestamp) delete all.iat;
    else all.iat = now;
    const given = { expiresIn: 'exp', notBefore: 'nbf', audience: 'aud', issuer: 'iss', subject: 'sub', jwtid: 'jti' };
    for (const [option, claim] of Object.entries(given)) {
      if (options[option] === undefined) continue;
      if (payload[claim] !== undefined && payload[claim] !== null) {
        throw new Error(`Bad "options.${option}" option. The payload already has an "${claim}" property.`);
      }
      const isTime = claim === 'exp' || claim === 'nbf';
      all[claim] = isTime ? seconds(options[option], now, option) : options[option];
    }
    return all;
  }

  function sign(payload, secretOrPrivateKey, options, callback) {
    if (typeof options === 'function') [options, callback] = [{}, options];
    const make = () => signed(payload, secretOrPrivateKey, options ?? {});
    return callback ? answer(make, callback) : make();
  }

  function signed(payload, secretOrPrivateKey, options) {
    const key = keyOf(secretOrPrivateKey, 'secretOrPrivateKey');
    const isText = typeof payload === 'string' || Buffer.isBuffer(payload);
    const algorithm = options.algorithm ?? options.header?.alg ?? 'HS256';
    if (!ALGORITHMS.includes(algorithm)) throw new Error('"algorithm" must be a valid string enum value');
    if (!algorithmsFor(key.toString()).includes(algorithm)) {
      throw new Error(`secretOrPrivateKey is not a key for ${algorithm}`);
    }
    const header = { alg: algorithm, typ: isText ? undefined : 'JWT', kid: options.keyid, ...options.header };
    header.alg = algorithm;
    const body = isText ? payload.toString() : claims(payload, options);
    const input = `${part(header)}.${part(body)}`;
    const signature = host.sign(algorithm, key.toBase64(), Buffer.from(input).toBase64());
    return `${input}.${wrap(signature).toString('base64url')}`;
  }

  function decode(token, options = {}) {
    const parts = typeof token === 'string' ? /^([\w-]+)\.([\w-]*)\.([\w-]*)$/.exec(token) : null;
    if (!parts) return null;
    let header;
    let payload = Buffer.from(parts[2], 'base64url').toString();
    try {
      header = JSON.parse(Buffer.from(parts[1], 'base64url').toString());
    } catch {
      return null;
    }
    if (header === null || typeof header !== 'object') return null;
    try {
      payload = JSON.parse(payload);
    } catch (error) {
      if (header.typ === 'JWT') throw error;
    }
    return options?.complete ? { header, payload, signature: parts[3] } : payload;
  }

  function verify(token, secretOrPublicKey, options, callback) {
    if (typeof options === 'function') [options, callback] = [{}, options];
    options = { ...options };
    if (typeof secretOrPublicKey === 'function') {
      if (!callback) fail('verify must be called asynchronous if secret or public key is provided as a callback');
      const decoded = parse(token);
      return secretOrPublicKey(decoded.header, (error, key) => {
        if (error) callback(new JsonWebTokenError(`error in secret or public key callback: ${error.message}`));
        else answer(() => verified(token, key, options), callback);
      });
    }
    return callback ? answer(() => verified(token, secretOrPublicKey, options), callback)
      : verified(token, secretOrPublicKey, options);
  }

  function parse(token) {
    if (!token) fail('jwt must be provided');
    if (typeof token !== 'string') fail('jwt must be a string');
    if (token.split('.').length !== 3) fail('jwt malformed');
    let decoded;
    try {
      decoded = decode(token, { complete: true });
    } catch (error) {
      throw new JsonWebTokenError('invalid token', error);
    }
    return decoded ?? fail('invalid token');
  }

  function verified(token, secretOrPublicKey, options) {
    const decoded = parse(token);
    if (decoded.signature === '') fail('jwt signature is required');
    if (secretOrPublicKey === undefined || secretOrPublicKey === null || secretOrPublicKey === '') {
      fail('secret or public key must be provided');
    }
    const key = keyOf(secretOrPublicKey, 'secretOrPublicKey');
    const fitting = algorithmsFor(key.toString());
    const algorithm = decoded.header.alg;
    const allowed = options.algorithms ?? fitting;
    if (!allowed.includes(algorithm) || !fitting.includes(algorithm)) fail('invalid algorithm');
    const input = Buffer.from(token.slice(0, token.lastIndexOf('.'))).toBase64();
    const signature = Buffer.from(decoded.signature, 'base64url');
    let good = false;
    try {
      // A signature has exactly one text: different unused bits in its last character are rejected.
      good = signature.toString('base64url') === decoded.signature
        && host.verify(algorithm, key.toBase64(), input, signature.toBase64());
    } catch (error) {
      throw new JsonWebTokenError(error.message, error);
    }
    if (!good) fail('invalid signature');
    check(decoded.payload, options);
    return options.complete ? decoded : decoded.payload;
  }

  function check(payload, options) {
    const now = options.clockTimestamp ?? Math.floor(Date.now() / 1000);
    const tolerance = options.clockTolerance ?? 0;
    if (payload.nbf !== undefined && !options.ignoreNotBefore) {
      if (typeof payload.nbf !== 'number') fail('invalid nbf value');
      if (payload.nbf > now + tolerance) throw new NotBeforeError('jwt not active', new Date(payload.nbf * 1000));
    }
    if (payload.exp !== undefined && !options.ignoreExpiration) {
      if (typeof payload.exp !== 'number') fail('invalid exp value');
      if (now >= payload.exp + tolerance) throw new TokenExpiredError('jwt expired', new Date(payload.exp * 1000));
    }
    if (options.audience) {
      const wanted = [options.audience].flat();
      const has = [payload.aud].flat();
      const matches = (one) => has.some((aud) => (one instanceof RegExp ? one.test(aud) : one === aud));
      if (!wanted.some(matches)) fail(`jwt audience invalid. expected: ${wanted.join(' or ')}`);
    }
    if (options.issuer && ![options.issuer].flat().includes(payload.iss)) {
      fail(`jwt issuer invalid. expected: ${options.issuer}`);
    }
    for (const [option, claim, name] of [['subject', 'sub', 'subject'], ['jwtid', 'jti', 'jwtid']]) {
      if (options[option] && payload[claim] !== options[option]) fail(`jwt ${name} invalid. expected: ${options[option]}`);
    }
    if (options.nonce && payload.nonce !== options.nonce) fail(`jwt nonce invalid. expected: ${options.nonce}`);
    if (options.maxAge !== undefined) {
      if (typeof payload.iat !== 'number') fail('iat required when maxAge is specified');
      const end = seconds(options.maxAge, payload.iat, 'maxAge');
      if (now >= end + tolerance) throw new TokenExpiredError('maxAge exceeded', new Date(end * 1000));
    }
  }

  Object.assign(exports, { sign, verify, decode, JsonWebTokenError, TokenExpiredError, NotBeforeError });
})
