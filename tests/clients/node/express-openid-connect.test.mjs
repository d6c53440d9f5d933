// express-openid-connect: an application on a server, with a real Chromium as its visitor.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';

import express from 'express';
import openidConnect from 'express-openid-connect';

import { fillInLogin } from './chromium.mjs';
import { demo, startLocal, testTenantText } from './local.mjs';
import { openProfile, startSite } from './site.mjs';
import { trusting } from './trust.mjs';

const APP = {
  baseURL: 'https://express.example.com',
  clientID: 'web-express',
  clientSecret: 'web-express-secret-0123456789abcdef0123456789abcdef0123456789abc',
};
const HS256 = {
  baseURL: 'https://hs256-portal.example.com',
  clientID: 'web-hs256-portal',
  clientSecret: 'web-hs256-portal-secret-0123456789abcdef0123456789abcdef01234567',
};
const OFFLINE = {
  response_type: 'code',
  audience: demo.audience,
  scope: 'openid profile email offline_access read:orders',
};

describe('express-openid-connect', () => {
  let server;
  before(async () => {
    server = await startLocal({ tls: true, tenant: await testTenantText() });
  });
  after(() => server?.stop());

  /** An application with these settings, and a browser that has not visited it yet. */
  async function visit(t, settings, { server: at = server, door } = {}) {
    const app = { ...APP, ...settings };
    const config = {
      secret: 'the key of the application’s own cookies',
      issuerBaseURL: at.issuer,
      customFetch: trusting(at.certificate.ca),
      // The SDK's timeout is five seconds, too short for a debug build on a busy machine.
      httpTimeout: 60_000,
      ...app,
    };
    const pages = application(config);
    door?.open(pages);
    const site = await startSite(at, pages);
    t.after(site.stop);
    const profile = await openProfile(site);
    t.after(profile.close);
    return { ...profile, app };
  }

  test('logs in by id_token and form_post, as it does by default', async (t) => {
    const tab = await visit(t);
    const { user, tokens } = await logIn(tab);
    assert.equal(user.email, demo.user.username);
    assert.ok(user.sid);
    assert.equal(tokens, undefined);
  });

  for (const response_type of ['code', 'code id_token']) {
    test(`logs in by ${response_type} and keeps tokens`, async (t) => {
      const tab = await visit(t, { authorizationParams: { ...OFFLINE, response_type } });
      const { user, tokens } = await logIn(tab);
      assert.equal(user.email, demo.user.username);
      assert.equal(tokens.access.token_type.toLowerCase(), 'bearer');
      // The SDK counts down the seconds that are left, by the machine's clock.
      const { expires_in: left } = tokens.access;
      assert.ok(left > 0 && left <= 86_400, `${left} seconds are left`);
      assert.match(tokens.refresh, /^rt1_/);
      const { email } = await ask(tab, '/userinfo');
      assert.equal(email, demo.user.username);
    });
  }

  for (const [response_type, idTokenSigningAlg] of [
    ['id_token', 'RS256'],
    ['code', 'HS256'],
  ]) {
    test(`a client of HS256 has ${idTokenSigningAlg} by ${response_type}`, async (t) => {
      const authorizationParams = { response_type };
      const tab = await visit(t, { ...HS256, idTokenSigningAlg, authorizationParams });
      const { user } = await logIn(tab);
      assert.equal(user.email, demo.user.username);
    });
  }

  test('a session on the server outlives its access token by refreshing', async (t) => {
    const tab = await visit(t, { authorizationParams: OFFLINE });
    const first = await logIn(tab);
    const seen = [first.tokens.refresh];
    for (let turn = 1; turn <= 3; turn += 1) {
      const { user, tokens } = await ask(tab, '/refresh');
      assert.ok(!seen.includes(tokens.refresh), 'a rotated token');
      seen.push(tokens.refresh);
      assert.equal(user.sid, first.user.sid);
      assert.equal(user.email, demo.user.username);
      const { email } = await ask(tab, '/userinfo');
      assert.equal(email, demo.user.username);
    }
    const narrowed = await ask(tab, '/refresh?scope=openid%20read:orders');
    assert.equal(narrowed.scope, 'openid read:orders');
  });

  test('a refresh token that was used before ends it', async (t) => {
    const tab = await visit(t, { authorizationParams: OFFLINE });
    await logIn(tab);
    const [session] = await cookiesOf(tab, 'appSession');
    await ask(tab, '/refresh');
    const [current] = await cookiesOf(tab, 'appSession');
    for (const cookie of [session, current]) {
      await tab.context.addCookies([cookie]);
      const refused = await ask(tab, '/refresh');
      assert.deepEqual(refused, {
        error: 'invalid_grant',
        error_description: 'Unknown or invalid refresh token.',
        status: 403,
      });
    }
  });

  for (const response_type of ['id_token', 'code']) {
    test(`a silent attempt by ${response_type}: nothing without a session, a login with one`, async (t) => {
      const authorizationParams = { response_type };
      const settings = { attemptSilentLogin: true, authRequired: false, authorizationParams };
      const tab = await visit(t, settings);
      assert.deepEqual(await ask(tab, '/'), {});
      assert.deepEqual(await ask(tab, '/'), {});

      const { user } = await logIn(tab, '/login');
      await tab.context.clearCookies({ domain: new URL(APP.baseURL).hostname });
      const again = await ask(tab, '/');
      assert.equal(again.user?.sid, user.sid);
    });
  }

  test('a silent attempt that needs consent is no login and no error', async (t) => {
    const silent = { attemptSilentLogin: true, authRequired: false };
    const authorizationParams = { response_type: 'code', audience: 'https://asking.example.com' };
    const tab = await visit(t, { ...silent, authorizationParams });
    await tab.page.goto(`${APP.baseURL}/login`);
    await fillInLogin(tab.page, demo.user);
    await tab.page.waitForURL('**/u/consent?**');
    await tab.context.clearCookies({ domain: new URL(APP.baseURL).hostname });
    assert.deepEqual(await ask(tab, '/'), {});
  });

  test('a logout ends both sessions and comes back', async (t) => {
    const tab = await visit(t, { auth0Logout: true, authRequired: false });
    await logIn(tab, '/login');
    const [left] = await Promise.all([
      tab.page.waitForRequest((request) => request.url().startsWith(server.url('v2/logout'))),
      tab.page.goto(`${APP.baseURL}/logout`),
    ]);
    const { searchParams } = new URL(left.url());
    assert.equal(searchParams.get('client_id'), APP.clientID);
    assert.equal(searchParams.get('returnTo'), APP.baseURL);
    assert.equal(tab.page.url(), `${APP.baseURL}/`);
    assert.deepEqual(await ask(tab, '/'), {});
    await assertLoggedOut(tab);
  });

  test('a logout by end_session_endpoint ends both sessions and comes back', async (t) => {
    const tab = await visit(t, { idpLogout: true, authRequired: false });
    await logIn(tab, '/login');
    const [left] = await Promise.all([
      tab.page.waitForRequest((request) => request.url().startsWith(server.url('oidc/logout'))),
      tab.page.goto(`${APP.baseURL}/logout`),
    ]);
    const { searchParams } = new URL(left.url());
    assert.equal(searchParams.get('post_logout_redirect_uri'), APP.baseURL);
    assert.equal(claims(searchParams.get('id_token_hint')).aud, APP.clientID);
    assert.equal(tab.page.url(), `${APP.baseURL}/`);
    assert.deepEqual(await ask(tab, '/'), {});
    await assertLoggedOut(tab);
  });

  test('a logout elsewhere ends its session through the back channel', async (t) => {
    const door = await startDoor(t);
    const urls = `["https://express.example.com"]`;
    const tenant = await testTenantText({
      [urls]: `${urls}\n    oidc_logout: {backchannel_logout_urls: [${door.url}]}`,
    });
    const teller = await startLocal({ tls: true, tenant });
    t.after(teller.stop);
    const store = new LogoutStore();
    const settings = { authRequired: false, backchannelLogout: { store } };
    const tab = await visit(t, settings, { server: teller, door });
    const { user } = await logIn(tab, '/login');
    assert.deepEqual([door.answers, store.ended], [[], []]);

    // The browser logs out without the application.
    await tab.page.goto(teller.url('v2/logout'));
    assert.deepEqual(door.answers, [204]);
    assert.deepEqual(store.ended, [`${teller.issuer}|${user.sid}`, `${teller.issuer}|${user.sub}`]);
    assert.deepEqual(await ask(tab, '/'), {});
    const again = await logIn(tab, '/login');
    assert.notEqual(again.user.sid, user.sid);
  });
});

