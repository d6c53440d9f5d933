// `url`: Node's legacy interface and that of the URL standard. https://nodejs.org/docs/latest-v22.x/api/url.html
(function (exports, module, require) {
  'use strict';
  const { URL, URLSearchParams } = require('internal/whatwg_url');
  const querystring = require('querystring');
  const { wrongType } = require('internal/callbacks');
  const SLASHED = ['http:', 'https:', 'ftp:', 'file:', 'ws:', 'wss:'];

  class Url {
    constructor() {
      for (const name of ['protocol', 'slashes', 'auth', 'host', 'port', 'hostname', 'hash', 'search', 'query', 'pathname', 'path', 'href']) {
        this[name] = null;
      }
    }
    format() { return format(this); }
    resolve(relative) { return resolve(this.href, relative); }
  }

  // Escapes the characters that a URL must not contain.
  const escaped = (text) => text.replace(/[\s"'<>\\^`{|}]/g, (character) =>
    (character === "'" ? '%27' : encodeURIComponent(character)));

  function parse(address, parseQuery = false, slashesDenoteHost = false) {
    if (address instanceof Url) return address;
    if (typeof address !== 'string') throw wrongType('"url" argument', 'of type string', address);
    const url = new Url();
    let rest = address.trim();
    const protocol = /^[a-z][a-z0-9.+-]*:/i.exec(rest)?.[0].toLowerCase();
    if (protocol) {
      url.protocol = protocol;
      rest = rest.slice(protocol.length);
      if (SLASHED.includes(protocol)) rest = rest.replace(/^[^?#]*/, (path) => path.replaceAll('\\', '/'));
    }
    const isSlashed = rest.startsWith('//') && (protocol || slashesDenoteHost || /^\/\/[^@/]+@[^@/]+/.test(rest));
    if (isSlashed) {
      url.slashes = true;
      rest = rest.slice(2);
    }
    // `mailto:ada@example.com` has a host, too.
    if (isSlashed || (protocol && !SLASHED.includes(protocol) && protocol !== 'javascript:')) {
      const authority = /^[^/?#]*/.exec(rest)[0];
      rest = rest.slice(authority.length);
      takeAuthority(url, authority);
    }
    takePath(url, escaped(rest), parseQuery);
    url.href = format(url);
    return url;
  }

  function takeAuthority(url, authority) {
    const at = authority.lastIndexOf('@');
    if (at >= 0) url.auth = decodeURIComponent(authority.slice(0, at));
    const [, name, port] = /^(\[[^\]]*\]|.*?)(?::(\d*))?$/.exec(authority.slice(at + 1));
    if (/[\s"<>\\^`{|}%]/.test(name)) throw Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL' });
    const isAscii = /^[\x00-\x7f]*$/.test(name);
    const host = isAscii ? name.toLowerCase() : new URL(`http://${name}`).hostname;
    url.hostname = host.replace(/^\[(.*)\]$/, '$1');
    url.port = port ? port : null;
    url.host = url.port ? `${host}:${url.port}` : host;
  }

  function takePath(url, rest, parseQuery) {
    const [, pathname, search, hash] = /^([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(rest);
    url.hash = hash ?? null;
    url.search = search ?? (parseQuery ? '' : null);
    url.query = parseQuery ? querystring.parse((search ?? '').slice(1)) : search === undefined ? null : search.slice(1);
    url.pathname = pathname || (url.hostname && SLASHED.includes(url.protocol) ? '/' : null);
    url.path = url.pathname || search ? (url.pathname ?? '') + (search ?? '') : null;
  }

  function format(url) {
    if (typeof url === 'string') return parse(url).href;
    if (url instanceof URL) return url.href;
    const auth = url.auth ? `${encodeURIComponent(url.auth).replace('%3A', ':')}@` : '';
    let protocol = url.protocol ?? '';
    if (protocol && !protocol.endsWith(':')) protocol += ':';
    let host = '';
    if (url.host) host = auth + url.host;
    else if (url.hostname) {
      host = auth + (url.hostname.includes(':') ? `[${url.hostname}]` : url.hostname) + (url.port ? `:${url.port}` : '');
    }
    const query = url.query && typeof url.query === 'object' ? querystring.stringify(url.query) : '';
    let search = url.search || (query ? `?${query}` : '');
    if (search && !search.startsWith('?')) search = `?${search}`;
    let hash = url.hash ?? '';
    if (hash && !hash.startsWith('#')) hash = `#${hash}`;
    let pathname = (url.pathname ?? '').replace(/[?#]/g, encodeURIComponent);
    if (url.slashes || (SLASHED.includes(protocol) && host)) {
      host = `//${host}`;
      if (pathname && !pathname.startsWith('/')) pathname = `/${pathname}`;
    }
    return protocol + host + pathname + search.replaceAll('#', '%23') + hash;
  }

  // A base without a host gets a placeholder, which is removed again.
  function resolve(from, to) {
    const nowhere = 'resolve://';
    const base = new URL(String(from), `${nowhere}host/`);
    const target = new URL(String(to), base);
    return target.protocol === 'resolve:' ? target.pathname + target.search + target.hash : target.href;
  }

  Object.assign(exports, {
    Url, parse, format, resolve, URL, URLSearchParams,
    domainToASCII: (name) => (URL.canParse(`http://${name}`) ? new URL(`http://${name}`).hostname : ''),
  });
})
