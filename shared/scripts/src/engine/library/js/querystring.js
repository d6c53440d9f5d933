// `querystring`. https://nodejs.org/docs/latest-v22.x/api/querystring.html
(function (exports) {
  'use strict';
  exports.escape = (value) =>
    encodeURIComponent(String(value)).replace(/%(?:21|27|28|29|2A)/g, decodeURIComponent);

  exports.unescape = (text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      // Invalid percent-encodings stay as they are.
      return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
        try {
          return decodeURIComponent(run);
        } catch {
          return '\ufffd';
        }
      });
    }
  };

  const primitive = (value) => {
    if (typeof value === 'string') return value;
    if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '';
    return typeof value === 'bigint' || typeof value === 'boolean' ? String(value) : '';
  };

  exports.stringify = (object, separator = '&', equals = '=', options) => {
    if (object === null || typeof object !== 'object') return '';
    const escape = options?.encodeURIComponent ?? exports.escape;
    const pair = (name, value) => `${escape(name)}${equals ?? '='}${escape(primitive(value))}`;
    return Object.entries(object)
      .flatMap(([name, value]) => (Array.isArray(value) ? value.map((one) => pair(name, one)) : [pair(name, value)]))
      .join(separator ?? '&');
  };

  exports.parse = (text, separator = '&', equals = '=', options) => {
    const found = Object.create(null);
    if (typeof text !== 'string' || text === '') return found;
    const unescape = options?.decodeURIComponent ?? exports.unescape;
    const limit = options?.maxKeys ?? 1000;
    const by = equals || '=';
    const parts = text.split(separator || '&').filter((part) => part !== '');
    for (const part of limit > 0 ? parts.slice(0, limit) : parts) {
      const at = part.indexOf(by);
      const clean = (piece) => unescape(piece.replaceAll('+', ' '));
      const name = clean(at < 0 ? part : part.slice(0, at));
      const value = at < 0 ? '' : clean(part.slice(at + by.length));
      if (!(name in found)) found[name] = value;
      else if (Array.isArray(found[name])) found[name].push(value);
      else found[name] = [found[name], value];
    }
    return found;
  };

  exports.encode = exports.stringify;
  exports.decode = exports.parse;
})
