// The globals that Auth0 adds to the language, made when a script first uses one of them. They use `await`, not `then`,
// because the script may have replaced `Promise` by then.
(function () {
  'use strict';

  class UnauthorizedError extends Error {
    constructor(message) {
      super(message);
      this.name = 'UnauthorizedError';
    }
  }

  async function settle(promise, callback) {
    let value;
    try {
      value = await promise;
    } catch (error) {
      callback(error);
      return;
    }
    callback(null, value);
  }

  // Answers by a Node callback, if there is one, or by a promise.
  function answered(promise, callback) {
    if (typeof callback !== 'function') return promise;
    settle(promise, callback);
    return undefined;
  }

  function queueMicrotask(callback) {
    if (typeof callback !== 'function') throw new TypeError('the callback is no function');
    (async () => {
      await undefined;
      callback();
    })();
  }

  function auth0(native, domain, baseUrl) {
    return {
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
    };
  }

  return { UnauthorizedError, auth0, queueMicrotask };
})()
