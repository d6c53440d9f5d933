// `request-promise` and `request-promise-native`. https://github.com/request/request-promise#readme
(function (exports, module, require) {
  'use strict';
  const Bluebird = require('bluebird');
  const { perform, withMethods } = require('request');

  class RequestError extends Error {
    constructor(cause, options) {
      super(String(cause));
      Object.assign(this, { name: 'RequestError', cause, error: cause, options });
    }
  }
  class StatusCodeError extends Error {
    constructor(response, options) {
      super(`${response.statusCode} - ${JSON.stringify(response.body)}`);
      Object.assign(this, { name: 'StatusCodeError', statusCode: response.statusCode, error: response.body, response, options });
    }
  }

  async function answered(options) {
    let response;
    try {
      response = await perform(options);
    } catch (error) {
      throw new RequestError(error, options);
    }
    const isGood = response.statusCode >= 200 && response.statusCode < 300;
    if (!isGood && options.simple !== false) throw new StatusCodeError(response, options);
    if (typeof options.transform === 'function') return options.transform(response.body, response, options.resolveWithFullResponse);
    return options.resolveWithFullResponse ? response : response.body;
  }

  const begin = ({ options, callback }) => {
    const promise = Bluebird.resolve(answered(options));
    promise.promise = () => promise;
    return callback ? promise.asCallback(callback) : promise;
  };

  module.exports = Object.assign(withMethods(begin), { errors: { RequestError, StatusCodeError } });
})
