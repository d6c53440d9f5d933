// `bluebird`: promises with its methods. http://bluebirdjs.com/docs/api-reference.html
(function (exports, module, require) {
  'use strict';
  const util = require('util');

  class Bluebird extends Promise {
    // catch(handler), or catch(ErrorClass or predicate or object to match, handler)
    catch(...list) {
      const handler = list.pop();
      if (list.length === 0) return super.catch(handler);
      const fits = (error, filter) => (typeof filter === 'function'
        ? filter === Error || filter.prototype instanceof Error ? error instanceof filter : filter(error)
        : Object.keys(filter).every((key) => error?.[key] === filter[key]));
      return this.then(undefined, (error) => {
        if (list.some((filter) => fits(error, filter))) return handler(error);
        throw error;
      });
    }
    spread(handler) { return this.then((values) => Bluebird.all(values).then((all) => handler(...all))); }
    tap(visit) { return this.then((value) => Bluebird.resolve(visit(value)).then(() => value)); }
    tapCatch(visit) { return this.then(undefined, (error) => Bluebird.resolve(visit(error)).then(() => { throw error; })); }
    return(value) { return this.then(() => value); }
    throw(error) { return this.then(() => { throw error; }); }
    get(key) { return this.then((value) => value[key]); }
    call(method, ...list) { return this.then((value) => value[method](...list)); }
    delay(milliseconds) { return this.then((value) => Bluebird.delay(milliseconds, value)); }
    all() { return this.then((values) => Bluebird.all(values)); }
    props() { return this.then((values) => Bluebird.props(values)); }
    map(change, options) { return this.then((values) => Bluebird.map(values, change, options)); }
    mapSeries(change) { return this.then((values) => Bluebird.mapSeries(values, change)); }
    each(visit) { return this.then((values) => Bluebird.each(values, visit)); }
    filter(test) { return this.then((values) => Bluebird.filter(values, test)); }
    reduce(step, start) { return this.then((values) => Bluebird.reduce(values, step, start)); }
    timeout(milliseconds, message = 'operation timed out') {
      const late = new Bluebird((_, reject) => {
        setTimeout(() => reject(Object.assign(new Error(message), { name: 'TimeoutError' })), milliseconds);
      });
      return Bluebird.race([this, late]);
    }
    asCallback(callback) {
      if (typeof callback === 'function') {
        this.then((value) => queueMicrotask(() => callback(null, value)), (error) => queueMicrotask(() => callback(error)));
      }
      return this;
    }
    done(...handlers) { this.then(...handlers); }

    static promisify(work, options) {
      const promised = util.promisify(work);
      return function (...list) { return Bluebird.resolve(promised.apply(options?.context ?? this, list)); };
    }
    static promisifyAll(object, options) {
      const suffix = options?.suffix ?? 'Async';
      for (const holder of [object, object.prototype].filter(Boolean)) {
        const names = new Set();
        for (let at = holder; at && at !== Object.prototype && at !== Function.prototype; at = Object.getPrototypeOf(at)) {
          Object.getOwnPropertyNames(at).forEach((name) => names.add(name));
        }
        for (const name of names) {
          const { value } = Object.getOwnPropertyDescriptor(holder, name) ?? { value: holder[name] };
          if (typeof value === 'function' && name !== 'constructor' && !name.endsWith(suffix)) holder[name + suffix] = Bluebird.promisify(value);
        }
      }
      return object;
    }
    static try(work) { return new Bluebird((resolve) => resolve(work())); }
    static method(work) { return function (...list) { return Bluebird.try(() => work.apply(this, list)); }; }
    static delay(milliseconds, value) { return new Bluebird((resolve) => setTimeout(() => resolve(value), milliseconds)); }
    static defer() { return Bluebird.withResolvers(); }
    static async each(values, visit) {
      const all = await values;
      for (const [at, value] of [...all].entries()) await visit(await value, at, all.length);
      return all;
    }
    static props(object) {
      return Bluebird.all(Object.values(object)).then((values) => Object.fromEntries(Object.keys(object).map((key, at) => [key, values[at]])));
    }
    static map(values, change) {
      return Bluebird.resolve(values).then((all) => Bluebird.all([...all].map((value, at) => Promise.resolve(value).then((one) => change(one, at, all.length)))));
    }
    static filter(values, test) {
      return Bluebird.map(values, async (value, at, length) => [value, await test(value, at, length)]).then((pairs) => pairs.filter(([, is]) => is).map(([value]) => value));
    }
    static join(...list) {
      const handler = typeof list.at(-1) === 'function' ? list.pop() : (...values) => values;
      return Bluebird.all(list).then((values) => handler(...values));
    }
  }
  // Functions that take elements in series and return promises with all the methods.
  const inTurn = {
    async mapSeries(values, change) {
      const made = [];
      for (const [at, value] of [...await values].entries()) made.push(await change(await value, at));
      return made;
    },
    async reduce(values, step, start) {
      const all = [...await values];
      let made = start === undefined ? await all.shift() : await start;
      for (const [at, value] of all.entries()) made = await step(made, await value, at, all.length);
      return made;
    },
    each: Bluebird.each,
  };
  for (const [name, work] of Object.entries(inTurn)) Bluebird[name] = (...list) => Bluebird.resolve(work(...list));
  Bluebird.prototype.nodeify = Bluebird.prototype.asCallback;
  Bluebird.prototype.lastly = Bluebird.prototype.finally;
  Bluebird.prototype.caught = Bluebird.prototype.catch;
  Bluebird.fromCallback = (work) => new Bluebird((resolve, reject) => work((error, value) => (error ? reject(error) : resolve(value))));
  Bluebird.Promise = Bluebird;
  module.exports = Bluebird;
})