/** The application: it shows the data of its visitor. */
function application(config) {
  const app = express();
  app.use(openidConnect.auth(config));
  app.get('/', ({ oidc }, response) => response.json(known(oidc)));
  app.get('/userinfo', async ({ oidc }, response) => response.json(await oidc.fetchUserInfo()));
  app.get('/refresh', async ({ oidc, query }, response) => {
    try {
      const tokenEndpointParams = query.scope && { scope: query.scope };
      const { access_token } = await oidc.accessToken.refresh({ tokenEndpointParams });
      response.json({ ...known(oidc), scope: claims(access_token).scope });
    } catch ({ error, error_description, status }) {
      response.json({ error, error_description, status });
    }
  });
  return app;
}

function known({ user, accessToken, refreshToken }) {
  const tokens = accessToken && { access: accessToken, refresh: refreshToken };
  return { user, tokens };
}

function claims(token) {
  return JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
}

/** The application's back channel: plain HTTP, because the service does not trust our certificate. */
async function startDoor(t) {
  const door = createServer().listen(0, '127.0.0.1');
  await once(door, 'listening');
  t.after(() => door.close());
  const answers = [];
  const open = (pages) =>
    door.on('request', (request, response) => {
      response.once('finish', () => answers.push(response.statusCode));
      pages(request, response);
    });
  return { url: `http://127.0.0.1:${door.address().port}/backchannel-logout`, answers, open };
}

/** The SDK's store of ended sessions, with the interface of a store of express-session. */
class LogoutStore {
  #ended = new Map();

  get ended() {
    return [...this.#ended.keys()];
  }

  get(id, done) {
    done(null, this.#ended.get(id));
  }

  set(id, session, done) {
    this.#ended.set(id, session);
    done(null);
  }

  destroy(id, done) {
    this.#ended.delete(id);
    done(null);
  }
}

/** Asserts that the next login starts with a password. */
async function assertLoggedOut({ page, app }) {
  await page.goto(`${app.baseURL}/login`);
  await page.waitForURL('**/u/login?**');
}

/** Requests a page of the application. */
async function ask({ page, app }, path) {
  await page.goto(app.baseURL + path);
  assert.equal(new URL(page.url()).origin, app.baseURL);
  return JSON.parse(await page.locator('body').innerText());
}

/** Requests a page of the application, which redirects the visitor to the login. */
async function logIn({ page, app }, path = '/') {
  await page.goto(app.baseURL + path);
  await page.waitForURL('**/u/login?**');
  await fillInLogin(page, demo.user);
  await page.waitForURL(`${app.baseURL}/`);
  return JSON.parse(await page.locator('body').innerText());
}

async function cookiesOf({ context }, name) {
  return (await context.cookies()).filter((cookie) => cookie.name === name);
}
