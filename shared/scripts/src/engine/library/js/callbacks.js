// The library's functions answer asynchronously, by callback or promise, and throw Node's errors.
(function (exports) {
  'use strict';
  exports.callBack = (callback, ...answer) => queueMicrotask(() => callback(...answer));

  // Runs `work` and answers by `callback(error, value)`, or by a promise if there is no callback.
  exports.answer = function (work, callback) {
    if (typeof callback !== 'function') return new Promise((resolve) => resolve(work()));
    let value;
    try {
      value = work();
    } catch (error) {
      exports.callBack(callback, error);
      return undefined;
    }
    exports.callBack(callback, null, value);
    return undefined;
  };

  function received(value) {
    if (value === null || value === undefined) return String(value);
    if (typeof value === 'function') return `function ${value.name}`;
    if (typeof value === 'object') return value.constructor?.name ? `an instance of ${value.constructor.name}` : 'an object';
    return `type ${typeof value} (${typeof value === 'string' ? `'${value}'` : String(value)})`;
  }

  exports.wrongType = (what, expected, value) =>
    Object.assign(new TypeError(`The ${what} must be ${expected}. Received ${received(value)}`), { code: 'ERR_INVALID_ARG_TYPE' });
})
