// lodash: paths into objects. https://lodash.com/docs#get
(function (exports) {
  'use strict';
  function toPath(path) {
    if (Array.isArray(path)) return path.map((key) => (typeof key === 'symbol' ? key : String(key)));
    if (typeof path === 'symbol') return [path];
    const keys = [];
    for (const [, plain, , quoted] of String(path).matchAll(/([^.[\]]+)|\[(?:(["'])((?:\\.|(?!\2).)*)\2|)\]|^(?=\.)|\.(?=\.|$)/g)) {
      keys.push(plain ?? quoted?.replace(/\\(.)/g, '$1') ?? '');
    }
    return keys;
  }
  const pathIn = (object, path) =>
    (!Array.isArray(path) && object !== null && object !== undefined && path in Object(object) ? [path] : toPath(path));

  function get(object, path, fallback) {
    let value = object;
    const keys = pathIn(object, path);
    for (const key of keys) {
      if (value === null || value === undefined) return fallback;
      value = value[key];
    }
    return value === undefined || keys.length === 0 ? fallback : value;
  }

  const property = (path) => (object) => get(object, path);

  // Sets an own property of any name: `__proto__` gets no special treatment.
  function put(object, key, value) {
    if (key === '__proto__') {
      Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
    } else {
      object[key] = value;
    }
    return object;
  }

  exports.parts = { pathIn, put };
  exports.functions = { get, property, propertyOf: (object) => (path) => get(object, path), toPath };
})
