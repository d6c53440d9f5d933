// An application of auth0-spa-js: its page, and the SDK's calls there.

import assert from 'node:assert/strict';

import { fillInLogin } from './chromium.mjs';
import { demo, startLocal, testTenantText } from './local.mjs';
import { openProfile, pageWith, startSite } from './site.mjs';

export const APP = 'https://acme.framed.example.com/callback';

/** The SDK's storage of refresh tokens: a worker's memory, or a store that a test can read. */
export const IN_WORKER = { useRefreshTokens: true };
export const IN_STORAGE = { useRefreshTokens: true, cacheLocation: 'localstorage' };

/** The SDK's errors. */
export const REFUSED = { error: 'invalid_grant', message: 'Unknown or invalid refresh token.' };
export const NO_SESSION = { error: 'login_required', message: 'Login required' };

/** The SDK's page, served under its own names, and its service; `leeway` is the client's. */
export async function startApplication({ rule, leeway = 0 } = {}) {
  const tenant = withLeeway(await testTenantText(), leeway);
  const server = await startLocal({ tls: true, tenant, rule, options: ['--test-controls'] });
  const sdk = await pageWith('@auth0/auth0-spa-js/dist/auth0-spa-js.production.js');
  const site = await startSite(server, sdk);
  const stop = async () => {
    await site.stop();
    await server.stop();
  };
  return { server, site, stop };
}

function withLeeway(tenant, leeway) {
  const client = /(client_id: spa-framed\n[^]*?\n      leeway: )0\n/;
  assert.match(tenant, client);
  return tenant.replace(client, `$1${leeway}\n`);
}

/** Start of every test: a browser at the application's page, with the SDK's client. */
export async function visit(t, site, { client, ...options } = {}) {
  const profile = await openProfile(site, options);
  t.after(profile.close);
  const sent = [];
  profile.context.on('request', (request) => sent.push(request));
  const tab = { ...profile, sent, config: configuration(site.server, client) };
  await open(tab);
  return tab;
}

function configuration(server, { authorizationParams, ...client } = {}) {
  return {
    domain: new URL(server.issuer).host,
    clientId: 'spa-framed',
    authorizationParams: {
      redirect_uri: APP,
      audience: demo.audience,
      scope: 'openid profile email read:orders',
      ...authorizationParams,
    },
    ...client,
  };
}

/** Loads the application's page and creates the SDK's client there. */
export async function open({ page, config }, { url } = {}) {
  if (url !== page.url()) await page.goto(url ?? config.authorizationParams.redirect_uri);
  await page.evaluate((config) => {
    globalThis.client = new globalThis.auth0.Auth0Client(config);
  }, config);
}

/** Calls a method of the SDK's client. Rejects with the members of the SDK's error. */
export async function call({ page }, method, ...args) {
  const { value, error } = await page.evaluate(
    async ([method, args]) => {
      try {
        return { value: await globalThis.client[method](...args) };
      } catch (error) {
        return { error: { message: error.message, ...error } };
      }
    },
    [method, args],
  );
  if (error) throw Object.assign(new Error(error.message), error);
  return value;
}

export function refresh(tab) {
  return call(tab, 'getTokenSilently', { cacheMode: 'off', detailedResponse: true });
}

export function failure(promise) {
  return promise.then(
    (value) => assert.fail(`no error but ${JSON.stringify(value)}`),
    (error) => error,
  );
}

export async function assertRefused(promise, { error, message }) {
  const reported = await failure(promise);
  assert.deepEqual([reported.error, reported.message], [error, message]);
}

/** Redirects the tab to the service. */
export async function leave(tab, options) {
  await Promise.all([
    tab.page.waitForNavigation(),
    call(tab, 'loginWithRedirect', options).catch(() => {}),
  ]);
}

/** The address at which the browser returns. */
export async function arrival({ page, config }) {
  await page.waitForURL(`${config.authorizationParams.redirect_uri}?**`);
  return page.url();
}

/** Logs in by redirect at the login page and returns the SDK's result. */
export async function logIn(tab, { user = demo.user, handle = true, ...options } = {}) {
  await leave(tab, options);
  await tab.page.waitForURL('**/u/login?**');
  await fillInLogin(tab.page, user);
  const url = await arrival(tab);
  await open(tab, { url });
  return handle ? call(tab, 'handleRedirectCallback') : { url };
}

/** Calls a method that opens a popup, while `act` runs there. */
export async function withPopup(tab, method, options, act) {
  const opened = tab.context.waitForEvent('page').then(act);
  const [result] = await Promise.all([call(tab, method, options), opened]);
  return result;
}

/** The parameters of every request so far for a path of the service. */
export function asks({ sent }, path) {
  const urls = sent.map((request) => new URL(request.url()));
  return urls.filter(({ pathname }) => pathname === path).map(({ searchParams }) => searchParams);
}

/** The requests that the page or its worker has sent to the token endpoint so far. */
export function exchanges({ sent }) {
  const posts = sent.filter((request) => request.postData() && /\/oauth\/token$/.test(request.url()));
  return posts.map((request) => {
    const json = request.headers()['content-type'] === 'application/json';
    const body = request.postData();
    return { json, ...(json ? JSON.parse(body) : Object.fromEntries(new URLSearchParams(body))) };
  });
}

/** The refresh token in the SDK's cache. */
export function storedToken({ page }) {
  return page.evaluate(() => {
    const entries = Object.values(localStorage).map((text) => JSON.parse(text));
    return entries.find(({ body }) => body?.refresh_token).body.refresh_token;
  });
}

export function storeToken({ page }, token) {
  return page.evaluate((token) => {
    for (const [key, text] of Object.entries(localStorage)) {
      const entry = JSON.parse(text);
      if (!entry.body?.refresh_token) continue;
      entry.body.refresh_token = token;
      localStorage.setItem(key, JSON.stringify(entry));
    }
  }, token);
}

/** Revokes a token without the SDK's knowledge. */
export async function revoke({ page, config }, token) {
  const status = await page.evaluate(
    async ([domain, client_id, token]) => {
      const body = new URLSearchParams({ client_id, token });
      return (await fetch(`https://${domain}/oauth/revoke`, { method: 'POST', body })).status;
    },
    [config.domain, config.clientId, token],
  );
  assert.equal(status, 200);
}

export function claimsOf(token) {
  return JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
}
