// A person's browser as far as a login needs one: fetch, cookies, and forms.

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
  #jar = new Jar();

  /** One request, no redirect followed. */
  async request(url, options = {}) {
    const headers = { ...options.headers, cookie: this.#jar.header() };
    const response = await fetch(url, { ...options, headers, redirect: 'manual' });
    this.#jar.store(response);
    return response;
  }

  /**
   * Opens an authorization request, logs in and consents where asked, and returns how the application
   * is answered: the URL of a redirect, or the `Request` of a form.
   */
  async logIn(authorizationUrl, redirectUri, { username, password }) {
    let response = await this.request(authorizationUrl);
    let url = new URL(authorizationUrl);
    for (let hops = 0; hops < 12; hops += 1) {
      const location = response.headers.get('location');
      if (location) {
        url = new URL(location, url);
        if (url.href.startsWith(redirectUri)) return url;
        response = await this.request(url);
        continue;
      }
      const page = await response.text();
      if (response.status !== 200) throw new Error(`${response.status} at ${url}\n${page}`);
      const form = parse(page).querySelector('form');
      if (!form) throw new Error(`no form at ${url}\n${page}`);
      if (form.getAttribute('action').startsWith(redirectUri)) return posted(form);
      const typed = url.pathname === '/u/login' ? { username, password } : { action: 'accept' };
      [url, response] = await this.#submit(url, form, typed);
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

/** What a browser makes of a form that posts itself. */
function posted(form) {
  assert.equal(form.getAttribute('method'), 'post');
  return new Request(form.getAttribute('action'), { method: 'POST', body: hiddenFields(form) });
}
