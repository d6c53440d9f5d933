// The common part of `fetch`, `request` and `axios`: sends one request and reads the response as text.
(function (exports, module, require, host) {
  'use strict';
  const { URLSearchParams } = require('internal/whatwg_url');

  // [[name, value]] of an object, of pairs, or of `Headers`, without headers that have no value.
  exports.headerList = (headers) => {
    if (headers === undefined || headers === null) return [];
    const list = typeof headers[Symbol.iterator] === 'function' ? [...headers] : Object.entries(headers);
    return list
      .filter(([, value]) => value !== undefined && value !== null && value !== false)
      .map(([name, value]) => [String(name).toLowerCase(), [value].flat().join(', ')]);
  };

  // A body as text, and its default content type.
  exports.bodyOf = (body) => {
    if (body === undefined || body === null) return {};
    if (body instanceof URLSearchParams) return { text: body.toString(), type: 'application/x-www-form-urlencoded;charset=UTF-8' };
    if (typeof body === 'string') return { text: body, type: 'text/plain;charset=UTF-8' };
    if (ArrayBuffer.isView(body)) return { text: require('buffer').Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString() };
    if (body instanceof ArrayBuffer) return { text: require('buffer').Buffer.from(body).toString() };
    return { text: String(body), type: 'text/plain;charset=UTF-8' };
  };

  exports.basic = (user, password) => `Basic ${require('buffer').Buffer.from(`${user ?? ''}:${password ?? ''}`).toString('base64')}`;

  // The error of a request without a response, as Node's `http` or its `fetch` reports it.
  function errorOf(failure, asFetch) {
    const { inFetch } = failure;
    delete failure.inFetch;
    if (!asFetch || !inFetch) return failure;
    return Object.assign(new Error(inFetch.message), inFetch);
  }

  // Sends a request. The result is the response, a time-out or an abort, the one that comes first.
  exports.send = async ({ method = 'GET', url, headers = [], body, timeout, signal, asFetch }) => {
    signal?.throwIfAborted();
    const answers = [host.send(String(method).toUpperCase(), String(url).toWellFormed(),
      headers.map((pair) => pair.map((text) => text.toWellFormed())), body?.toWellFormed())
      .catch((failure) => { throw errorOf(failure, asFetch); })];
    let timer;
    let onabort;
    if (timeout > 0) {
      answers.push(new Promise((_, reject) => {
        timer = setTimeout(() => reject(Object.assign(new Error(`timeout of ${timeout}ms exceeded`), { code: 'ETIMEDOUT', timeout })), timeout);
      }));
    }
    if (signal) {
      answers.push(new Promise((_, reject) => {
        onabort = () => reject(signal.reason);
        signal.addEventListener('abort', onabort);
      }));
    }
    try {
      const answer = await Promise.race(answers);
      const pairs = Array.isArray(answer.headers) ? answer.headers : Object.entries(answer.headers ?? {});
      return { ...answer, body: answer.body ?? '', statusText: answer.statusText ?? '', headers: exports.headerList(pairs) };
    } finally {
      if (timer !== undefined) clearTimeout(timer);
      if (onabort) signal.removeEventListener('abort', onabort);
    }
  };

  // Headers as an object, as Node represents them.
  exports.headerObject = (pairs) => {
    const headers = {};
    for (const [name, value] of pairs) {
      if (name === 'set-cookie') headers[name] = [...(headers[name] ?? []), value];
      else headers[name] = Object.hasOwn(headers, name) ? `${headers[name]}, ${value}` : value;
    }
    return headers;
  };
})
