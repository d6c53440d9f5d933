// `node-fetch`: the global `fetch` as a module. https://github.com/node-fetch/node-fetch#readme
(function (exports, module, require) {
  'use strict';
  const { fetch, Headers, Response } = require('internal/fetch');
  // A function of its own: the global is not to grow properties.
  const nodeFetch = (...list) => fetch(...list);
  module.exports = Object.assign(nodeFetch, { default: nodeFetch, Headers, Response });
})
