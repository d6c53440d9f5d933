// The globals `fetch`, `Headers`, `Response`. https://fetch.spec.whatwg.org
(function (exports, module, require) {
  'use strict';
  const http = require('internal/http');

  class Headers {
    #values = new Map();
    constructor(init) {
      for (const [name, value] of http.headerList(init)) this.append(name, value);
    }
    append(name, value) {
      const key = String(name).toLowerCase();
      this.#values.set(key, this.#values.has(key) ? `${this.#values.get(key)}, ${value}` : String(value));
    }
    set(name, value) { this.#values.set(String(name).toLowerCase(), String(value)); }
    get(name) { return this.#values.get(String(name).toLowerCase()) ?? null; }
    has(name) { return this.#values.has(String(name).toLowerCase()); }
    delete(name) { this.#values.delete(String(name).toLowerCase()); }
    forEach(visit, self) { for (const [name, value] of this) visit.call(self, value, name, this); }
    entries() { return [...this.#values].sort(([a], [b]) => (a < b ? -1 : 1)).values(); }
    keys() { return [...this].map(([name]) => name).values(); }
    values() { return [...this].map(([, value]) => value).values(); }
    [Symbol.iterator]() { return this.entries(); }
  }

  class Response {
    #body;
    #used = false;
    constructor(body, { status = 200, statusText = '', headers, url = '' } = {}) {
      const { text = '', type } = http.bodyOf(body);
      this.#body = text;
      this.status = status;
      this.statusText = statusText;
      this.url = url;
      this.type = 'default';
      this.redirected = false;
      this.headers = new Headers(headers);
      if (type && !this.headers.has('content-type')) this.headers.set('content-type', type);
    }
    get ok() { return this.status >= 200 && this.status < 300; }
    get bodyUsed() { return this.#used; }
    async text() {
      if (this.#used) throw new TypeError('Body is unusable: Body has already been read');
      this.#used = true;
      return this.#body;
    }
    async json() { return JSON.parse(await this.text()); }
    async buffer() { return require('buffer').Buffer.from(await this.text()); }
    async arrayBuffer() {
      const bytes = await this.buffer();
      return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    }
    clone() {
      if (this.#used) throw new TypeError('Response.clone: Body has already been consumed.');
      return new Response(this.#body, this);
    }
    static json(value, init = {}) {
      const headers = new Headers(init.headers);
      if (!headers.has('content-type')) headers.set('content-type', 'application/json');
      return new Response(JSON.stringify(value), { ...init, headers });
    }
    static error() { return new Response(null, { status: 0 }); }
  }

  // A `fetch` whose errors are made by `fail(error, url)`.
  exports.fetchWith = (fail, asFetch) => async function fetch(input, init = {}) {
    const given = typeof input === 'object' && input !== null && 'url' in input ? { ...input, ...init } : init;
    const url = String(input?.url ?? input);
    const { text, type } = http.bodyOf(given.body);
    const method = String(given.method ?? 'GET').toUpperCase();
    if (text !== undefined && (method === 'GET' || method === 'HEAD')) {
      throw new TypeError('Request with GET/HEAD method cannot have body.');
    }
    const headers = new Headers(given.headers);
    if (type && !headers.has('content-type')) headers.set('content-type', type);
    // `timeout` is an option of node-fetch.
    const request = { method, url, headers: [...headers], body: text, signal: given.signal, timeout: given.timeout, asFetch };
    let answer;
    try {
      answer = await http.send(request);
    } catch (error) {
      if (given.signal?.aborted) throw error;
      throw fail(error, url);
    }
    return new Response(answer.body, { ...answer, url });
  };

  // Other failures than those of the network have no text in Node.
  function failed(cause) {
    const { hadBegun } = cause;
    if (hadBegun === undefined) return new TypeError(`fetch failed: ${cause.message}`, { cause });
    delete cause.hadBegun;
    return new TypeError(hadBegun ? 'terminated' : 'fetch failed', { cause });
  }
  const fetch = exports.fetchWith(failed, true);

  Object.assign(exports, { fetch, Headers, Response });
})
