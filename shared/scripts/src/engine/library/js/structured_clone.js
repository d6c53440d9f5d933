// The global `structuredClone`. https://html.spec.whatwg.org/multipage/structured-data.html
(function (exports, module) {
  'use strict';
  const refused = (what) => Object.assign(new Error(`${what} could not be cloned.`), { name: 'DataCloneError', code: 25 });

  function clone(value, seen) {
    if (typeof value === 'function' || typeof value === 'symbol') throw refused(String(value));
    if (value === null || typeof value !== 'object') return value;
    if (seen.has(value)) return seen.get(value);
    const note = (copy) => { seen.set(value, copy); return copy; };
    if (value instanceof Date) return note(new Date(value));
    if (value instanceof RegExp) return note(new RegExp(value.source, value.flags));
    if (value instanceof Boolean || value instanceof Number || value instanceof String) return note(Object(value.valueOf()));
    if (value instanceof ArrayBuffer) return note(value.slice(0));
    if (ArrayBuffer.isView(value)) {
      const buffer = clone(value.buffer, seen);
      if (value instanceof DataView) return note(new DataView(buffer, value.byteOffset, value.byteLength));
      const Type = globalThis[Object.getPrototypeOf(Uint8Array.prototype)[Symbol.toStringTag] ?? value[Symbol.toStringTag]];
      return note(new Type(buffer, value.byteOffset, value.length));
    }
    if (value instanceof Map) {
      const copy = note(new Map());
      for (const [key, one] of value) copy.set(clone(key, seen), clone(one, seen));
      return copy;
    }
    if (value instanceof Set) {
      const copy = note(new Set());
      for (const one of value) copy.add(clone(one, seen));
      return copy;
    }
    if (value instanceof Error) {
      const Type = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError }[value.name] ?? Error;
      return note(new Type(value.message));
    }
    if (value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet) throw refused(`#<${value.constructor.name}>`);
    const copy = note(Array.isArray(value) ? new Array(value.length) : {});
    for (const key of Object.keys(value)) {
      Object.defineProperty(copy, key, { value: clone(value[key], seen), writable: true, enumerable: true, configurable: true });
    }
    return copy;
  }

  module.exports = function structuredClone(value) {
    return clone(value, new Map());
  };
})
