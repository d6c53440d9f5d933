// The globals `URL` and `URLSearchParams`. https://url.spec.whatwg.org
(function (exports, module, require, host) {
  'use strict';
  const PARTS = ['protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'hash'];

  class URLSearchParams {
    #pairs = [];
    #changed = () => {};

    constructor(init = '') {
      if (typeof init === 'object' && init !== null) {
        const entries = typeof init[Symbol.iterator] === 'function' ? [...init] : Object.entries(init);
        this.#pairs = entries.map(([name, value]) => [String(name), String(value)]);
      } else {
        this.#pairs = host.parseForm(String(init).toWellFormed().replace(/^\?/, ''));
      }
    }
    // The parameters of a URL's query; `changed` updates the URL.
    static of(search, changed) {
      const params = new URLSearchParams(search);
      params.#changed = changed;
      return params;
    }
    get size() { return this.#pairs.length; }
    append(name, value) {
      this.#pairs.push([String(name), String(value)]);
      this.#changed(this.toString());
    }
    delete(name, value) {
      this.#pairs = this.#pairs.filter(([key, has]) => key !== String(name) || (value !== undefined && has !== String(value)));
      this.#changed(this.toString());
    }
    get(name) { return this.#pairs.find(([key]) => key === String(name))?.[1] ?? null; }
    getAll(name) { return this.#pairs.filter(([key]) => key === String(name)).map(([, value]) => value); }
    has(name, value) {
      return this.#pairs.some(([key, has]) => key === String(name) && (value === undefined || has === String(value)));
    }
    set(name, value) {
      const first = this.#pairs.find(([key]) => key === String(name));
      if (!first) return this.append(name, value);
      first[1] = String(value);
      this.#pairs = this.#pairs.filter((pair) => pair === first || pair[0] !== String(name));
      this.#changed(this.toString());
    }
    sort() {
      this.#pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
      this.#changed(this.toString());
    }
    forEach(callback, thisArgument) {
      for (const [name, value] of this.#pairs) callback.call(thisArgument, value, name, this);
    }
    *entries() { for (const [name, value] of this.#pairs) yield [name, value]; }
    *keys() { for (const [name] of this.#pairs) yield name; }
    *values() { for (const [, value] of this.#pairs) yield value; }
    [Symbol.iterator]() { return this.entries(); }
    get [Symbol.toStringTag]() { return 'URLSearchParams'; }
    toString() { return host.formatForm(this.#pairs.map(([name, value]) => [name.toWellFormed(), value.toWellFormed()])); }
  }

  class URL {
    #parts;
    #params;

    constructor(address, base) {
      const parts = parsed(address, base);
      if (!parts) {
        throw Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL', input: String(address) });
      }
      this.#parts = parts;
    }
    static canParse(address, base) { return parsed(address, base) !== undefined; }
    static parse(address, base) { return URL.canParse(address, base) ? new URL(address, base) : null; }
    get href() { return this.#parts.href; }
    set href(value) {
      this.#parts = new URL(value).#parts;
      this.#params = undefined;
    }
    get origin() { return this.#parts.origin; }
    get searchParams() {
      this.#params ??= URLSearchParams.of(this.search, (search) => { this.#write('search', search); });
      return this.#params;
    }
    toString() { return this.href; }
    toJSON() { return this.href; }
    get [Symbol.toStringTag]() { return 'URL'; }
    #write(name, value) {
      this.#parts = host.change(this.#parts.href, name, String(value).toWellFormed());
    }
    static {
      for (const name of PARTS) {
        Object.defineProperty(URL.prototype, name, {
          configurable: true,
          enumerable: true,
          get() { return this.#parts[name]; },
          set(value) {
            this.#write(name, value);
            if (name === 'search') this.#params = undefined;
          },
        });
      }
    }
  }

  function parsed(address, base) {
    return host.parse(String(address).toWellFormed(), base === undefined ? undefined : String(base).toWellFormed());
  }

  Object.assign(exports, { URL, URLSearchParams });
})
