// What Auth0 puts beside the language for Rules. Run before any script, so nothing here has been replaced yet;
// what is used later is kept in constants.
(function (say, global, native, configuration, domain, baseUrl) {
  'use strict';
  const { apply } = Reflect;
  const { then } = Promise.prototype;
  const resolved = Promise.resolve();

  function define(name, value) {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
  }

  class UnauthorizedError extends Error {
    constructor(message) {
      super(message);
      this.name = 'UnauthorizedError';
    }
  }

  // A promise, or a Node callback as the last argument.
  function answered(promise, callback) {
    if (typeof callback !== 'function') return promise;
    apply(then, promise, [(value) => callback(null, value), callback]);
    return undefined;
  }

  if (say !== undefined) {
    const info = (...values) => say(1, ...values);
    const debug = (...values) => say(0, ...values);
    define('console', {
      debug,
      trace: debug,
      log: info,
      info,
      dir: info,
      warn: (...values) => say(2, ...values),
      error: (...values) => say(3, ...values),
    });
  }
  define('global', global);
  define('UnauthorizedError', UnauthorizedError);
  define('queueMicrotask', function queueMicrotask(callback) {
    if (typeof callback !== 'function') throw new TypeError('the callback is no function');
    apply(then, resolved, [() => { callback(); }]);
  });
  if (configuration === undefined) return;
  define('configuration', configuration);
  define('auth0', {
    domain,
    baseUrl,
    users: {
      updateAppMetadata(id, patch, callback) {
        return answered(native(true, id, patch), callback);
      },
      updateUserMetadata(id, patch, callback) {
        return answered(native(false, id, patch), callback);
      },
    },
  });
})
