// lodash: objects. https://lodash.com/docs
(function (exports, module, require) {
  'use strict';
  const lang = require('internal/lodash_lang');
  const { parts: { pathIn, put }, functions: { get } } = require('internal/lodash_paths');
  const { iteratee, tag, isArguments } = lang.parts;
  const { isObject, isPlainObject, isNil } = lang.functions;
  const own = (object) => (isNil(object) ? [] : Object.keys(object));
  // Keys that lead to the prototype of all objects are not allowed in paths.
  const UNSAFE = ['__proto__', 'constructor', 'prototype'];

  function has(object, path, test = Object.hasOwn) {
    let value = object;
    const keys = pathIn(object, path);
    for (const key of keys) {
      if (isNil(value) || !test(Object(value), key)) return false;
      value = value[key];
    }
    return keys.length > 0;
  }

  function set(object, path, value) {
    return update(object, path, () => value);
  }

  function update(object, path, change) {
    const keys = pathIn(object, path);
    if (!isObject(object) || keys.length === 0 || keys.some((key) => UNSAFE.includes(key))) return object;
    let inner = object;
    for (const [at, key] of keys.slice(0, -1).entries()) {
      if (!isObject(inner[key])) inner[key] = /^(?:0|[1-9]\d*)$/.test(keys[at + 1]) ? [] : {};
      inner = inner[key];
    }
    const last = keys.at(-1);
    inner[last] = change(inner[last]);
    return object;
  }

  function unset(object, path) {
    const keys = pathIn(object, path);
    if (keys.some((key) => UNSAFE.includes(key))) return false;
    const parent = keys.length > 1 ? get(object, keys.slice(0, -1)) : object;
    return isObject(parent) ? delete parent[keys.at(-1)] : true;
  }

  function assign(object, ...sources) {
    const target = Object(object);
    for (const source of sources) for (const key of own(source)) put(target, key, source[key]);
    return target;
  }
  function assignIn(object, ...sources) {
    const target = Object(object);
    for (const source of sources) for (const key in Object(source ?? {})) put(target, key, source[key]);
    return target;
  }
  function defaults(object, ...sources) {
    const target = Object(object);
    for (const source of sources) {
      for (const key in Object(source ?? {})) {
        if (target[key] === undefined || (target[key] === Object.prototype[key] && !Object.hasOwn(target, key))) put(target, key, source[key]);
      }
    }
    return target;
  }

  // Merges into the target's own properties, never into inherited ones.
  function mergeInto(target, source, choose, stack = new Map()) {
    if (stack.has(source)) return target;
    stack.set(source, target);
    for (const key in source) {
      if (key === '__proto__') continue;
      const from = source[key];
      const at = Object.hasOwn(target, key) ? target[key] : undefined;
      const chosen = choose(at, from, key, target, source);
      if (chosen !== undefined) {
        put(target, key, chosen);
      } else if (Array.isArray(from) || isPlainObject(from)) {
        const fits = Array.isArray(from) ? Array.isArray(at) : isObject(at) && typeof at !== 'function';
        if (stack.has(from) && !fits) put(target, key, stack.get(from));
        else put(target, key, mergeInto(fits ? at : Array.isArray(from) ? [] : {}, from, choose, stack));
      } else if (from !== undefined || !(key in target)) {
        put(target, key, from);
      }
    }
    stack.delete(source);
    return target;
  }
  function mergeWith(object, ...rest) {
    const choose = typeof rest.at(-1) === 'function' ? rest.pop() : () => undefined;
    const target = Object(object);
    for (const source of rest) if (isObject(source)) mergeInto(target, source, choose);
    return target;
  }
  const merge = (object, ...sources) => mergeWith(object, ...sources, () => undefined);
  const keepSet = (at, from) => (at === undefined ? undefined : isPlainObject(at) && isPlainObject(from) ? mergeInto(at, from, keepSet) : at);
  const defaultsDeep = (object, ...sources) => mergeWith(object, ...sources, keepSet);

  function cloneWith(value, deep, seen) {
    if (!isObject(value)) return value;
    if (typeof value === 'function') return deep && seen.size ? value : {};
    if (seen.has(value)) return seen.get(value);
    const inner = (one) => (deep ? cloneWith(one, deep, seen) : one);
    const note = (copy) => { seen.set(value, copy); return copy; };
    if (Array.isArray(value)) {
      const copy = note(new Array(value.length));
      value.forEach((one, at) => { copy[at] = inner(one); });
      return copy;
    }
    if (value instanceof Date) return new Date(value);
    if (value instanceof RegExp) return Object.assign(new RegExp(value.source, value.flags), { lastIndex: value.lastIndex });
    if (value instanceof Map) {
      const copy = note(new Map());
      for (const [key, one] of value) copy.set(key, inner(one));
      return copy;
    }
    if (value instanceof Set) {
      const copy = note(new Set());
      for (const one of value) copy.add(inner(one));
      return copy;
    }
    if (globalThis.ArrayBuffer?.isView(value)) return value.constructor.from(value);
    if (['Error', 'WeakMap', 'Promise'].includes(tag(value))) return {};
    const copy = note(isArguments(value) ? {} : Object.create(Object.getPrototypeOf(value)));
    for (const key of Object.keys(value)) put(copy, key, inner(value[key]));
    return copy;
  }

  const paths = (list) => list.flat(Infinity);
  function pick(object, ...list) {
    const picked = {};
    for (const path of Array.isArray(list[0]) && list.length === 1 ? list[0] : paths(list)) {
      const keys = isNil(object) ? [] : pathIn(object, path);
      if (!isNil(object) && has(object, keys, (inner, key) => key in inner)) {
        if (keys.length === 1) put(picked, keys[0], get(object, keys));
        else set(picked, keys, get(object, keys));
      }
    }
    return picked;
  }
  function pickBy(object, test) {
    const picks = iteratee(test);
    const picked = {};
    for (const key in Object(object ?? {})) if (picks(object[key], key)) put(picked, key, object[key]);
    return picked;
  }
  function omit(object, ...list) {
    // lodash 3 also took a predicate.
    if (typeof list[0] === 'function') return omitBy(object, list[0]);
    const rest = assignIn({}, object);
    for (const path of paths(list)) {
      const keys = pathIn(rest, path);
      // Nested objects are copied before they are changed.
      if (keys.length > 1 && isObject(rest[keys[0]])) rest[keys[0]] = cloneWith(rest[keys[0]], true, new Map());
      unset(rest, keys);
    }
    return rest;
  }
  const omitBy = (object, test) => {
    const omits = iteratee(test);
    return pickBy(object, (value, key) => !omits(value, key));
  };

  const reduceKeys = (object, step) => own(object).reduce((made, key) => step(made, key, object[key]), {});
  const toPairs = (object) => (object instanceof Map ? [...object] : own(object).map((key) => [key, object[key]]));

  exports.functions = {
    has, set, update, unset, assign, assignIn, extend: assignIn, defaults, defaultsDeep, merge, mergeWith, pick, pickBy, omit, omitBy, toPairs,
    entries: toPairs, pairs: toPairs,
    hasIn: (object, path) => has(object, path, (inner, key) => key in inner),
    clone: (value) => cloneWith(value, false, new Map()),
    cloneDeep: (value) => cloneWith(value, true, new Map()),
    keys: (object) => own(object),
    keysIn: (object) => { const keys = []; for (const key in Object(object ?? {})) keys.push(key); return keys; },
    values: (object) => own(object).map((key) => object[key]),
    functions: (object) => own(object).filter((key) => typeof object[key] === 'function'),
    invert: (object) => reduceKeys(object, (made, key, value) => put(made, String(value), key)),
    mapValues: (object, change) => { const to = iteratee(change); return reduceKeys(object, (made, key, value) => put(made, key, to(value, key, object))); },
    mapKeys: (object, change) => { const to = iteratee(change); return reduceKeys(object, (made, key, value) => put(made, String(to(value, key, object)), value)); },
    findKey: (object, test) => { const is = iteratee(test); return own(object).find((key) => is(object[key], key, object)); },
    forOwn: (object, visit) => { own(object).every((key) => iteratee(visit)(object[key], key, object) !== false); return object; },
    forIn: (object, visit) => { for (const key in Object(object ?? {})) if (iteratee(visit)(object[key], key, object) === false) break; return object; },
    transform: (object, step, into = Array.isArray(object) ? [] : {}) => { own(object).every((key) => step(into, object[key], key, object) !== false); return into; },
    result: (object, path, fallback) => {
      const keys = pathIn(object, path);
      const value = get(object, keys, fallback);
      return typeof value === 'function' ? value.call(keys.length > 1 ? get(object, keys.slice(0, -1)) : object) : value;
    },
    invoke: (object, path, ...list) => {
      const keys = pathIn(object, path);
      return get(object, keys)?.apply(keys.length > 1 ? get(object, keys.slice(0, -1)) : object, list);
    },
    create: (prototype, properties) => assign(Object.create(prototype), properties),
  };
})
