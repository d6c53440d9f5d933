// oidc-client-ts in a real Chromium: login, refresh and renewal with a rotating token and no leeway.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { fillInLogin } from './chromium.mjs';
import { demo, startLocal, testTenantText } from './local.mjs';
import { openProfile, pageWith, startSite } from './site.mjs';
import { APP, asks, call, claimsOf, exchanges, failure } from './spa-application.mjs';

const SIGNED_OUT = 'https://acme.framed.example.com/signed-out';
const SCOPE = 'openid profile email read:orders';
const OFFLINE = `${SCOPE} offline_access`;
// An access token's lifetime, and the SDK's margin for its renewal; in seconds.
const LIFETIME = 86_400;
const NOTICE = 60;

describe('oidc-client-ts', () => {
  let server;
  let site;
  before(async () => {
    const tenant = await testTenantText();
    server = await startLocal({ tls: true, tenant, options: ['--test-controls'] });
    site = await startSite(server, await application());
  });
  after(async () => {
    await site?.stop();
    await server?.stop();
  });

  /** A browser at the application's page, with a UserManager created there. */
  async function visit(t, { thirdPartyCookies, ...settings } = {}) {
    const profile = await openProfile(site, { thirdPartyCookies });
    t.after(profile.close);
    const sent = [];
    profile.context.on('request', (request) => sent.push(request));
    const config = {
      authority: server.issuer,
      client_id: 'spa-framed',
      redirect_uri: APP,
      post_logout_redirect_uri: SIGNED_OUT,
      scope: OFFLINE,
      extraQueryParams: { audience: demo.audience },
      automaticSilentRenew: false,
      ...settings,
    };
    const tab = { ...profile, sent, config };
    await open(tab, APP);
    return tab;
  }

  test('signinRedirect logs in, and returns the state of the application', async (t) => {
    const tab = await visit(t);
    const user = await logIn(tab, { state: { to: '/orders' } });
    assert.deepEqual(user.state, { to: '/orders' });
    assert.equal(user.profile.email, demo.user.username);
    assert.ok(user.profile.sid);
    assert.equal(user.scope, OFFLINE);
    assert.match(user.refresh_token, /^rt1_/);
    assert.equal(asks(tab, '/authorize')[0].get('code_challenge_method'), 'S256');
  });

  for (const [what, settings] of Object.entries({
    'after a login without max_age': {},
    'after a login with max_age': { max_age: 3600 },
  })) {
    test(`signinSilent refreshes again and again, ${what}`, async (t) => {
      const tab = await visit(t, settings);
      const seen = [await logIn(tab)];
      for (let turn = 1; turn <= 3; turn += 1) seen.push(await call(tab, 'signinSilent'));
      assert.equal(new Set(seen.map((user) => user.refresh_token)).size, 4);
      const { auth_time } = claimsOf(seen[0].id_token);
      assert.equal(auth_time !== undefined, 'max_age' in settings);
      for (const { profile, id_token } of seen) {
        assert.equal(profile.sub, seen[0].profile.sub);
        assert.equal(profile.email, demo.user.username);
        assert.equal(claimsOf(id_token).auth_time, auth_time);
      }
      assert.equal(asks(tab, '/authorize').length, 1, 'that of the login');
      const grants = exchanges(tab).map(({ grant_type }) => grant_type);
      assert.deepEqual(grants, ['authorization_code', ...Array(3).fill('refresh_token')]);
    });
  }

  test('signinSilent asks in a frame where there is no refresh token', async (t) => {
    const tab = await visit(t, { scope: SCOPE, thirdPartyCookies: 'allow' });
    const { profile, refresh_token } = await logIn(tab);
    assert.equal(refresh_token, undefined);
    const silent = await call(tab, 'signinSilent');
    assert.equal(silent.profile.sid, profile.sid);
    assert.equal(asks(tab, '/authorize')[1].get('prompt'), 'none');
  });

  test('automaticSilentRenew refreshes before each access token expires', async (t) => {
    const tab = await visit(t);
    await tab.page.clock.install();
    const seen = [await logIn(tab)];
    tab.config.automaticSilentRenew = true;
    await open(tab, APP);
    for (let turn = 1; turn <= 3; turn += 1) {
      const renewed = nextUser(tab);
      await moveClocks(tab, server, LIFETIME - NOTICE);
      seen.push(await renewed);
    }
    assert.equal(new Set(seen.map((user) => user.refresh_token)).size, 4);
    assert.ok(seen.every(({ profile }) => profile.sub === seen[0].profile.sub));
    assert.equal(exchanges(tab).length, 4);
    assert.equal(asks(tab, '/authorize').length, 1, 'that of the login');
  });

  test('a refresh token that was replaced is refused, and ends the one that replaced it', async (t) => {
    const tab = await visit(t);
    const first = await logIn(tab);
    const second = await call(tab, 'signinSilent');
    for (const user of [first, second]) {
      await store(tab, user);
      const { error, error_description } = await failure(call(tab, 'signinSilent'));
      assert.equal(error, 'invalid_grant');
      assert.equal(error_description, 'Unknown or invalid refresh token.');
    }
  });

  test('revokeTokens ends the refresh token', async (t) => {
    const tab = await visit(t);
    const user = await logIn(tab);
    await call(tab, 'revokeTokens', ['refresh_token']);
    await store(tab, user);
    assert.equal((await failure(call(tab, 'signinSilent'))).error, 'invalid_grant');
  });

  test('signoutRedirect ends the session after a refresh, and comes back with its state', async (t) => {
    const tab = await visit(t, { thirdPartyCookies: 'allow' });
    await logIn(tab);
    await call(tab, 'signinSilent');
    const back = tab.page.waitForURL(`${SIGNED_OUT}?**`);
    await leave(tab, 'signoutRedirect', { state: 'kept' });
    await back;
    await open(tab);
    assert.equal((await call(tab, 'signoutRedirectCallback')).userState, 'kept');
    const { error } = await failure(call(tab, 'signinSilent'));
    assert.equal(error, 'login_required');
  });
});

