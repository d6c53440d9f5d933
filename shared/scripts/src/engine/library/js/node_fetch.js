// `node-fetch`: `fetch` with errors of its own. https://github.com/node-fetch/node-fetch/blob/2.x/ERROR-HANDLING.md
(function (exports, module, require) {
  'use strict';
  const { fetchWith, Headers, Response } = require('internal/fetch');

  class FetchError extends Error {
    constructor(message, type, code) {
      super(message);
      Object.assign(this, { name: 'FetchError', type });
      if (code) Object.assign(this, { code, errno: code });
    }
  }

  function failed({ message, code, timeout }, url) {
    if (timeout !== undefined) return new FetchError(`network timeout at: ${url}`, 'request-timeout');
    if (code === 'ERR_FR_TOO_MANY_REDIRECTS') return new FetchError(`maximum redirect reached at: ${url}`, 'max-redirect');
    if (message === 'aborted') {
      const closed = `Invalid response body while trying to fetch ${url}: Premature close`;
      return new FetchError(closed, 'system', 'ERR_STREAM_PREMATURE_CLOSE');
    }
    return new FetchError(`request to ${url} failed, reason: ${message}`, 'system', code);
  }

  const nodeFetch = fetchWith(failed, false);
  module.exports = Object.assign(nodeFetch, { default: nodeFetch, Headers, Response, FetchError });
})
