// auth0-spa-js in a real Chromium: logins by redirect, rotating refresh tokens, logout.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { demo } from './local.mjs';
import {
  APP,
  IN_STORAGE,
  IN_WORKER,
  NO_SESSION,
  REFUSED,
  arrival,
  asks,
  assertRefused,
  call,
  exchanges,
  failure,
  leave,
  logIn,
  open,
  refresh,
  revoke,
  startApplication,
  storeToken,
  storedToken,
  visit,
} from './spa-application.mjs';

const SIGNED_OUT = 'https://acme.framed.example.com/signed-out';

describe('auth0-spa-js, by redirect and refresh token', () => {
  let server;
  let site;
  let stop;
  before(async () => ({ server, site, stop } = await startApplication()));
  after(() => stop?.());

  test('logs in by a redirect, and returns the state of the application', async (t) => {
    const tab = await visit(t, site, { client: IN_WORKER });
    const { appState } = await logIn(tab, { appState: { to: '/orders' } });
    assert.deepEqual(appState, { to: '/orders' });
    const user = await call(tab, 'getUser');
    assert.equal(user.email, demo.user.username);
    assert.equal(await call(tab, 'isAuthenticated'), true);
    const asked = asks(tab, '/authorize')[0];
    assert.equal(asked.get('scope'), 'openid profile email read:orders offline_access');
    assert.equal(asked.get('code_challenge_method'), 'S256');
  });

  for (const [what, client] of Object.entries({
    'form, from a worker': IN_WORKER,
    'form, from the page': IN_STORAGE,
    'JSON, from a worker': { ...IN_WORKER, useFormData: false },
  })) {
    test(`refreshes again and again, without a frame: ${what}`, async (t) => {
      const tab = await visit(t, site, { client });
      await logIn(tab);
      const claims = await call(tab, 'getIdTokenClaims');
      for (let turn = 1; turn <= 3; turn += 1) {
        const { access_token, expires_in, scope } = await refresh(tab);
        assert.ok(access_token);
        assert.equal(expires_in, 86_400);
        assert.equal(scope, 'openid profile email read:orders offline_access');
        const refreshed = await call(tab, 'getIdTokenClaims');
        assert.equal(refreshed.sub, claims.sub);
        assert.equal(refreshed.nonce, undefined);
      }
      assert.equal(asks(tab, '/authorize').length, 1, 'that of the login');
      assert.equal(tab.page.workers().length, what.endsWith('worker') ? 1 : 0);
      const [login, ...refreshes] = exchanges(tab);
      assert.equal(login.grant_type, 'authorization_code');
      assert.deepEqual(
        refreshes.map(({ json, grant_type }) => [json, grant_type]),
        Array(3).fill([what.startsWith('JSON'), 'refresh_token']),
      );
      assert.equal(new Set(refreshes.map(({ refresh_token }) => refresh_token)).size, 3);
    });
  }

  test('each refresh replaces the token, and one that was replaced ends them all', async (t) => {
    const tab = await visit(t, site, { client: IN_STORAGE });
    await logIn(tab);
    const first = await storedToken(tab);
    await refresh(tab);
    const second = await storedToken(tab);
    assert.notEqual(second, first);
    await storeToken(tab, first);
    await assertRefused(refresh(tab), REFUSED);
    await storeToken(tab, second);
    await assertRefused(refresh(tab), REFUSED);
  });

  // Without leeway, a tab that does not see in time what another has stored is rightly logged out: the SDK's lock
  // orders the tabs' requests, but not their reads.
  test('two tabs that refresh at once both get tokens, with a leeway', async (t) => {
    const { site, stop } = await startApplication({ leeway: 600 });
    t.after(stop);
    const tab = await visit(t, site, { client: IN_STORAGE });
    await logIn(tab);
    const other = { ...tab, page: await tab.context.newPage() };
    await open(other);
    await Promise.all([tab, other].map(refresh));
    await refresh(tab);
    await refresh(other);
  });

  test('a token that the SDK revoked is gone, from the worker too', async (t) => {
    const tab = await visit(t, site, { client: IN_WORKER });
    await logIn(tab);
    await call(tab, 'revokeRefreshToken');
    assert.equal(asks(tab, '/oauth/revoke').length, 1);
    const error = await failure(refresh(tab));
    assert.equal(error.error, 'missing_refresh_token');
  });

  test('a token that another program revoked is rejected with an error that the SDK recognises', async (t) => {
    const tab = await visit(t, site, { client: IN_STORAGE });
    await logIn(tab);
    await revoke(tab, await storedToken(tab));
    await assertRefused(refresh(tab), REFUSED);
  });

  test('a blocked user is refused, and the SDK forgets them', async (t) => {
    const tab = await visit(t, site, { client: IN_WORKER });
    const zoe = { username: 'zoe@example.com', password: 'pässwörd ☃ + & = % " \'' };
    await logIn(tab, { user: zoe });
    const data = { email: zoe.username, blocked: true };
    const blocked = await tab.context.request.post(server.url('test/user'), { data });
    assert.ok(blocked.ok());
    await assertRefused(refresh(tab), { error: 'invalid_grant', message: 'user is blocked' });
    assert.equal(await call(tab, 'isAuthenticated'), false);
  });

  test('a refused redirect rejects with state and application state', async (t) => {
    const tab = await visit(t, site);
    const params = { prompt: 'none', redirect_uri: APP };
    await leave(tab, { authorizationParams: params, appState: 'kept' });
    await open(tab, { url: await arrival(tab) });
    const error = await failure(call(tab, 'handleRedirectCallback'));
    assert.equal(error.error, 'login_required');
    assert.equal(error.message, 'Login required');
    assert.equal(error.appState, 'kept');
    assert.equal(error.state, asks(tab, '/authorize')[0].get('state'));
  });

  test('an answer to another request is no answer', async (t) => {
    const tab = await visit(t, site);
    const { url } = await logIn(tab, { handle: false });
    const forged = new URL(url);
    forged.searchParams.set('state', 'of-another-request');
    const error = await failure(call(tab, 'handleRedirectCallback', forged.href));
    assert.equal(error.message, 'Invalid state');
  });

  test('max_age is answered with auth_time, at the login and at every refresh', async (t) => {
    const client = { ...IN_WORKER, authorizationParams: { max_age: 3600 } };
    const tab = await visit(t, site, { client });
    const before = Math.floor(Date.now() / 1000);
    await logIn(tab);
    const { auth_time } = await call(tab, 'getIdTokenClaims');
    assert.ok(before <= auth_time && auth_time <= Date.now() / 1000);
    await refresh(tab);
    assert.equal((await call(tab, 'getIdTokenClaims')).auth_time, auth_time);
  });

  test('a logout ends the session and returns to where it may', async (t) => {
    const tab = await visit(t, site, { thirdPartyCookies: 'allow' });
    await logIn(tab);
    await refresh(tab);
    await Promise.all([
      tab.page.waitForURL(SIGNED_OUT),
      call(tab, 'logout', { logoutParams: { returnTo: SIGNED_OUT } }).catch(() => {}),
    ]);
    await open(tab);
    assert.equal(await call(tab, 'isAuthenticated'), false);
    await assertRefused(refresh(tab), NO_SESSION);
  });
});