/** The SDK's page; in a frame it passes its address to the parent page, as the SDK requires. */
async function application() {
  const page = await pageWith('oidc-client-ts/dist/browser/oidc-client-ts.min.js');
  return (request, response) => {
    if (request.headers['sec-fetch-dest'] !== 'iframe') return page(request, response);
    response.setHeader('content-type', 'text/html');
    return response.end(FRAME);
  };
}

const FRAME = `<!doctype html>
<html lang="en"><title>frame</title><script src="/sdk.js"></script><script>
  const settings = { authority: 'any', client_id: 'any', redirect_uri: 'any' };
  new oidc.UserManager(settings).signinSilentCallback();
</script></html>`;

/** Creates the SDK's client at an address, or on the tab's current page. */
async function open({ page, config }, url) {
  if (url) await page.goto(url);
  await page.evaluate((config) => {
    globalThis.client = new globalThis.oidc.UserManager(config);
  }, config);
}

/** Redirects the tab to the service. */
async function leave(tab, method, options) {
  await Promise.all([tab.page.waitForNavigation(), call(tab, method, options).catch(() => {})]);
}

/** Logs in by redirect at the login page and returns the SDK's result. */
async function logIn(tab, options) {
  await leave(tab, 'signinRedirect', options);
  await tab.page.waitForURL('**/u/login?**');
  await fillInLogin(tab.page, demo.user);
  await tab.page.waitForURL(`${APP}?**`);
  await open(tab);
  return call(tab, 'signinRedirectCallback');
}

/** Stores a user that the SDK had before. */
async function store({ page }, user) {
  await page.evaluate((user) => globalThis.client.storeUser(new globalThis.oidc.User(user)), user);
}

/** The next user that the SDK loads by itself. */
function nextUser({ page }) {
  return page.evaluate(
    () =>
      new Promise((done, failed) => {
        globalThis.client.events.addUserLoaded(done);
        globalThis.client.events.addSilentRenewError(failed);
      }),
  );
}

/** Advances the time of the browser and of the service. */
async function moveClocks({ context, page }, server, seconds) {
  const data = { advance_seconds: seconds };
  const moved = await context.request.post(server.url('test/clock'), { data });
  assert.ok(moved.ok());
  await page.clock.fastForward(seconds * 1000);
}
