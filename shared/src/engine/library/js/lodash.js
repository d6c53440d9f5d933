// `lodash`, and the global `_`: what Rules use of versions 3 and 4. https://lodash.com/docs
(function (exports, module, require) {
  'use strict';
  const functions = Object.assign(
    Object.create(null),
    ...['lang', 'objects', 'arrays', 'collections', 'strings'].map((topic) => require(`internal/lodash_${topic}`).functions),
  );
  const absent = (name) => new Error(`_.${name} is not here; there are: ${Object.keys(functions).sort().join(', ')}`);

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
    static step(chain, work, list) {
      const made = work(chain.#value, ...list);
      return chain.#explicit || !isSingle(work) ? Chain.of(made, chain.#explicit) : made;
    }
  }
  Chain.prototype.run = Chain.prototype.valueOf;

  // What ends a chain that `_(value)` has begun, as it is no collection any more.
  const SINGLE = ['first', 'head', 'last', 'nth', 'find', 'findLast', 'findIndex', 'findKey', 'reduce', 'some', 'any', 'every', 'all', 'includes', 'contains',
    'indexOf', 'lastIndexOf', 'size', 'sum', 'sumBy', 'mean', 'max', 'maxBy', 'min', 'minBy', 'join', 'sample', 'get', 'has', 'result', 'findWhere', 'forEach', 'each',
    ...Object.keys(functions).filter((name) => /^is[A-Z]|^(?:camel|kebab|snake|start|lower|upper)Case$|^(?:trim|pad|to)|^(?:escape|unescape|capitalize|truncate|startsWith|endsWith|round|floor|ceil)$/.test(name)
      && !['toPairs', 'toArray', 'toPath'].includes(name))].filter((name) => name !== 'forEach' && name !== 'each');
  const single = new Set(SINGLE.map((name) => functions[name]));
  const isSingle = (work) => single.has(work);

  function member(chain, name) {
    if (name === 'toString' || !(name in functions)) {
      const own = chain[name];
      if (own === undefined && typeof name === 'string') throw absent(name);
      if (typeof own !== 'function') return own;
      return (...list) => {
        const made = own.apply(chain, list);
        return made instanceof Chain ? Chain.of(made.value(), name === 'chain' || undefined) : made;
      };
    }
    return (...list) => Chain.step(chain, functions[name], list);
  }

  const lodash = (value) => Chain.of(value, false);
  Object.assign(lodash, functions, {
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
      if (name in target || typeof name === 'symbol' || QUIET.includes(name)) return target[name];
      throw absent(name);
    },
  });
})
