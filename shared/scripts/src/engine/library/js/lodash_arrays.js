// lodash: arrays. https://lodash.com/docs
(function (exports, module, require) {
  'use strict';
  const lang = require('internal/lodash_lang');
  const { put } = require('internal/lodash_paths').parts;
  const { iteratee } = lang.parts;
  const { isArrayLikeObject, isEqual, isArguments, toInteger } = lang.functions;
  const list = (value) => (value === null || value === undefined ? [] : Array.isArray(value) ? value : Array.from(value));
  const isFlat = (value) => Array.isArray(value) || isArguments(value);
  const only = (arrays) => arrays.filter(isArrayLikeObject).map(list);

  // Trailing arguments: arrays, then perhaps a function or the shorthand for one.
  function split(all) {
    const last = all.at(-1);
    return isArrayLikeObject(last) ? [only(all), undefined] : [only(all.slice(0, -1)), last];
  }

  function unique(values, by) {
    const key = iteratee(by);
    const seen = new Set();
    return values.filter((value) => {
      const is = key(value);
      return !seen.has(is) && seen.add(is);
    });
  }
  function uniqueWith(values, same) {
    return values.filter((value, at) => !values.slice(0, at).some((other) => same(value, other)));
  }
  function difference(array, others, by) {
    const key = iteratee(by);
    const out = new Set(others.flat().map((value) => key(value)));
    return list(array).filter((value) => !out.has(key(value)));
  }
  function intersection(arrays, by) {
    const key = iteratee(by);
    const [first = [], ...rest] = arrays;
    const sets = rest.map((array) => new Set(array.map((value) => key(value))));
    return unique(first.filter((value) => sets.every((set) => set.has(key(value)))), by);
  }
  function flattenDepth(array, depth = 1) {
    return list(array).flatMap((value) => (!isFlat(value) ? [value] : depth > 1 ? flattenDepth(value, depth - 1) : list(value)));
  }
  function chunk(array, size = 1) {
    const length = Math.max(toInteger(size), 0);
    const chunks = [];
    for (let at = 0; length > 0 && at < list(array).length; at += length) chunks.push(list(array).slice(at, at + length));
    return chunks;
  }
  function zip(...arrays) {
    const given = only(arrays);
    const length = Math.max(0, ...given.map((array) => array.length));
    return Array.from({ length }, (_, at) => given.map((array) => array[at]));
  }
  const objectOf = (names, valueAt) => list(names).reduce((made, name, at) => put(made, name, valueAt(at)), {});
  const fromPairs = (pairs) => list(pairs).reduce((made, [name, value]) => put(made, name, value), {});

  function findIndex(array, test, from = 0) {
    const is = iteratee(test);
    const values = list(array);
    for (let at = from < 0 ? Math.max(0, values.length + from) : from; at < values.length; at++) {
      if (is(values[at], at, array)) return at;
    }
    return -1;
  }
  function findLastIndex(array, test) {
    return list(array).findLastIndex(iteratee(test));
  }
  const same = (wanted) => (value) => value === wanted || Object.is(value, wanted);
  const whileFrom = (array, test) => {
    const is = iteratee(test);
    const at = list(array).findIndex((value, index) => !is(value, index, array));
    return at < 0 ? list(array).length : at;
  };
  function pull(array, ...values) {
    return pullAll(array, values);
  }
  function pullAll(array, values) {
    remove(array, (value) => values.some(same(value)));
    return array;
  }
  function remove(array, test) {
    const is = iteratee(test);
    const removed = [];
    for (let at = 0, index = 0; at < array.length; index++) {
      if (is(array[at], index, array)) removed.push(...array.splice(at, 1));
      else at++;
    }
    return removed;
  }
  const amount = (number) => (number === undefined ? 1 : Math.max(toInteger(number), 0));

  const functions = {
    findIndex, findLastIndex, chunk, zip, fromPairs, pull, pullAll, remove, flattenDepth,
    indexOf: (array, wanted, from) => findIndex(array, same(wanted), from),
    lastIndexOf: (array, wanted) => list(array).findLastIndex(same(wanted)),
    // lodash 3 also took an iteratee, and a flag for sorted arrays.
    uniq: (array, ...rest) => unique(list(array), rest.find((one) => typeof one !== 'boolean')),
    uniqBy: (array, by) => unique(list(array), by),
    uniqWith: (array, compare) => uniqueWith(list(array), compare ?? isEqual),
    union: (...arrays) => unique(only(arrays).flat()),
    unionBy: (...all) => { const [arrays, by] = split(all); return unique(arrays.flat(), by); },
    intersection: (...arrays) => intersection(only(arrays)),
    intersectionBy: (...all) => intersection(...split(all)),
    difference: (array, ...others) => difference(array, only(others)),
    differenceBy: (array, ...all) => difference(array, ...split(all)),
    differenceWith: (array, others, compare) => list(array).filter((value) => !list(others).some((other) => compare(value, other))),
    xor: (...arrays) => { const given = only(arrays); return unique(given.flatMap((array, at) => difference(array, given.filter((_, other) => other !== at)))); },
    without: (array, ...values) => difference(array, [values]),
    compact: (array) => list(array).filter(Boolean),
    flatten: (array, deep) => flattenDepth(array, deep === true ? Infinity : 1),
    flattenDeep: (array) => flattenDepth(array, Infinity),
    concat: (array, ...values) => (Array.isArray(array) ? array : [array]).concat(...values),
    first: (array) => array?.[0],
    last: (array) => array?.[array.length - 1],
    nth: (array, at = 0) => list(array).at(at),
    initial: (array) => list(array).slice(0, -1),
    tail: (array) => list(array).slice(1),
    take: (array, number) => list(array).slice(0, amount(number)),
    takeRight: (array, number) => list(array).slice(Math.max(0, list(array).length - amount(number))),
    drop: (array, number) => list(array).slice(amount(number)),
    dropRight: (array, number) => list(array).slice(0, Math.max(0, list(array).length - amount(number))),
    takeWhile: (array, test) => list(array).slice(0, whileFrom(array, test)),
    dropWhile: (array, test) => list(array).slice(whileFrom(array, test)),
    slice: (array, start, end) => list(array).slice(start, end),
    reverse: (array) => array.reverse(),
    join: (array, separator = ',') => list(array).join(separator),
    fill: (array, value, start, end) => array.fill(value, start, end),
    unzip: (groups) => zip(...list(groups)),
    zipObject: (names, values) => (values === undefined && Array.isArray(names?.[0]) ? fromPairs(names) : objectOf(names, (at) => values?.[at])),
    sortedUniq: (array) => unique(list(array)),
  };
  functions.head = functions.first;
  functions.rest = functions.tail;
  functions.object = functions.zipObject;
  exports.functions = functions;
})
