// `buffer`: Node's Buffer, a Uint8Array with encodings.
// https://nodejs.org/docs/latest-v22.x/api/buffer.html
(function (exports, module, require, host) {
  'use strict';
  const { wrongType } = require('internal/callbacks');
  class Bytes extends Uint8Array {}

  // `new Buffer(text, encoding)` is deprecated in Node, and common in Rules; it works without `new`, too.
  function Buffer(value, encodingOrOffset, length) {
    return typeof value === 'number' ? Buffer.alloc(value) : Buffer.from(value, encodingOrOffset, length);
  }
  Object.setPrototypeOf(Buffer, Uint8Array);
  Buffer.prototype = Bytes.prototype;
  Object.defineProperty(Buffer.prototype, 'constructor', { value: Buffer, writable: true, configurable: true });

  const names = {
    'utf-8': 'utf8', utf8: 'utf8', hex: 'hex', base64: 'base64', base64url: 'base64url', ascii: 'ascii',
    latin1: 'latin1', binary: 'latin1', ucs2: 'utf16le', 'ucs-2': 'utf16le', utf16le: 'utf16le', 'utf-16le': 'utf16le',
  };

  function encodingOf(name) {
    if (name === undefined || name === null || name === '') return 'utf8';
    const known = names[String(name).toLowerCase()];
    if (!known) {
      const error = new TypeError(`Unknown encoding: ${name}`);
      error.code = 'ERR_UNKNOWN_ENCODING';
      throw error;
    }
    return known;
  }

  function wrap(bytes) {
    return new Bytes(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  function encode(text, encoding) {
    switch (encodingOf(encoding)) {
      case 'utf8': return wrap(host.utf8(text.toWellFormed()));
      case 'hex': return wrap(host.fromHex(text.toWellFormed()));
      case 'base64': case 'base64url': return wrap(host.fromBase64(text.toWellFormed()));
      case 'utf16le': {
        const bytes = new Bytes(text.length * 2);
        for (let i = 0; i < text.length; i++) {
          bytes[2 * i] = text.charCodeAt(i);
          bytes[2 * i + 1] = text.charCodeAt(i) >> 8;
        }
        return bytes;
      }
      default: {
        const bytes = new Bytes(text.length);
        for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
        return bytes;
      }
    }
  }

  function characters(bytes) {
    let text = '';
    for (let i = 0; i < bytes.length; i += 4096) {
      text += String.fromCharCode.apply(null, bytes.subarray(i, i + 4096));
    }
    return text;
  }

  function decode(bytes, encoding) {
    switch (encodingOf(encoding)) {
      case 'utf8': return host.text(bytes.toBase64());
      case 'hex': return bytes.toHex();
      case 'base64': return bytes.toBase64();
      case 'base64url': return bytes.toBase64({ alphabet: 'base64url', omitPadding: true });
      case 'utf16le': {
        const units = new Uint16Array(bytes.length >> 1);
        for (let i = 0; i < units.length; i++) units[i] = bytes[2 * i] | (bytes[2 * i + 1] << 8);
        return characters(units);
      }
      case 'ascii': return characters(bytes.map((byte) => byte & 0x7f));
      default: return characters(bytes);
    }
  }

  // The bytes of an argument of crypto functions: a text (UTF-8 by default), or bytes.
  function bytesOf(value, encoding, what = 'data') {
    if (typeof value === 'string') return encode(value, encoding);
    if (ArrayBuffer.isView(value)) return new Bytes(value.buffer, value.byteOffset, value.byteLength);
    if (value instanceof ArrayBuffer) return new Bytes(value);
    throw wrongType(`"${what}" argument`, 'of type string or an instance of Buffer, TypedArray, or DataView', value);
  }

  Buffer.from = function from(value, encodingOrOffset, length) {
    if (typeof value === 'string') return encode(value, encodingOrOffset);
    if (value instanceof ArrayBuffer) return new Bytes(value, encodingOrOffset, length);
    if (value !== null && typeof value === 'object') {
      if (ArrayBuffer.isView(value) || Array.isArray(value)) return new Bytes(value);
      if (value.type === 'Buffer' && Array.isArray(value.data)) return new Bytes(value.data);
      const primitive = typeof value.valueOf === 'function' ? value.valueOf() : value;
      if (primitive !== value && primitive !== null) return Buffer.from(primitive, encodingOrOffset, length);
      if (typeof value.length === 'number') return new Bytes(Array.from(value));
    }
    const expected = 'of type string or an instance of Buffer, ArrayBuffer, or Array or an Array-like Object';
    throw wrongType('first argument', expected, value);
  };

  Buffer.alloc = function alloc(size, fill, encoding) {
    if (typeof size !== 'number' || !(size >= 0)) {
      throw new RangeError(`The value of "size" is out of range. Received ${String(size)}`);
    }
    const bytes = new Bytes(size);
    return fill === undefined || fill === 0 ? bytes : bytes.fill(fill, encoding);
  };
  Buffer.allocUnsafe = Buffer.allocUnsafeSlow = (size) => Buffer.alloc(size);
  Buffer.isBuffer = (value) => value instanceof Bytes;
  Buffer.isEncoding = (name) => typeof name === 'string' && name.toLowerCase() in names;
  Buffer.byteLength = (value, encoding) => bytesOf(value, encoding, 'string').length;
  Buffer.compare = (a, b) => bytesOf(a, undefined, 'buf1').compare(b);
  Buffer.concat = function concat(list, total) {
    const length = total ?? list.reduce((sum, part) => sum + part.length, 0);
    const all = new Bytes(length);
    let at = 0;
    for (const part of list) {
      const room = part.subarray(0, Math.max(0, length - at));
      all.set(room, at);
      at += room.length;
    }
    return all;
  };
  Buffer.poolSize = 8192;

  const methods = {
    toString(encoding, start, end) {
      return decode(start === undefined && end === undefined ? this : this.subarray(start, end), encoding);
    },
    toJSON() {
      return { type: 'Buffer', data: Array.from(this) };
    },
    equals(other) {
      return this.compare(other) === 0;
    },
    compare(other) {
      const length = Math.min(this.length, other.length);
      for (let i = 0; i < length; i++) {
        if (this[i] !== other[i]) return this[i] < other[i] ? -1 : 1;
      }
      return Math.sign(this.length - other.length);
    },
    // As in Node, the slice shares its memory with the original, unlike that of a Uint8Array.
    slice(start, end) {
      return this.subarray(start, end);
    },
    write(text, offset = 0, length, encoding) {
      if (typeof offset === 'string') [offset, encoding] = [0, offset];
      if (typeof length === 'string') [length, encoding] = [undefined, length];
      const bytes = encode(text, encoding).subarray(0, Math.min(length ?? Infinity, this.length - offset));
      this.set(bytes, offset);
      return bytes.length;
    },
    copy(target, targetStart = 0, start = 0, end = this.length) {
      const bytes = this.subarray(start, end).subarray(0, Math.max(0, target.length - targetStart));
      target.set(bytes, targetStart);
      return bytes.length;
    },
    fill(value, ...rest) {
      if (typeof value === 'number') return Uint8Array.prototype.fill.call(this, value, ...rest);
      const encoding = rest.find((argument) => typeof argument === 'string');
      const [start = 0, end = this.length] = rest.filter((argument) => typeof argument === 'number');
      const pattern = bytesOf(value, encoding, 'value');
      for (let i = start; i < end; i++) this[i] = pattern.length ? pattern[(i - start) % pattern.length] : 0;
      return this;
    },
    indexOf(value, from = 0, encoding) {
      if (typeof value === 'number') return Uint8Array.prototype.indexOf.call(this, value & 255, from);
      const wanted = bytesOf(value, encoding, 'value');
      for (let i = from < 0 ? Math.max(0, this.length + from) : from; i + wanted.length <= this.length; i++) {
        if (wanted.every((byte, at) => this[i + at] === byte)) return i;
      }
      return -1;
    },
    includes(value, from, encoding) {
      return this.indexOf(value, from, encoding) !== -1;
    },
    readUInt8(offset = 0) { return view(this).getUint8(offset); },
    readUInt16BE(offset = 0) { return view(this).getUint16(offset); },
    readUInt16LE(offset = 0) { return view(this).getUint16(offset, true); },
    readUInt32BE(offset = 0) { return view(this).getUint32(offset); },
    readUInt32LE(offset = 0) { return view(this).getUint32(offset, true); },
    readInt32BE(offset = 0) { return view(this).getInt32(offset); },
    writeUInt8(value, offset = 0) { view(this).setUint8(offset, value); return offset + 1; },
    writeUInt16BE(value, offset = 0) { view(this).setUint16(offset, value); return offset + 2; },
    writeUInt32BE(value, offset = 0) { view(this).setUint32(offset, value); return offset + 4; },
    writeUInt32LE(value, offset = 0) { view(this).setUint32(offset, value, true); return offset + 4; },
  };
  const view = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(Bytes.prototype, name, { value, writable: true, configurable: true });
  }

  exports.Buffer = Buffer;
  exports.bytesOf = bytesOf;
  Object.defineProperty(exports, 'bytesOf', { enumerable: false });
  exports.wrap = wrap;
  Object.defineProperty(exports, 'wrap', { enumerable: false });
})
