// The globals `TextEncoder`, `TextDecoder`, `btoa`, `atob`. https://encoding.spec.whatwg.org
(function (exports, module, require) {
  'use strict';
  const { Buffer, bytesOf } = require('buffer');

  class TextEncoder {
    get encoding() { return 'utf-8'; }
    encode(text = '') {
      return new Uint8Array(Buffer.from(String(text), 'utf8'));
    }
  }

  class TextDecoder {
    #fatal;
    #keepMark;
    constructor(label = 'utf-8', options = {}) {
      if (!/^(?:utf-?8|unicode-1-1-utf-8)$/i.test(String(label).trim())) {
        throw new RangeError(`The "${label}" encoding is not supported: utf-8 is`);
      }
      this.#fatal = Boolean(options.fatal);
      this.#keepMark = Boolean(options.ignoreBOM);
    }
    get encoding() { return 'utf-8'; }
    get fatal() { return this.#fatal; }
    get ignoreBOM() { return this.#keepMark; }
    decode(bytes = new Uint8Array()) {
      const given = bytesOf(bytes);
      const text = given.toString('utf8');
      if (this.#fatal && text.includes('\ufffd') && !Buffer.from(text, 'utf8').equals(given)) {
        throw Object.assign(new TypeError('The encoded data was not valid for encoding utf-8'), {
          code: 'ERR_ENCODING_INVALID_ENCODED_DATA',
        });
      }
      return this.#keepMark ? text : text.replace(/^\ufeff/, '');
    }
  }

  const invalid = (message) => Object.assign(new Error(message), { name: 'InvalidCharacterError', code: 5 });

  function btoa(value) {
    const text = String(value);
    if (/[^\x00-\xff]/.test(text)) throw invalid('Invalid character');
    return Buffer.from(text, 'latin1').toString('base64');
  }

  function atob(value) {
    let text = String(value).replace(/[\t\n\f\r ]/g, '');
    if (text.length % 4 === 0) text = text.replace(/={1,2}$/, '');
    if (text.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(text)) throw invalid('The string to be decoded is not correctly encoded.');
    return Buffer.from(text, 'base64').toString('latin1');
  }

  Object.assign(exports, { TextEncoder, TextDecoder, btoa, atob });
})
