// auth0.js in a real Chromium: the implicit flow, and silent authentication in a frame.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { VERSIONS, authorize, call, logIn } from './auth0-js-page.mjs';
import { demo, startLocal, testTenantText } from './local.mjs';
import { CUSTOM_DOMAIN, openProfile, pageWith, startSite } from './site.mjs';

const APP = { clientID: 'spa-hybrid', redirectUri: 'https://hybrid.example.com/callback' };
const LAPTOP = { clientID: 'spa-framed', redirectUri: 'https://localhost/callback' };

for (const { version, file } of VERSIONS) {
  describe(`auth0.js ${version}, by redirects and frames`, () => {
    let server;
    let site;
    before(async () => {
      const tenant = await testTenantText({}, { trustsLoopback: false });
      server = await startLocal({ tls: true, tenant });
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
      const config = {
        ...app,
        domain: new URL(at.server.issuer).host,
        responseType: 'token id_token',
        scope: 'openid profile email read:orders',
        audience: demo.audience,
      };
      return { ...profile, config };
    }

    test('authorize and parseHash log a user in', async (t) => {
      const tab = await visit(t);
      const { error, result } = await logIn(tab, { state: 'kept', appState: undefined });
      assert.equal(error, null);
      assert.equal(result.idTokenPayload.email, demo.user.username);
      assert.equal(result.state, 'kept');
      assert.equal(result.tokenType, 'Bearer');
      assert.equal(result.expiresIn, 7200);
      assert.equal(result.scope, 'openid profile email read:orders');
      assert.equal(result.refreshToken, null);
      const { result: user } = await call(tab, 'client.userInfo', result.accessToken);
      assert.equal(user.email, demo.user.username);
    });

    test('an answer to another request is no answer', async (t) => {
      const tab = await visit(t);
      await logIn(tab);
      const hash = '#access_token=x&id_token=y&token_type=Bearer&state=of-another-request';
      const { error } = await call(tab, 'parseHash', { hash });
      assert.equal(error.error, 'invalid_token');
      assert.equal(error.errorDescription, '`state` does not match.');
    });

    test('an error comes back with the state', async (t) => {
      const tab = await visit(t);
      await authorize(tab, { prompt: 'none', state: 'kept' });
      await tab.page.waitForURL(`${APP.redirectUri}#**`);
      const { error } = await call(tab, 'parseHash', {});
      assert.deepEqual(error, {
        error: 'login_required',
        errorDescription: 'Login required',
        state: 'kept',
      });
    });

    test('checkSession gets new tokens where third-party cookies are allowed', async (t) => {
      const tab = await visit(t, { thirdPartyCookies: 'allow' });
      const { result: first } = await logIn(tab);
      const { error, result } = await call(tab, 'checkSession', { state: 'kept' });
      assert.equal(error, null);
      assert.equal(result.idTokenPayload.sub, first.idTokenPayload.sub);
      assert.notEqual(result.idTokenPayload.nonce, first.idTokenPayload.nonce);
      assert.notEqual(result.idToken, first.idToken);
      assert.equal(result.expiresIn, 7200);

      const { origin, data } = await answer(tab);
      assert.equal(origin, new URL(server.issuer).origin);
      const { access_token, id_token, ...rest } = data.response;
      assert.equal(access_token, result.accessToken);
      assert.equal(id_token, result.idToken);
      assert.deepEqual(rest, {
        scope: 'openid profile email read:orders',
        expires_in: 7200,
        token_type: 'Bearer',
        state: 'kept',
      });
    });

    test('checkSession after the logout: login_required', async (t) => {
      const tab = await visit(t, { thirdPartyCookies: 'allow' });
      await logIn(tab);
      await tab.page.goto(server.url('v2/logout'));
      await tab.page.goto(APP.redirectUri);
      await assertRefused(tab, 'login_required', 'Login required');
    });

    test('checkSession for an API that asks: consent_required until the user agrees', async (t) => {
      const tab = await visit(t, { thirdPartyCookies: 'allow' });
      await logIn(tab);
      const asking = { audience: 'https://asking.example.com', scope: 'openid read:diary' };
      await assertRefused(tab, 'consent_required', 'Consent required', asking);
      await authorize(tab, asking);
      await tab.page.locator('button[value=accept]').click();
      await tab.page.waitForURL(`${APP.redirectUri}#**`);
      const { result } = await call(tab, 'checkSession', asking);
      assert.equal(result.scope, 'openid read:diary');
    });

    test('checkSession on localhost: consent_required for an API', async (t) => {
      const tab = await visit(t, { app: LAPTOP, thirdPartyCookies: 'allow' });
      const warnings = [];
      tab.page.on('console', (message) => warnings.push(message.text()));
      await logIn(tab, { audience: new URL('userinfo', server.issuer).href, scope: 'openid' });
      await assertRefused(tab, 'consent_required', 'Consent required');
      assert.match(warnings.join(), /Consent can't be skipped on localhost/);
    });

    for (const thirdPartyCookies of ['block', undefined]) {
      const cookies = thirdPartyCookies ? 'blocked' : 'as the browser has them';
      test(`checkSession with third-party cookies ${cookies}`, async (t) => {
        const tab = await visit(t, { thirdPartyCookies });
        await logIn(tab);
        const sent = await sendsThirdPartyCookies(tab, server);
        t.diagnostic(`this browser ${sent ? 'sends' : 'does not send'} them`);
        if (thirdPartyCookies) assert.ok(!sent);
        if (!sent) return assertRefused(tab, 'login_required', 'Login required');
        const { error } = await call(tab, 'checkSession', {});
        assert.equal(error, null);
      });
    }

    test('checkSession under a custom domain needs no third-party cookie', async (t) => {
      const custom = await startLocal({
        tls: true,
        issuer: CUSTOM_DOMAIN,
        tenant: await testTenantText(),
      });
      t.after(custom.stop);
      const tab = await visit(t, { at: { ...site, server: custom }, thirdPartyCookies: 'block' });
      const { result: first } = await logIn(tab);
      assert.equal(first.idTokenPayload.iss, CUSTOM_DOMAIN);
      const { error, result } = await call(tab, 'checkSession', {});
      assert.equal(error, null);
      assert.notEqual(result.idToken, first.idToken);
    });

    test('checkSession from an origin that is not registered: a page, and so silence', async (t) => {
      const app = { ...LAPTOP, redirectUri: 'https://unframed.example.com/callback' };
      const tab = await visit(t, { app, thirdPartyCookies: 'allow' });
      await logIn(tab);
      const { error } = await call(tab, 'checkSession', { timeout: 1500 });
      assert.equal(error.code, 'timeout');
      assert.equal(error.description, 'Timeout during executing web_message communication');
    });

    test('renewAuth reads the answer from a frame at its own callback', async (t) => {
      const tab = await visit(t, { thirdPartyCookies: 'allow' });
      const { result: first } = await logIn(tab);
      const { error, result } = await call(tab, 'renewAuth', { timeout: 60_000 });
      assert.equal(error, null);
      assert.notEqual(result.idToken, first.idToken);
      assert.equal(result.idTokenPayload.sub, first.idTokenPayload.sub);
      await tab.page.goto(server.url('v2/logout'));
      await tab.page.goto(APP.redirectUri);
      const refused = await call(tab, 'renewAuth', { timeout: 60_000, state: 'kept' });
      assert.equal(refused.error.error, 'login_required');
      assert.equal(refused.error.state, 'kept');
    });
  });
}

/** The message that the frame posted. */
async function answer({ heard }) {
  const answers = (await heard()).filter(({ data }) => data.type === 'authorization_response');
  assert.equal(answers.length, 1);
  assert.deepEqual(Object.keys(answers[0].data).sort(), ['response', 'type']);
  return answers[0];
}

/** Asserts the SDK's error. The SDK finds the answer by its state, which it does not pass on. */
async function assertRefused(tab, error, error_description, options = {}) {
  const { error: reported } = await call(tab, 'checkSession', { ...options, state: 'kept' });
  assert.deepEqual(reported.original, { error, error_description });
  assert.equal(reported.code, error);
  const { data } = await answer(tab);
  assert.deepEqual(data.response, { error, error_description, state: 'kept' });
}

/** True if a frame of the service gets its session cookie, requested without any SDK. */
async function sendsThirdPartyCookies({ page, config }, server) {
  const query = new URLSearchParams({
    response_type: 'code',
    response_mode: 'web_message',
    prompt: 'none',
    client_id: config.clientID,
    redirect_uri: config.redirectUri,
    // RFC 7636, appendix B.
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  });
  const response = await page.evaluate((url) => {
    const frame = document.createElement('iframe');
    frame.src = url;
    return new Promise((done) => {
      addEventListener('message', ({ data }) => done(data.response), { once: true });
      document.body.append(frame);
    });
  }, `${server.url('authorize')}?${query}`);
  await page.reload();
  return 'code' in response;
}
