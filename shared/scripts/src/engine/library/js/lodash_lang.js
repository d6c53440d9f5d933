// lodash: type checks, and the shorthands for functions. https://lodash.com/docs
(function (exports, module, require) {
  'use strict';
  const { get, property } = require('internal/lodash_paths').functions;
  const tag = (value) => Object.prototype.toString.call(value).slice(8, -1);
  const isObject = (value) => value !== null && (typeof value === 'object' || typeof value === 'function');
  // It does not name the byte types themselves, because only scripts that name them have them.
  const isBytes = (value) => globalThis.ArrayBuffer?.isView(value) === true;
  const isObjectLike = (value) => value !== null && typeof value === 'object';
  const boxed = (type, name) => (value) => typeof value === type || (isObjectLike(value) && tag(value) === name);
  const isNumber = boxed('number', 'Number');
  const isString = boxed('string', 'String');
  const isArrayLike = (value) => value !== null && value !== undefined && typeof value !== 'function'
    && Number.isInteger(value.length) && value.length >= 0;
  const isArguments = (value) => isObjectLike(value) && tag(value) === 'Arguments';

  function isPlainObject(value) {
    if (!isObjectLike(value) || tag(value) !== 'Object') return false;
    const prototype = Object.getPrototypeOf(value);
    return prototype === null || Object.getPrototypeOf(prototype) === null;
  }

  function isEmpty(value) {
    if (value === null || value === undefined) return true;
    if (Array.isArray(value) || typeof value === 'string' || isBytes(value) || isArguments(value)) return value.length === 0;
    if (value instanceof Map || value instanceof Set) return value.size === 0;
    return Object.keys(value).length === 0;
  }

  // `seen` pairs the values under comparison, for structures that contain themselves.
  function isEqual(a, b, seen = new Map()) {
    if (Object.is(a, b) || a === b) return true;
    if (!isObjectLike(a) || !isObjectLike(b)) return false;
    if (tag(a) !== tag(b)) return false;
    if (seen.get(a) === b) return true;
    seen.set(a, b);
    const same = (x, y) => isEqual(x, y, seen);
    if (a instanceof Date || a instanceof Number || a instanceof String || a instanceof Boolean) return Object.is(a.valueOf(), b.valueOf());
    if (a instanceof RegExp) return String(a) === String(b);
    if (a instanceof Error) return a.name === b.name && a.message === b.message;
    if (a instanceof Map) return a.size === b.size && [...a].every(([key, value]) => b.has(key) && same(value, b.get(key)));
    if (a instanceof Set) return a.size === b.size && [...a].every((value) => b.has(value) || [...b].some((other) => same(value, other)));
    if (Array.isArray(a) || isBytes(a)) {
      return a.length === b.length && Array.prototype.every.call(a, (value, at) => same(value, b[at]));
    }
    if (a.constructor !== b.constructor && 'constructor' in a && 'constructor' in b && !(isPlainObject(a) && isPlainObject(b))) return false;
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]));
  }

  // True if `object` contains everything in `source`, recursively. The order of array elements does not matter.
  function isMatch(object, source) {
    if (object === null || object === undefined) return Object.keys(source ?? {}).length === 0;
    return Object.keys(source).every((key) => key in Object(object) && holds(object[key], source[key]));
  }
  function holds(value, wanted) {
    if (Array.isArray(wanted)) return Array.isArray(value) && wanted.every((one) => value.some((other) => holds(other, one)));
    if (isPlainObject(wanted)) return isObject(value) && isMatch(value, wanted);
    return isEqual(value, wanted);
  }

  function iteratee(shorthand) {
    if (typeof shorthand === 'function') return shorthand;
    if (shorthand === null || shorthand === undefined) return (value) => value;
    if (Array.isArray(shorthand)) return matchesProperty(shorthand[0], shorthand[1]);
    if (typeof shorthand === 'object') return (value) => isMatch(value, shorthand);
    return property(shorthand);
  }
  const matchesProperty = (path, wanted) => (object) => holds(get(object, path), wanted);

  function toNumber(value) {
    if (typeof value === 'symbol') return NaN;
    return typeof value === 'string' ? Number(value.trim()) : Number(isObject(value) ? value.valueOf() : value);
  }
  function toFinite(value) {
    const number = toNumber(value);
    return Math.abs(number) === Infinity ? Math.sign(number) * Number.MAX_VALUE : number || 0;
  }
  function toText(value) {
    if (value === null || value === undefined) return '';
    if (Array.isArray(value)) return value.map((one) => (one === null || one === undefined ? String(one) : toText(one))).join(',');
    return Object.is(value, -0) ? '-0' : String(value);
  }
  function toArray(value) {
    if (value === null || value === undefined) return [];
    return typeof value[Symbol.iterator] === 'function' ? [...value] : isArrayLike(value) ? Array.from(value) : Object.values(value);
  }

  // Not functions of lodash, but helpers for its other files.
  exports.parts = { tag, iteratee, isArguments };
  exports.functions = {
    isObject, isObjectLike, isNumber, isString, isBoolean: boxed('boolean', 'Boolean'), isArray: Array.isArray,
    isArrayLike, isArrayLikeObject: (value) => isObjectLike(value) && isArrayLike(value), isArguments, isPlainObject, isEmpty, isEqual, isMatch,
    isFunction: (value) => typeof value === 'function',
    isNil: (value) => value === null || value === undefined,
    isNull: (value) => value === null,
    isUndefined: (value) => value === undefined,
    isDate: (value) => value instanceof Date,
    isRegExp: (value) => value instanceof RegExp,
    isError: (value) => value instanceof Error,
    isMap: (value) => value instanceof Map,
    isSet: (value) => value instanceof Set,
    isSymbol: (value) => typeof value === 'symbol',
    isBuffer: (value) => isBytes(value) && globalThis.Buffer?.isBuffer(value) === true,
    isNaN: (value) => isNumber(value) && Number.isNaN(Number(value)),
    isFinite: Number.isFinite, isInteger: Number.isInteger, isSafeInteger: Number.isSafeInteger,
    eq: (a, b) => a === b || Object.is(a, b), gt: (a, b) => a > b, gte: (a, b) => a >= b, lt: (a, b) => a < b, lte: (a, b) => a <= b,
    toNumber, toFinite, toInteger: (value) => Math.trunc(toFinite(value)), toString: toText, toArray, matchesProperty,
    iteratee, matches: (source) => (value) => isMatch(value, source),
    castArray: (...values) => (values.length === 0 ? [] : Array.isArray(values[0]) ? values[0] : [values[0]]),
  };
})
