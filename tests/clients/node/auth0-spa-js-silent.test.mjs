// auth0-spa-js in a real Chromium: frames, the fallback to them, and popups.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { fillInLogin } from './chromium.mjs';
import { demo, startLocal, testTenantText } from './local.mjs';
import { CUSTOM_DOMAIN } from './site.mjs';
import {
  IN_STORAGE,
  IN_WORKER,
  NO_SESSION,
  asks,
  assertRefused,
  call,
  claimsOf,
  failure,
  logIn,
  open,
  refresh,
  revoke,
  startApplication,
  storedToken,
  visit,
  withPopup,
} from './spa-application.mjs';

const ASKING = { audience: 'https://asking.example.com', scope: 'read:diary' };

describe('auth0-spa-js, in frames and popups', () => {
  let server;
  let site;
  let stop;
  before(async () => ({ server, site, stop } = await startApplication()));
  after(() => stop?.());

  test('with the fallback a frame helps out, if its cookies are sent', async (t) => {
    const client = { ...IN_STORAGE, useRefreshTokensFallback: true };
    const tab = await visit(t, site, { client, thirdPartyCookies: 'allow' });
    await logIn(tab);
    const revoked = await storedToken(tab);
    await revoke(tab, revoked);
    await refresh(tab);
    const silent = asks(tab, '/authorize').at(-1);
    assert.equal(silent.get('prompt'), 'none');
    assert.equal(silent.get('response_mode'), 'web_message');
    assert.notEqual(await storedToken(tab), revoked);
    await refresh(tab);
  });

  test('with the fallback and without cookies a login is required, and the SDK forgets', async (t) => {
    const client = { ...IN_STORAGE, useRefreshTokensFallback: true };
    const tab = await visit(t, site, { client, thirdPartyCookies: 'block' });
    await logIn(tab);
    await revoke(tab, await storedToken(tab));
    await assertRefused(refresh(tab), NO_SESSION);
    assert.equal(await call(tab, 'isAuthenticated'), false);
  });

  test('without refresh tokens a frame gets a code for new ones', async (t) => {
    const tab = await visit(t, site, { thirdPartyCookies: 'allow' });
    await logIn(tab);
    const claims = await call(tab, 'getIdTokenClaims');
    await refresh(tab);
    const refreshed = await call(tab, 'getIdTokenClaims');
    assert.notEqual(refreshed.nonce, claims.nonce);
    assert.equal(refreshed.sid, claims.sid);
    const { origin, data } = (await tab.heard()).find((it) => it.data.type);
    assert.equal(origin, new URL(server.issuer).origin);
    assert.equal(data.type, 'authorization_response');
    assert.deepEqual(Object.keys(data.response).sort(), ['code', 'state']);
  });

  test('a reloaded page is still logged in, by a frame under a custom domain', async (t) => {
    const tenant = await testTenantText();
    const custom = await startLocal({ tls: true, issuer: CUSTOM_DOMAIN, tenant });
    t.after(custom.stop);
    const tab = await visit(t, { ...site, server: custom }, { thirdPartyCookies: 'block' });
    await logIn(tab);
    assert.equal((await call(tab, 'getIdTokenClaims')).iss, CUSTOM_DOMAIN);
    await open(tab);
    await call(tab, 'checkSession');
    assert.equal((await call(tab, 'getUser')).email, demo.user.username);
  });

  test('a frame without third-party cookies: login_required, and the SDK forgets', async (t) => {
    const tab = await visit(t, site, { thirdPartyCookies: 'block' });
    await logIn(tab);
    await assertRefused(refresh(tab), NO_SESSION);
    assert.equal(await call(tab, 'isAuthenticated'), false);
  });

  test('a frame for an API that asks: consent_required, which a popup can give', async (t) => {
    const tab = await visit(t, site, { thirdPartyCookies: 'allow' });
    await logIn(tab);
    const asking = { authorizationParams: ASKING };
    const refused = { error: 'consent_required', message: 'Consent required' };
    await assertRefused(call(tab, 'getTokenSilently', asking), refused);
    const token = await withPopup(tab, 'getTokenWithPopup', asking, async (popup) => {
      await popup.locator('button[value=accept]').click();
    });
    assert.deepEqual(claimsOf(token).aud[0], ASKING.audience);
    assert.ok(await call(tab, 'getTokenSilently', { ...asking, cacheMode: 'off' }));
  });

  test('an origin that is not registered gets a page, and so the SDK hears nothing', async (t) => {
    const client = { authorizationParams: { redirect_uri: 'https://unframed.example.com/callback' } };
    const tab = await visit(t, site, { client, thirdPartyCookies: 'allow' });
    await logIn(tab);
    const options = { cacheMode: 'off', timeoutInSeconds: 1.5 };
    const error = await failure(call(tab, 'getTokenSilently', options));
    assert.deepEqual([error.error, error.message], ['timeout', 'Timeout']);
  });

  test('logs in in a popup, which posts its answer and is closed', async (t) => {
    const tab = await visit(t, site, { client: IN_WORKER });
    let popup;
    await withPopup(tab, 'loginWithPopup', {}, async (opened) => {
      popup = opened;
      await popup.waitForURL('**/u/login?**');
      await fillInLogin(popup, demo.user);
    });
    assert.equal((await call(tab, 'getUser')).email, demo.user.username);
    assert.ok(popup.isClosed());
    assert.equal(asks(tab, '/authorize')[0].get('response_mode'), 'web_message');
    await refresh(tab);
  });

  test('a popup that is refused reports the reason', async (t) => {
    const tab = await visit(t, site);
    const params = { audience: 'https://nowhere.example.com' };
    const error = await failure(
      withPopup(tab, 'loginWithPopup', { authorizationParams: params }, () => {}),
    );
    assert.equal(error.error, 'access_denied');
    assert.equal(error.message, 'Service not found');
  });
});
