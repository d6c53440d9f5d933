// `q`: promises with its methods. https://github.com/kriskowal/q/wiki/API-Reference
(function (exports, module, require) {
  'use strict';
  const Bluebird = require('bluebird');

  class Promised extends Bluebird {
    fail(handler) { return this.catch(handler); }
    fin(handler) { return this.finally(handler); }
  }

  const Q = (value) => Promised.resolve(value);
  const answered = (work) => new Promised((resolve, reject) => work((error, value) => (error ? reject(error) : resolve(value))));
  module.exports = Object.assign(Q, {
    Promise: (resolver) => new Promised(resolver),
    when: (value, ...handlers) => Q(value).then(...handlers),
    resolve: Q,
    reject: (error) => Promised.reject(error),
    all: (values) => Promised.all(values),
    allSettled: (values) => Promised.allSettled(values)
      .then((all) => all.map((one) => ({ state: one.status, value: one.value, reason: one.reason }))),
    spread: (values, handler) => Q(values).spread(handler),
    delay: (value, milliseconds) => (milliseconds === undefined ? Promised.delay(value) : Promised.delay(milliseconds, value)),
    fcall: (work, ...list) => new Promised((resolve) => resolve(work(...list))),
    nfcall: (work, ...list) => answered((done) => work(...list, done)),
    nfapply: (work, list) => answered((done) => work(...list, done)),
    ninvoke: (object, method, ...list) => answered((done) => object[method](...list, done)),
    denodeify: (work, ...first) => (...rest) => answered((done) => work(...first, ...rest, done)),
    nbind: (work, self, ...first) => (...rest) => answered((done) => work.call(self, ...first, ...rest, done)),
    defer() {
      const { promise, resolve, reject } = Promised.withResolvers();
      return {
        promise, resolve, reject,
        makeNodeResolver: () => (error, value) => (error ? reject(error) : resolve(value)),
      };
    },
  });
})
