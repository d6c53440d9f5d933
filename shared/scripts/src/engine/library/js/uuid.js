// `uuid`: RFC 9562, versions 4 and 5. https://github.com/uuidjs/uuid#readme
(function (exports, module, require) {
  'use strict';
  const crypto = require('crypto');
  // Loads `buffer` only for bytes: most scripts use `v4`, which needs none.
  const bytesOf = (...list) => require('buffer').Buffer.from(...list);
  const PATTERN = /^(?:[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}|0{8}-(?:0{4}-){3}0{12}|f{8}-(?:f{4}-){3}f{12})$/i;

  const validate = (text) => typeof text === 'string' && PATTERN.test(text);

  function stringify(bytes) {
    const hex = bytesOf(bytes.subarray(0, 16)).toString('hex');
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  }

  function parse(text) {
    if (!validate(text)) throw new TypeError('Invalid UUID');
    return bytesOf(text.replaceAll('-', ''), 'hex');
  }

  function marked(bytes, version) {
    bytes[6] = (bytes[6] & 0x0f) | (version << 4);
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    return bytes;
  }

  function v4(options) {
    const given = options?.random ?? options?.rng?.();
    return given ? stringify(marked(bytesOf(given), 4)) : crypto.randomUUID();
  }

  function v5(name, namespace) {
    const space = typeof namespace === 'string' ? parse(namespace) : bytesOf(namespace ?? []);
    if (space.length !== 16) {
      throw new TypeError('Namespace must be array-like (16 iterable integer values, 0-255)');
    }
    const digest = crypto.createHash('sha1').update(space).update(bytesOf(name)).digest();
    return stringify(marked(digest, 5));
  }
  v5.DNS = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';
  v5.URL = '6ba7b811-9dad-11d1-80b4-00c04fd430c8';

  function version(text) {
    return parse(text)[6] >> 4;
  }

  function absent(name) {
    return () => { throw new Error(`uuid.${name} is not here: use uuid.v4`); };
  }

  // The module itself was `v4` before version 7.
  module.exports = Object.assign(v4, {
    v1: absent('v1'), v3: absent('v3'), v4, v5, v7: absent('v7'), validate, version, stringify, parse,
    NIL: '00000000-0000-0000-0000-000000000000', MAX: 'ffffffff-ffff-ffff-ffff-ffffffffffff',
  });
})
