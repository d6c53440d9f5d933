// The parts of a user's browser that a login needs: fetch, cookies, and forms.

import assert from 'node:assert/strict';

import { parse } from 'node-html-parser';

/** Cookies of one host. */
class Jar {
  #cookies = new Map();

  header() {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  store(response) {
    for (const line of response.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(';').map((part) => part.trim());
      const at = pair.indexOf('=');
      const gone = attributes.some((text) => /^max-age=(0|-\d+)$/i.test(text));
      if (gone) this.#cookies.delete(pair.slice(0, at));
      else this.#cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
  }
}

export class Browser {
  #fetch;
  #jar = new Jar();

  constructor({ fetch = globalThis.fetch } = {}) {
    this.#fetch = fetch;
  }

  /** One request, no redirect followed. */
  async request(url, options = {}) {
    const headers = { ...options.headers, cookie: this.#jar.header() };
    const response = await this.#fetch(url, { ...options, headers, redirect: 'manual' });
    this.#jar.store(response);
    return response;
  }

  /**
   * Opens an authorization request, logs in and consents where required, and returns the answer to the application: the
   * URL of a redirect, or the `Request` of a form.
   */
  async logIn(authorizationUrl, redirectUri, user) {
    const { url, page } = await this.#walk(authorizationUrl, user, redirectUri);
    if (page) throw new Error(`no form at ${url}\n${page}`);
    return url;
  }

  /**
   * Opens the link that a device shows, confirms or cancels, logs in and consents where required, and returns the
   * heading of the last page.
   */
  async activate(link, user, action = 'confirm') {
    const { page } = await this.#walk(link, user, undefined, action);
    return page.querySelector('h1').text;
  }

  /** Opens a logout, confirms it where required, and returns the URL at which the browser gets back. */
  async logOut(link, returnTo) {
    const { url, page } = await this.#walk(link, {}, returnTo);
    if (page) throw new Error(`no way back from ${url}\n${page}`);
    return url;
  }

  /** Goes from page to page until one has no form, or the browser is redirected elsewhere. */
  async #walk(start, { username, password }, redirectUri, action) {
    const answers = {
      '/u/login': { username, password },
      '/u/consent': { action: 'accept' },
      '/u/confirm': { action: 'accept' },
      '/activate/confirm': { action },
      '/oidc/logout': { action: 'accept' },
    };
    let response = await this.request(start);
    let url = new URL(start);
    for (let hops = 0; hops < 12; hops += 1) {
      const location = response.headers.get('location');
      if (location) {
        url = new URL(location, url);
        if (redirectUri && url.href.startsWith(redirectUri)) return { url };
        response = await this.request(url);
        continue;
      }
      const text = await response.text();
      if (response.status !== 200) throw new Error(`${response.status} at ${url}\n${text}`);
      const page = parse(text);
      const form = page.querySelector('form');
      if (!form) return { url, page };
      if (redirectUri && form.getAttribute('action').startsWith(redirectUri)) {
        return { url: posted(form) };
      }
      [url, response] = await this.#submit(url, form, answers[url.pathname]);
    }
    throw new Error('the login does not end');
  }

  async #submit(page, form, typed) {
    const fields = hiddenFields(form);
    for (const [name, value] of Object.entries({ action: 'default', ...typed })) {
      fields.set(name, value);
    }
    const url = new URL(form.getAttribute('action'), page);
    return [url, await this.request(url, { method: 'POST', body: fields })];
  }
}

function hiddenFields(form) {
  const inputs = form.querySelectorAll('input[type=hidden]');
  const names = inputs.map((input) => [input.getAttribute('name'), input.getAttribute('value')]);
  return new URLSearchParams(names);
}

/** The request that a browser sends for a form that submits itself. */
function posted(form) {
  assert.equal(form.getAttribute('method'), 'post');
  return new Request(form.getAttribute('action'), { method: 'POST', body: hiddenFields(form) });
}
