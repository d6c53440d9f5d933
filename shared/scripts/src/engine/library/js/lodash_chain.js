// lodash: chains. https://lodash.com/docs#chain
(function (exports, module) {
  'use strict';

  // The class. `lodash.js` passes the file of a function, the function, and the error for a missing one.
  module.exports = (topicOf, find, absent) => {
    // `_.chain(value).map(...).value()`: has every function, with the value as its first argument.
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

    // Functions that end a chain begun by `_(value)`, because their result is not a collection.
    const SINGLE = ('first head last nth find detect findLast findIndex findKey reduce foldl inject some any every all includes contains include indexOf ' +
      'lastIndexOf size sum sumBy mean max maxBy min minBy join sample get has result findWhere capitalize truncate ' +
      'startsWith endsWith escape unescape round floor ceil').split(' ');
    const SINGLE_BY_NAME = /^is[A-Z]|^(?:camel|kebab|snake|start|lower|upper)Case$|^trim|^pad|^to(?!Pairs|Array|Path)/;
    const isSingle = (name) => SINGLE.includes(name) || SINGLE_BY_NAME.test(name);

    function member(chain, name) {
      if (name === 'toString' || !topicOf(name)) {
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

    return Chain;
  };
})
