// `lodash`, and the global `_`: the functions of versions 3 and 4 that Rules use. https://lodash.com/docs
(function (exports, module, require) {
  'use strict';
  // The files and the functions in each. A file runs on the first use of one of its functions. Names are looked up in
  // the text, which is faster than a map that is made at every login.
  const TOPICS = [
    [() => require('internal/lodash_paths'), ' get property propertyOf toPath '],
    [() => require('internal/lodash_lang'), ' \
      isObject isObjectLike isNumber isString isBoolean isArray isArrayLike isArrayLikeObject isArguments \
      isPlainObject isEmpty isEqual isMatch isFunction isNil isNull isUndefined isDate isRegExp isError \
      isMap isSet isSymbol isBuffer isNaN isFinite isInteger isSafeInteger eq gt gte lt lte toNumber \
      toFinite toInteger toString toArray matchesProperty iteratee matches \
      castArray '],
    [() => require('internal/lodash_objects'), ' \
      has set update unset assign assignIn extend defaults defaultsDeep merge mergeWith pick pickBy omit \
      omitBy toPairs entries pairs hasIn clone cloneDeep keys keysIn values functions invert mapValues \
      mapKeys findKey forOwn forIn transform result invoke create '],
    [() => require('internal/lodash_arrays'), ' \
      findIndex findLastIndex chunk zip fromPairs pull pullAll remove flattenDepth indexOf lastIndexOf \
      uniq uniqBy uniqWith union unionBy intersection intersectionBy difference differenceBy \
      differenceWith xor without compact flatten flattenDeep concat first last nth initial tail take \
      takeRight drop dropRight takeWhile dropWhile slice reverse join fill unzip zipObject sortedUniq \
      head rest object '],
    [() => require('internal/lodash_collections'), ' \
      forEach each forEachRight eachRight map collect filter select reject find detect findLast reduce \
      foldl inject reduceRight foldr some any every all includes contains include partition orderBy \
      shuffle size flatMap sumBy meanBy groupBy keyBy indexBy countBy sortBy sum mean max min maxBy minBy \
      sample sampleSize invokeMap pluck where findWhere '],
    [() => require('internal/lodash_strings'), ' \
      words upperFirst lowerFirst capitalize deburr escapeRegExp truncate random once memoize camelCase \
      kebabCase snakeCase lowerCase upperCase startCase toLower toUpper startsWith endsWith trim \
      trimStart trimEnd split replace padStart padEnd pad repeat parseInt escape unescape range \
      rangeRight clamp inRange round floor ceil add subtract multiply divide times noop identity constant \
      stubTrue stubFalse stubArray stubObject negate partial bind defer flow attempt uniqueId now \
      defaultTo '],
  ];
  const topicOf = (name) => {
    const word = typeof name === 'string' && !name.includes(' ') ? ` ${name} ` : undefined;
    return word === undefined ? undefined : TOPICS.find(([, names]) => names.includes(word));
  };
  const find = (name) => topicOf(name)[0]().functions[name];
  const names = () => TOPICS.flatMap(([, some]) => some.trim().split(/\s+/)).sort().join(', ');
  const absent = (name) => new Error(`_.${name} is not here; there are: ${names()}`);

  let made;
  const chains = () => (made ??= require('internal/lodash_chain')(topicOf, find, absent));
  const lodash = (value) => chains().of(value, false);
  Object.assign(lodash, {
    chain: (value) => chains().of(value, true),
    tap: (value, visit) => { visit(value); return value; },
    thru: (value, change) => change(value),
    mixin: () => { throw absent('mixin'); },
    VERSION: '4.17.21',
  });

  // A missing function throws its own error when it is read, instead of "undefined is not a function".
  const QUIET = ['then', 'toJSON', 'default', '__esModule', 'prototype', 'inspect', 'nodeType', '$$typeof'];
  module.exports = new Proxy(lodash, {
    get(target, name) {
      // Every function inherits a `toString`, but that of lodash is another.
      if (!Object.hasOwn(target, name) && topicOf(name)) target[name] = find(name);
      if (name in target || typeof name === 'symbol' || QUIET.includes(name)) return target[name];
      throw absent(name);
    },
    has: (target, name) => topicOf(name) !== undefined || name in target,
  });
})
