// auth0.js in a page of the application, and helpers by which a test calls it there.

import { fillInLogin } from './chromium.mjs';
import { demo } from './local.mjs';

/** The versions of auth0.js that are tested, and the file that a page loads. */
export const VERSIONS = [
  { version: 9, file: 'auth0-js/dist/auth0.min.js' },
  { version: 10, file: 'auth0-js-10/dist/auth0.min.js' },
];

/** Calls a method of the SDK whose last argument is a callback: of `WebAuth`, or `client.…` of its client. */
export function call({ page, config }, method, ...options) {
  return page.evaluate(
    ([config, method, options]) =>
      new Promise((done) => {
        const path = method.split('.');
        const name = path.pop();
        const at = path.reduce((at, part) => at[part], new globalThis.auth0.WebAuth(config));
        at[name](...options, (error, result) => done({ error, result }));
      }),
    [config, method, options],
  );
}

/** Redirects the tab to the service. */
export function authorize({ page, config }, options) {
  return page.evaluate(
    ([config, options]) => new globalThis.auth0.WebAuth(config).authorize(options),
    [config, options],
  );
}

/** Logs in at the login page and returns the SDK's result. */
export async function logIn(tab, options = {}) {
  await authorize(tab, options);
  await tab.page.waitForURL('**/u/login?**');
  await fillInLogin(tab.page, demo.user);
  return returned(tab);
}

/** The SDK's result, once the browser has returned to the application. */
export async function returned(tab) {
  await tab.page.waitForURL(`${tab.config.redirectUri}#**`);
  return call(tab, 'parseHash', {});
}
