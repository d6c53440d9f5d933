// `request`: one request, answered by `callback(error, response, body)`. https://github.com/request/request#readme
(function (exports, module, require) {
  'use strict';
  const EventEmitter = require('events');
  const querystring = require('querystring');
  const { URL } = require('internal/whatwg_url');
  const http = require('internal/http');

  // `request(url, options, callback)`; either of the first two may be missing.
  function argumentsOf(list, fixed) {
    const callback = list.find((argument) => typeof argument === 'function');
    const options = Object.assign({}, ...list.map((argument) => (typeof argument === 'string' || argument instanceof URL
      ? { uri: String(argument) } : typeof argument === 'function' ? undefined : argument)), fixed);
    return { options, callback: callback ?? options.callback };
  }

  function addressOf(options) {
    let address = String(options.uri ?? options.url ?? '');
    if (options.uri?.href || options.url?.href) address = (options.uri ?? options.url).href;
    if (options.baseUrl) address = `${options.baseUrl.replace(/\/$/, '')}/${address.replace(/^\//, '')}`;
    if (address === '') throw new Error('options.uri is a required argument');
    if (!URL.canParse(address)) throw new Error(`Invalid URI "${address}"`);
    const url = new URL(address);
    if (options.qs) {
      const query = { ...querystring.parse(url.search.slice(1)), ...options.qs };
      url.search = querystring.stringify(query);
    }
    return url;
  }

  function messageOf(options) {
    const url = addressOf(options);
    const headers = new Map(http.headerList(options.headers));
    const usually = (name, value) => { if (!headers.has(name)) headers.set(name, value); };
    let body = http.bodyOf(options.body).text;
    if (options.form) {
      body = typeof options.form === 'string' ? options.form : querystring.stringify(options.form);
      headers.set('content-type', 'application/x-www-form-urlencoded');
    } else if (options.json) {
      usually('accept', 'application/json');
      const value = typeof options.json === 'object' ? options.json : options.body;
      if (value !== undefined) {
        body = JSON.stringify(value);
        usually('content-type', 'application/json');
      }
    }
    const { auth } = options;
    const user = auth?.user ?? auth?.username ?? decodeURIComponent(url.username);
    const password = auth?.pass ?? auth?.password ?? decodeURIComponent(url.password);
    if (auth?.bearer !== undefined) headers.set('authorization', `Bearer ${typeof auth.bearer === 'function' ? auth.bearer() : auth.bearer}`);
    else if (user) headers.set('authorization', http.basic(user, password));
    [url.username, url.password] = ['', ''];
    return { method: options.method ?? 'GET', url: url.href, headers: [...headers], body, timeout: options.timeout };
  }

  function responseOf(answer, options) {
    let body = options.encoding === null ? require('buffer').Buffer.from(answer.body) : answer.body;
    if (options.json) {
      try {
        body = JSON.parse(answer.body);
      } catch {
        // A body that is not JSON stays text.
      }
    }
    const headers = http.headerObject(answer.headers);
    return { statusCode: answer.status, statusMessage: answer.statusText, headers, body, toJSON: () => ({ statusCode: answer.status, body, headers }) };
  }

  // `connect` is true if the time was up before a connection was made.
  function late(error) {
    if (error.syscall === 'connect') return Object.assign(error, { connect: true });
    return Object.assign(new Error('ESOCKETTIMEDOUT'), { code: 'ESOCKETTIMEDOUT', connect: false });
  }

  exports.perform = async (options) => {
    let answer;
    try {
      answer = await http.send(messageOf(options));
    } catch (error) {
      throw error.code === 'ETIMEDOUT' ? late(error) : error;
    }
    return responseOf(answer, options);
  };

  function begin({ options, callback }) {
    const events = new EventEmitter();
    // A request begins after its caller has added listeners.
    Promise.resolve().then(() => exports.perform(options)).then(
      (response) => queueMicrotask(() => {
        events.emit('response', response);
        events.emit('complete', response, response.body);
        callback?.(null, response, response.body);
      }),
      (error) => queueMicrotask(() => {
        if (callback) callback(error);
        if (!callback || events.listenerCount('error') > 0) events.emit('error', error);
      }),
    );
    return events;
  }

  // A function with one method per HTTP method; `start` begins a request.
  exports.withMethods = (start, defaults = {}) => {
    const made = (...list) => start(argumentsOf([defaults, ...list]));
    for (const [name, method] of [['get', 'GET'], ['post', 'POST'], ['put', 'PUT'], ['patch', 'PATCH'], ['delete', 'DELETE'], ['del', 'DELETE'], ['head', 'HEAD'], ['options', 'OPTIONS']]) {
      made[name] = (...list) => start(argumentsOf([defaults, ...list], { method }));
    }
    made.defaults = (more) => exports.withMethods(start, { ...defaults, ...more, headers: { ...defaults.headers, ...more.headers } });
    return made;
  };

  module.exports = Object.assign(exports.withMethods(begin), { perform: exports.perform, withMethods: exports.withMethods });
})
