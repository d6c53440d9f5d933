// `lodash`, and the global `_`: what Rules use of versions 3 and 4. https://lodash.com/docs
(function (exports, module, require) {
  'use strict';
  // Which file has what. A file runs when the first of its functions is asked for.
  const TOPICS = {
    lang:
      'isObject isObjectLike isNumber isString isBoolean isArray isArrayLike isArrayLikeObject isArguments ' +
      'isPlainObject isEmpty isEqual isMatch isFunction isNil isNull isUndefined isDate isRegExp isError isMap ' +
      'isSet isSymbol isBuffer isNaN isFinite isInteger isSafeInteger eq gt gte lt lte toNumber toFinite ' +
      'toInteger toString toArray toPath get property matchesProperty propertyOf iteratee matches castArray',
    objects:
      'has set update unset assign assignIn extend defaults defaultsDeep merge mergeWith pick pickBy omit omitBy ' +
      'toPairs entries pairs hasIn clone cloneDeep keys keysIn values functions invert mapValues mapKeys findKey ' +
      'forOwn forIn transform result invoke create',
    arrays:
      'findIndex findLastIndex chunk zip fromPairs pull pullAll remove flattenDepth indexOf lastIndexOf uniq ' +
      'uniqBy uniqWith union unionBy intersection intersectionBy difference differenceBy differenceWith xor ' +
      'without compact flatten flattenDeep concat first last nth initial tail take takeRight drop dropRight ' +
      'takeWhile dropWhile slice reverse join fill unzip zipObject sortedUniq head rest object',
    collections:
      'forEach each forEachRight eachRight map collect filter select reject find detect findLast reduce foldl ' +
      'inject reduceRight foldr some any every all includes contains include partition orderBy shuffle size ' +
      'flatMap sumBy meanBy groupBy keyBy indexBy countBy sortBy sum mean max min maxBy minBy sample sampleSize ' +
      'invokeMap pluck where findWhere',
    strings:
      'words upperFirst lowerFirst capitalize deburr escapeRegExp truncate random once memoize camelCase ' +
      'kebabCase snakeCase lowerCase upperCase startCase toLower toUpper startsWith endsWith trim trimStart ' +
      'trimEnd split replace padStart padEnd pad repeat parseInt escape unescape range rangeRight clamp inRange ' +
      'round floor ceil add subtract multiply divide times noop identity constant stubTrue stubFalse stubArray ' +
      'stubObject negate partial bind defer flow attempt uniqueId now defaultTo',
  };
  const where = new Map();
  for (const topic of Object.keys(TOPICS)) {
    for (const name of TOPICS[topic].split(' ')) where.set(name, topic);
  }
  const find = (name) => require(`internal/lodash_${where.get(name)}`).functions[name];
  const absent = (name) => new Error(`_.${name} is not here; there are: ${[...where.keys()].sort().join(', ')}`);

  // `_.chain(value).map(...).value()`: every function, with the value for its first argument.
  class Chain {
    #value;
    #explicit;
    constructor(value, explicit) {
      this.#value = value;
      this.#explicit = explicit;
    }
    value() { return this.#value; }
    valueOf() { return this.#value; }
    toJSON() { return this.#value; }
    toString() { return String(this.#value); }
    chain() { return new Chain(this.#value, true); }
    tap(visit) { visit(this.#value); return this; }
    thru(change) { return new Chain(change(this.#value), this.#explicit); }
    *[Symbol.iterator]() { yield* this.#value; }
    static of(value, explicit) {
      return new Proxy(new Chain(value, explicit), { get: member });
    }
    static step(chain, name, list) {
      const made = find(name)(chain.#value, ...list);
      return chain.#explicit || !isSingle(name) ? Chain.of(made, chain.#explicit) : made;
    }
  }
  Chain.prototype.run = Chain.prototype.valueOf;

  // What ends a chain that `_(value)` has begun, as it is no collection any more.
  const SINGLE = ('first head last nth find detect findLast findIndex findKey reduce foldl inject some any every all includes contains include indexOf ' +
    'lastIndexOf size sum sumBy mean max maxBy min minBy join sample get has result findWhere capitalize truncate ' +
    'startsWith endsWith escape unescape round floor ceil').split(' ');
  const SINGLE_BY_NAME = /^is[A-Z]|^(?:camel|kebab|snake|start|lower|upper)Case$|^trim|^pad|^to(?!Pairs|Array|Path)/;
  const isSingle = (name) => SINGLE.includes(name) || SINGLE_BY_NAME.test(name);

  function member(chain, name) {
    if (name === 'toString' || !where.has(name)) {
      const own = chain[name];
      if (own === undefined && typeof name === 'string') throw absent(name);
      if (typeof own !== 'function') return own;
      return (...list) => {
        const made = own.apply(chain, list);
        return made instanceof Chain ? Chain.of(made.value(), name === 'chain' || undefined) : made;
      };
    }
    return (...list) => Chain.step(chain, name, list);
  }

  const lodash = (value) => Chain.of(value, false);
  Object.assign(lodash, {
    chain: (value) => Chain.of(value, true),
    tap: (value, visit) => { visit(value); return value; },
    thru: (value, change) => change(value),
    mixin: () => { throw absent('mixin'); },
    VERSION: '4.17.21',
  });

  // A function that is not there says so when it is called for, not as "undefined is not a function".
  const QUIET = ['then', 'toJSON', 'default', '__esModule', 'prototype', 'inspect', 'nodeType', '$$typeof'];
  module.exports = new Proxy(lodash, {
    get(target, name) {
      // Every function has a `toString` of its own, and lodash another.
      if (where.has(name) && !Object.hasOwn(target, name)) target[name] = find(name);
      if (name in target || typeof name === 'symbol' || QUIET.includes(name)) return target[name];
      throw absent(name);
    },
    has: (target, name) => where.has(name) || name in target,
  });
})
