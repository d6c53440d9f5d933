// lodash: arrays and objects alike. https://lodash.com/docs
(function (exports, module, require) {
  'use strict';
  const lang = require('internal/lodash_lang');
  const { put } = require('internal/lodash_paths').parts;
  const { iteratee } = lang.parts;
  const { isArrayLike, toInteger } = lang.functions;

  // [value, key] of each element.
  function elements(collection) {
    if (collection === null || collection === undefined) return [];
    if (isArrayLike(collection)) return Array.from(collection, (value, at) => [value, at]);
    return Object.keys(collection).map((key) => [collection[key], key]);
  }
  const values = (collection) => elements(collection).map(([value]) => value);

  function forEach(collection, visit) {
    const each = iteratee(visit);
    elements(collection).every(([value, key]) => each(value, key, collection) !== false);
    return collection;
  }
  function forEachRight(collection, visit) {
    elements(collection).reverse().every(([value, key]) => visit(value, key, collection) !== false);
    return collection;
  }
  function map(collection, change) {
    const to = iteratee(change);
    return elements(collection).map(([value, key]) => to(value, key, collection));
  }
  function filter(collection, test) {
    const is = iteratee(test);
    return elements(collection).filter(([value, key]) => is(value, key, collection)).map(([value]) => value);
  }
  function reject(collection, test) {
    const is = iteratee(test);
    return filter(collection, (...element) => !is(...element));
  }
  function find(collection, test, from = 0) {
    const is = iteratee(test);
    return elements(collection).slice(from).find(([value, key]) => is(value, key, collection))?.[0];
  }
  function findLast(collection, test) {
    const is = iteratee(test);
    return elements(collection).findLast(([value, key]) => is(value, key, collection))?.[0];
  }
  function reduce(collection, step, ...start) {
    const all = elements(collection);
    let made = start.length ? start[0] : all.shift()?.[0];
    for (const [value, key] of all) made = step(made, value, key, collection);
    return made;
  }
  function reduceRight(collection, step, ...start) {
    const all = elements(collection).reverse();
    let made = start.length ? start[0] : all.shift()?.[0];
    for (const [value, key] of all) made = step(made, value, key, collection);
    return made;
  }
  const some = (collection, test) => {
    const is = iteratee(test);
    return elements(collection).some(([value, key]) => is(value, key, collection));
  };
  const every = (collection, test) => {
    const is = iteratee(test);
    return elements(collection).every(([value, key]) => is(value, key, collection));
  };
  function includes(collection, wanted, from) {
    const start = typeof from === 'number' ? from : 0;
    return typeof collection === 'string' ? collection.includes(wanted, start) : values(collection).slice(start).includes(wanted);
  }

  function grouped(collection, by, step) {
    const key = iteratee(by);
    const groups = {};
    for (const [value] of elements(collection)) {
      const name = String(key(value));
      put(groups, name, step(Object.hasOwn(groups, name) ? groups[name] : undefined, value));
    }
    return groups;
  }
  function partition(collection, test) {
    const is = iteratee(test);
    const parts = [[], []];
    for (const [value] of elements(collection)) parts[is(value) ? 0 : 1].push(value);
    return parts;
  }

  // The order of lodash: symbols, null, undefined and NaN come last.
  const rank = (value) => (value === undefined ? 3 : value === null ? 2 : Number.isNaN(value) ? 4 : typeof value === 'symbol' ? 1 : 0);
  function compare(a, b) {
    if (rank(a) || rank(b)) return rank(a) - rank(b);
    return a < b ? -1 : a > b ? 1 : 0;
  }
  function orderBy(collection, by = [], orders = []) {
    const keys = (Array.isArray(by) ? by : [by]).map(iteratee);
    if (keys.length === 0) keys.push((value) => value);
    const directions = [orders].flat().map((order) => (order === 'desc' || order === false ? -1 : 1));
    return values(collection)
      .map((value) => ({ value, ranks: keys.map((key) => key(value)) }))
      .sort((a, b) => {
        for (let at = 0; at < keys.length; at++) {
          const order = compare(a.ranks[at], b.ranks[at]);
          if (order) return order * (directions[at] ?? 1);
        }
        return 0;
      })
      .map(({ value }) => value);
  }

  function extreme(collection, by, better) {
    const key = iteratee(by);
    let best;
    let at;
    for (const value of values(collection)) {
      const is = key(value);
      if (is !== null && is !== undefined && !Number.isNaN(is) && (at === undefined || better(is, at))) [best, at] = [value, is];
    }
    return best;
  }
  const sumBy = (collection, by) => map(collection, by).filter((value) => value !== undefined).reduce((sum, value) => sum + value, 0);
  const meanBy = (collection, by) => (values(collection).length ? sumBy(collection, by) / values(collection).length : NaN);

  function shuffle(collection) {
    const all = values(collection);
    for (let at = all.length - 1; at > 0; at--) {
      const other = Math.floor(Math.random() * (at + 1));
      [all[at], all[other]] = [all[other], all[at]];
    }
    return all;
  }
  function size(collection) {
    if (collection instanceof Map || collection instanceof Set) return collection.size;
    return typeof collection === 'string' ? collection.length : elements(collection).length;
  }
  const flatMap = (collection, change) => map(collection, change).flat();

  exports.functions = {
    forEach, each: forEach, forEachRight, eachRight: forEachRight, map, collect: map, filter, select: filter, reject, find, detect: find, findLast,
    reduce, foldl: reduce, inject: reduce, reduceRight, foldr: reduceRight, some, any: some, every, all: every, includes, contains: includes,
    include: includes, partition, orderBy, shuffle, size, flatMap, sumBy, meanBy,
    groupBy: (collection, by) => grouped(collection, by, (group = [], value) => [...group, value]),
    keyBy: (collection, by) => grouped(collection, by, (_, value) => value),
    indexBy: (collection, by) => grouped(collection, by, (_, value) => value),
    countBy: (collection, by) => grouped(collection, by, (count = 0) => count + 1),
    sortBy: (collection, ...by) => orderBy(collection, by.flat()),
    sum: (collection) => sumBy(collection),
    mean: (collection) => meanBy(collection),
    max: (collection, by) => extreme(collection, by, (a, b) => a > b),
    min: (collection, by) => extreme(collection, by, (a, b) => a < b),
    maxBy: (collection, by) => extreme(collection, by, (a, b) => a > b),
    minBy: (collection, by) => extreme(collection, by, (a, b) => a < b),
    sample: (collection) => { const all = values(collection); return all[Math.floor(Math.random() * all.length)]; },
    sampleSize: (collection, number = 1) => shuffle(collection).slice(0, Math.max(0, toInteger(number))),
    invokeMap: (collection, method, ...list) => map(collection, (value) => (typeof method === 'function' ? method.apply(value, list) : value?.[method]?.(...list))),
    // Names of lodash 3.
    pluck: (collection, path) => map(collection, path),
    where: (collection, source) => filter(collection, source),
    findWhere: (collection, source) => find(collection, source),
  };
})
