// auth0.js in a real Chromium: an application's own page asks for the password, and the calls of its client.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { VERSIONS, call, logIn, returned } from './auth0-js-page.mjs';
import { demo, startLocal, testTenantText } from './local.mjs';
import { CUSTOM_DOMAIN, openProfile, pageWith, startSite } from './site.mjs';

const DATABASE = 'Username-Password-Authentication';
const DELEGATION = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const APP = {
  clientID: 'spa-password',
  redirectUri: 'https://passwords.example.com/callback',
  responseType: 'token id_token',
  scope: 'openid profile email read:orders',
  audience: demo.audience,
};
const LEGACY = {
  clientID: 'legacy-spa',
  redirectUri: 'https://legacy.example.com/callback',
  responseType: 'token id_token',
  scope: 'openid offline_access',
};
const WRONG = { ...demo.user, username: 'zoe@example.com', password: 'wrong' };

for (const { version, file } of VERSIONS) {
  describe(`auth0.js ${version}, with passwords`, () => {
    let server;
    let site;
    before(async () => {
      server = await startLocal({ tls: true, tenant: await testTenantText() });
      site = await startSite(server, await pageWith(file));
    });
    after(async () => {
      await site?.stop();
      await server?.stop();
    });

    /** Start of every test: a browser at the application's page. */
    async function visit(t, { app = APP, at = site, ...options } = {}) {
      const profile = await openProfile(at, options);
      t.after(profile.close);
      await profile.page.goto(app.redirectUri);
      return { ...profile, config: { ...app, domain: new URL(at.server.issuer).host } };
    }

    for (const [method, realm] of [
      ['client.login', { realm: DATABASE }],
      ['client.loginWithDefaultDirectory', {}],
    ]) {
      test(`${method} gives tokens that client.userInfo takes`, async (t) => {
        const tab = await visit(t);
        const { error, result } = await call(tab, method, { ...demo.user, ...realm });
        assert.equal(error, null);
        assert.equal(result.tokenType, 'Bearer');
        assert.equal(result.expiresIn, 86_400);
        assert.equal(result.scope, 'openid profile email read:orders');
        assert.ok(result.idToken);
        const { result: user } = await call(tab, 'client.userInfo', result.accessToken);
        assert.equal(user.email, demo.user.username);
      });

      test(`${method} with a wrong password`, async (t) => {
        const { error } = await call(await visit(t), method, { ...WRONG, ...realm });
        assert.equal(error.statusCode, 403);
        assert.equal(error.code, 'invalid_grant');
        assert.equal(error.description, 'Wrong email or password.');
      });
    }

    test('client.userInfo with a text that is no token', async (t) => {
      const { error } = await call(await visit(t), 'client.userInfo', 'none');
      assert.equal(error.statusCode, 401);
    });

    test('client.delegation makes an ID token of either token', async (t) => {
      const tab = await visit(t, { app: LEGACY });
      const { error, result } = await logIn(tab, { device: 'a laptop' });
      assert.equal(error, null);
      assert.ok(result.refreshToken);
      const tokens = [{ refresh_token: result.refreshToken }, { id_token: result.idToken }];
      for (const token of tokens) {
        const asked = { ...token, target: 'legacy-web', grant_type: DELEGATION, api_type: 'app' };
        const { error: refused, result: delegated } = await call(tab, 'client.delegation', asked);
        assert.equal(refused, null);
        assert.deepEqual(Object.keys(delegated).sort(), ['expiresIn', 'idToken', 'tokenType']);
        assert.equal(delegated.expiresIn, 3600);
      }
    });

    test('client.delegation of a conformant client is refused', async (t) => {
      const asked = { refresh_token: 'rt1_none', grant_type: DELEGATION, api_type: 'app' };
      const { error } = await call(await visit(t), 'client.delegation', asked);
      assert.equal(error.statusCode, 400);
      assert.equal(error.code, 'invalid_request');
      assert.equal(error.description, 'OIDC conformant clients cannot use /delegation');
    });

    for (const realm of [{ realm: DATABASE }, {}]) {
      const where = realm.realm ? 'in a realm' : 'in the default directory';
      test(`webAuth.login ${where} is a login without a page of ours`, async (t) => {
        const tab = await visit(t, { thirdPartyCookies: 'allow' });
        const pages = pagesOf(tab, server);
        await logInHere(tab, realm);
        const { error, result } = await returned(tab);
        assert.equal(error, null);
        assert.equal(result.idTokenPayload.email, demo.user.username);
        assert.deepEqual(pages, []);
        const { error: silent } = await call(tab, 'checkSession', {});
        assert.equal(silent, null);
      });

      test(`webAuth.login ${where} with a wrong password`, async (t) => {
        const { error } = await call(await visit(t), 'login', { ...WRONG, ...realm });
        assert.equal(error.code, 'access_denied');
        assert.equal(error.description, 'Wrong email or password.');
      });
    }

    test('webAuth.login in a realm that is not there', async (t) => {
      const { error } = await call(await visit(t), 'login', { ...demo.user, realm: 'nowhere' });
      assert.equal(error.code, 'invalid_request');
      assert.equal(error.description, 'Unknown realm nowhere.');
    });

    for (const [cookies, thirdPartyCookies] of [
      ['allowed', 'allow'],
      ['blocked', 'block'],
      ['as the browser has them', undefined],
    ]) {
      test(`webAuth.login with third-party cookies ${cookies}`, async (t) => {
        const tab = await visit(t, { thirdPartyCookies });
        await logInHere(tab, { realm: DATABASE });
        const { error, result } = await returned(tab);
        const kept = (await tab.context.cookies(server.issuer)).map(({ name }) => name);
        const sent = kept.some((name) => name.startsWith('__Host-auth0_co_'));
        t.diagnostic(`this browser ${sent ? 'keeps' : 'does not keep'} them`);
        if (thirdPartyCookies) assert.equal(sent, thirdPartyCookies === 'allow');
        if (sent) {
          assert.equal(error, null);
          assert.equal(result.idTokenPayload.email, demo.user.username);
        } else {
          assert.equal(error.error, 'login_required');
        }
      });
    }

    test('webAuth.login under a custom domain needs no third-party cookie', async (t) => {
      const tenant = await testTenantText();
      const custom = await startLocal({ tls: true, issuer: CUSTOM_DOMAIN, tenant });
      t.after(custom.stop);
      const tab = await visit(t, { at: { ...site, server: custom }, thirdPartyCookies: 'block' });
      await logInHere(tab, { realm: DATABASE });
      const { error, result } = await returned(tab);
      assert.equal(error, null);
      assert.equal(result.idTokenPayload.iss, CUSTOM_DOMAIN);
    });
  });
}

/** Logs in by the application's own page; if the password is right, the browser goes to the service and returns. */
function logInHere({ page, config }, realm) {
  return page.evaluate(
    ([config, options]) => {
      const refuse = (error) => document.write(`refused: ${JSON.stringify(error)}`);
      new globalThis.auth0.WebAuth(config).login(options, refuse);
    },
    [config, { ...demo.user, ...realm }],
  );
}

/** The pages of the service that the tab shows from now on. */
function pagesOf({ page }, server) {
  const shown = [];
  page.on('framenavigated', (frame) => {
    if (frame === page.mainFrame() && frame.url().startsWith(server.issuer)) shown.push(frame.url());
  });
  return shown;
}
