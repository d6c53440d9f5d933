// lodash: strings, numbers, functions. https://lodash.com/docs
(function (exports, module, require) {
  'use strict';
  const { toString: text, toInteger, toFinite } = require('internal/lodash_lang').functions;
  // Words as in lodash: acronyms, capitalized and lower-case words, numbers.
  const WORD = /\d*(?:1st|2nd|3rd|(?![123])\dth)(?=\b|[A-Z_])|\p{Lu}?\p{Ll}+(?:['’](?:d|ll|m|re|s|t|ve))?(?=[^\p{L}\p{N}'’]|\p{Lu}|\p{N}|$)|\p{Lu}+(?:['’](?:D|LL|M|RE|S|T|VE))?(?=[^\p{L}\p{N}'’]|\p{Lu}\p{Ll}|\p{N}|$)|\p{Lu}?[\p{Ll}\p{Lo}]+|\p{Lu}+|\d+/gu;
  const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  const CHARACTERS = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" };

  const deburr = (value) => text(value).normalize('NFD').replace(/\p{M}/gu, '').replace(/[ßæøœÆØŒłŁđĐ]/g, (letter) =>
    ({ ß: 'ss', æ: 'ae', ø: 'o', œ: 'oe', Æ: 'Ae', Ø: 'O', Œ: 'Oe', ł: 'l', Ł: 'L', đ: 'd', Đ: 'D' })[letter]);
  const words = (value, pattern) => text(value).match(pattern ?? WORD) ?? [];
  const upperFirst = (value) => text(value).replace(/^./su, (letter) => letter.toUpperCase());
  const lowerFirst = (value) => text(value).replace(/^./su, (letter) => letter.toLowerCase());
  const capitalize = (value) => upperFirst(text(value).toLowerCase());
  const compound = (join) => (value) => words(deburr(value).replace(/['’]/g, '')).reduce(join, '');
  const joined = (separator, change) => compound((made, word, at) => made + (at ? separator : '') + change(word));
  const lower = (word) => word.toLowerCase();

  const escapeRegExp = (value) => text(value).replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const ends = (value, characters, pattern) => {
    if (characters === undefined) return text(value).replace(pattern('\\s'), '');
    const set = [...text(characters)].map((one) => escapeRegExp(one)).join('|');
    return set ? text(value).replace(pattern(`(?:${set})`), '') : text(value);
  };
  const start = (set) => new RegExp(`^${set}+`, 'u');
  const end = (set) => new RegExp(`${set}+$`, 'u');

  function truncate(value, options = {}) {
    const { length = 30, omission = '...', separator } = options;
    const whole = text(value);
    if (whole.length <= length) return whole;
    if (length <= omission.length) return omission;
    const cut = whole.slice(0, length - omission.length);
    if (separator === undefined) return cut + omission;
    const at = separator instanceof RegExp
      ? [...cut.matchAll(new RegExp(separator.source, `${separator.flags.replace('g', '')}g`))].at(-1)?.index ?? -1
      : cut.lastIndexOf(separator);
    return (at < 0 ? cut : cut.slice(0, at)) + omission;
  }

  function range(from, to, step, right) {
    if (to === undefined) [from, to] = [0, from];
    [from, to] = [toFinite(from), toFinite(to)];
    const by = step === undefined ? (from < to ? 1 : -1) : toFinite(step);
    const numbers = Array.from({ length: Math.max(0, Math.ceil((to - from) / (by || 1))) }, (_, at) => from + at * by);
    return right ? numbers.reverse() : numbers;
  }

  function random(from, to, floating) {
    if (typeof to === 'boolean') [to, floating] = [undefined, to];
    if (to === undefined) [from, to] = [0, from ?? 1];
    if (from > to) [from, to] = [to, from];
    const isFloating = floating ?? (from % 1 !== 0 || to % 1 !== 0);
    return isFloating ? from + Math.random() * (to - from) : from + Math.floor(Math.random() * (to - from + 1));
  }

  function rounded(method) {
    return (number, precision = 0) => {
      const [digits, exponent = 0] = String(number).split('e');
      const [moved, back] = String(Math[method](`${digits}e${Number(exponent) + precision}`)).split('e');
      return Number(`${moved}e${Number(back ?? 0) - precision}`);
    };
  }

  function once(work) {
    let done = false;
    let value;
    return function (...list) {
      if (!done) [done, value] = [true, work.apply(this, list)];
      return value;
    };
  }
  function memoize(work, keyOf) {
    const memoized = function (...list) {
      const key = keyOf ? keyOf.apply(this, list) : list[0];
      if (!memoized.cache.has(key)) memoized.cache.set(key, work.apply(this, list));
      return memoized.cache.get(key);
    };
    memoized.cache = new Map();
    return memoized;
  }
  let lastId = 0;

  exports.functions = {
    words, upperFirst, lowerFirst, capitalize, deburr, escapeRegExp, truncate, random, once, memoize,
    camelCase: compound((made, word, at) => made + (at ? capitalize(word) : lower(word))),
    kebabCase: joined('-', lower), snakeCase: joined('_', lower), lowerCase: joined(' ', lower),
    upperCase: joined(' ', (word) => word.toUpperCase()), startCase: joined(' ', upperFirst),
    toLower: (value) => text(value).toLowerCase(), toUpper: (value) => text(value).toUpperCase(),
    startsWith: (value, wanted, at) => text(value).startsWith(wanted, at), endsWith: (value, wanted, at) => text(value).endsWith(wanted, at),
    trim: (value, characters) => ends(ends(value, characters, start), characters, end),
    trimStart: (value, characters) => ends(value, characters, start), trimEnd: (value, characters) => ends(value, characters, end),
    split: (value, separator, limit) => text(value).split(separator, limit), replace: (value, pattern, by) => text(value).replace(pattern, by),
    padStart: (value, length, characters) => text(value).padStart(length, characters), padEnd: (value, length, characters) => text(value).padEnd(length, characters),
    pad: (value, length = 0, characters = ' ') => { const has = text(value); return has.padStart(has.length + Math.max(0, Math.floor((length - has.length) / 2)), characters).padEnd(length, characters); },
    repeat: (value, times = 1) => text(value).repeat(Math.max(0, toInteger(times))),
    parseInt: (value, base) => parseInt(text(value).trim(), base),
    escape: (value) => text(value).replace(/[&<>"']/g, (character) => ENTITIES[character]),
    unescape: (value) => text(value).replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => CHARACTERS[entity]),
    range: (from, to, step) => range(from, to, step, false), rangeRight: (from, to, step) => range(from, to, step, true),
    clamp: (number, low, high) => (high === undefined ? Math.min(number, low) : Math.min(Math.max(number, low), high)),
    inRange: (number, from, to) => { if (to === undefined) [from, to] = [0, from]; return number >= Math.min(from, to) && number < Math.max(from, to); },
    round: rounded('round'), floor: rounded('floor'), ceil: rounded('ceil'), add: (a, b) => a + b, subtract: (a, b) => a - b,
    multiply: (a, b) => a * b, divide: (a, b) => a / b,
    times: (number, make = (at) => at) => Array.from({ length: Math.max(0, toInteger(number)) }, (_, at) => make(at)),
    noop: () => {}, identity: (value) => value, constant: (value) => () => value, stubTrue: () => true, stubFalse: () => false, stubArray: () => [], stubObject: () => ({}),
    negate: (test) => (...list) => !test(...list), partial: (work, ...first) => function (...rest) { return work.apply(this, [...first, ...rest]); },
    bind: (work, self, ...first) => work.bind(self, ...first), defer: (work, ...list) => { queueMicrotask(() => work(...list)); return 1; },
    flow: (...works) => (...list) => works.flat().reduce((made, work, at) => (at ? work(made) : work(...made)), list),
    attempt: (work, ...list) => { try { return work(...list); } catch (error) { return error instanceof Error ? error : new Error(error); } },
    uniqueId: (prefix = '') => `${prefix}${++lastId}`, now: () => Date.now(), defaultTo: (value, fallback) => (value === null || value === undefined || Number.isNaN(value) ? fallback : value),
  };
})
