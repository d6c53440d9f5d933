// `crypto`: the part of Node's module that aws-lc offers. https://nodejs.org/docs/latest-v22.x/api/crypto.html
(function (exports, module, require, host) {
  'use strict';
  const { callBack } = require('internal/callbacks');
  // Loads `buffer` only for bytes: `randomUUID` needs none.
  const bytesOf = (...list) => require('buffer').bytesOf(...list);
  const wrap = (bytes) => require('buffer').wrap(bytes);
  const out = (bytes, encoding) =>
    encoding === undefined || encoding === 'buffer' ? bytes : bytes.toString(encoding);

  function digestName(name) {
    const known = /^(?:rsa-)?sha-?(1|256|384|512)$/i.exec(String(name));
    if (known) return `sha${known[1]}`;
    throw Object.assign(new Error(`Digest method not supported: ${name} (there are ${exports.getHashes().join(', ')})`), {
      code: 'ERR_CRYPTO_INVALID_DIGEST',
    });
  }

  // Collects the data to hash; `finish` is called once.
  class Collector {
    #parts = [];
    #done = false;
    update(data, encoding) {
      if (this.#done) throw finalized();
      this.#parts.push(require('buffer').Buffer.from(bytesOf(data, encoding)));
      return this;
    }
    take() {
      if (this.#done) throw finalized();
      this.#done = true;
      return require('buffer').Buffer.concat(this.#parts).toBase64();
    }
  }
  const finalized = () =>
    Object.assign(new Error('Digest already called'), { code: 'ERR_CRYPTO_HASH_FINALIZED' });

  class Hash extends Collector {
    #algorithm;
    constructor(name) {
      super();
      this.#algorithm = digestName(name);
    }
    digest(encoding) {
      return out(wrap(host.hash(this.#algorithm, this.take())), encoding);
    }
  }

  class Hmac extends Collector {
    #algorithm;
    #key;
    constructor(name, key) {
      super();
      this.#algorithm = digestName(name);
      this.#key = bytesOf(key, undefined, 'key').toBase64();
    }
    digest(encoding) {
      return out(wrap(host.hmac(this.#algorithm, this.#key, this.take())), encoding);
    }
  }

  // Keys are PEM texts, or `{ key: PEM }`.
  const pem = (key) => bytesOf(typeof key === 'string' || ArrayBuffer.isView(key) ? key : key?.key, undefined, 'key').toBase64();
  const scheme = (name) => `RS${digestName(name).slice(3)}`;

  class Sign extends Collector {
    #algorithm;
    constructor(name) {
      super();
      this.#algorithm = scheme(name);
    }
    sign(key, encoding) {
      return out(wrap(host.sign(this.#algorithm, pem(key), this.take())), encoding);
    }
  }

  class Verify extends Collector {
    #algorithm;
    constructor(name) {
      super();
      this.#algorithm = scheme(name);
    }
    verify(key, signature, encoding) {
      return host.verify(this.#algorithm, pem(key), this.take(), bytesOf(signature, encoding, 'signature').toBase64());
    }
  }

  Object.assign(exports, {
    getHashes: () => ['sha1', 'sha256', 'sha384', 'sha512'],
    createHash: (name) => new Hash(name),
    createHmac: (name, key) => new Hmac(name, key),
    createSign: (name) => new Sign(name),
    createVerify: (name) => new Verify(name),
    hash: (name, data, encoding = 'hex') => new Hash(name).update(data).digest(encoding),
    randomBytes(size, callback) {
      if (typeof size !== 'number' || !(size >= 0 && size <= 65536)) {
        throw new RangeError(`The value of "size" is out of range. It must be >= 0 && <= 65536. Received ${String(size)}`);
      }
      const bytes = wrap(host.random(size));
      return callback ? callBack(callback, null, bytes) : bytes;
    },
    randomUUID: () => host.uuid(),
    randomInt(min, max, callback) {
      if (max === undefined || typeof max === 'function') [min, max, callback] = [0, min, max];
      if (!(Number.isSafeInteger(min) && Number.isSafeInteger(max) && max > min && max - min <= 2 ** 32)) {
        throw new RangeError(`The value of "max" is out of range. It must be greater than the value of "min" (${min}). Received ${max}`);
      }
      // Numbers beyond the last multiple of the range are drawn again, so that all results are equally likely.
      const range = max - min;
      let drawn;
      do {
        drawn = wrap(host.random(6)).reduce((number, byte) => number * 256 + byte, 0);
      } while (drawn >= 2 ** 48 - (2 ** 48 % range));
      const number = min + (drawn % range);
      return callback ? callBack(callback, null, number) : number;
    },
    timingSafeEqual(a, b) {
      if (!ArrayBuffer.isView(a) || !ArrayBuffer.isView(b)) {
        throw Object.assign(new TypeError('Both arguments must be Buffers or TypedArrays'), { code: 'ERR_INVALID_ARG_TYPE' });
      }
      if (a.byteLength !== b.byteLength) {
        throw Object.assign(new RangeError('Input buffers must have the same byte length'), {
          code: 'ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH',
        });
      }
      return host.equal(bytesOf(a).toBase64(), bytesOf(b).toBase64());
    },
    pbkdf2Sync: (password, salt, iterations, length, digest) =>
      wrap(host.pbkdf2(digestName(digest), bytesOf(password, undefined, 'password').toBase64(),
        bytesOf(salt, undefined, 'salt').toBase64(), iterations, length)),
    pbkdf2(password, salt, iterations, length, digest, callback) {
      callBack(callback, null, exports.pbkdf2Sync(password, salt, iterations, length, digest));
    },
  });
})
