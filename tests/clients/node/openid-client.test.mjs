// openid-client (certified OpenID Connect relying party) against a local server.

import assert from 'node:assert/strict';
import { createPrivateKey, webcrypto } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import * as client from 'openid-client';

import { Browser } from './hosted-login.mjs';
import { demo, root, startLocal, testTenantText } from './local.mjs';

const BYE = 'https://notified.example.com/bye';
const SCOPE = 'openid profile email offline_access read:orders';

/** Discovery, with signatures checked against the published keys. */
async function configure(server, id, metadata, authentication) {
  const options = { execute: [client.allowInsecureRequests] };
  const issuer = new URL(server.issuer);
  const config = await client.discovery(issuer, id, metadata, authentication, options);
  client.enableNonRepudiationChecks(config);
  return config;
}

/** A complete login: through the hosted page, with PKCE, state and nonce, to tokens. */
async function logIn(config, redirectUri, parameters = {}, browser = new Browser()) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const expectedNonce = client.randomNonce();
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: SCOPE,
    audience: demo.audience,
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...parameters,
  });
  const callback = await browser.logIn(url, redirectUri, demo.user);
  return client.authorizationCodeGrant(config, callback, {
    pkceCodeVerifier,
    expectedState,
    expectedNonce,
    idTokenExpected: true,
    ...(parameters.max_age && { maxAge: Number(parameters.max_age) }),
  });
}

/** Asserts that the client accepts the rejection of a refresh as final. */
async function assertRefused(config, token) {
  await assert.rejects(client.refreshTokenGrant(config, token), (error) => {
    assert.ok(error instanceof client.ResponseBodyError, String(error));
    assert.equal(error.status, 403);
    assert.equal(error.error, 'invalid_grant');
    assert.equal(error.error_description, 'Unknown or invalid refresh token.');
    return true;
  });
}

/** Login, two refreshes, userinfo, revocation, and the rejected refresh afterwards. */
async function walk(config, redirectUri) {
  const first = await logIn(config, redirectUri);
  const { sub } = first.claims();
  assert.equal(first.claims().email, demo.user.username);
  assert.ok(first.refresh_token.startsWith('rt1_'));

  const second = await client.refreshTokenGrant(config, first.refresh_token);
  assert.equal(second.claims().sub, sub);
  const third = await client.refreshTokenGrant(
    config,
    second.refresh_token ?? first.refresh_token,
    { scope: 'openid read:orders' },
  );
  assert.deepEqual(third.scope.split(' ').sort(), ['openid', 'read:orders']);

  const userinfo = await client.fetchUserInfo(config, second.access_token, sub);
  assert.equal(userinfo.email, demo.user.username);

  const live = third.refresh_token ?? first.refresh_token;
  await client.tokenRevocation(config, live);
  await assertRefused(config, live);
}

describe('openid-client, at the demo tenant', () => {
  let server;
  before(async () => (server = await startLocal()));
  after(() => server.stop());

  test('a single-page application logs in, refreshes and revokes', async () => {
    const config = await configure(server, 'demo-spa', undefined, client.None());
    await walk(config, server.url('demo'));
  });

  test('a web application with a secret logs in, refreshes and revokes', async () => {
    const { id, secret, callback } = demo.web;
    await walk(await configure(server, id, secret), callback);
  });

  test('a machine gets a token for its API', async () => {
    const { id, secret } = demo.m2m;
    const config = await configure(server, id, secret);
    const tokens = await client.clientCredentialsGrant(config, { audience: demo.audience });
    assert.equal(tokens.token_type, 'bearer');
    assert.equal(tokens.refresh_token, undefined);
  });
});

describe('openid-client, at the tests’ tenant', () => {
  let server;
  before(async () => (server = await startLocal({ tenant: await testTenantText() })));
  after(() => server.stop());

  test('client_secret_basic, every character of it percent-encoded', async () => {
    const secret = 'a%40b+c:d&e=f/web-basic-secret_0123456789abcdef0123456789abcdef';
    const basic = client.ClientSecretBasic(secret);
    await walk(await configure(server, 'web-basic', undefined, basic), callbackOf('office'));
  });

  test('client_secret_post', async () => {
    const secret = 'web-post-secret-0123456789abcdef0123456789abcdef0123456789abcdef';
    const post = client.ClientSecretPost(secret);
    await walk(await configure(server, 'web-post', undefined, post), callbackOf('shop'));
  });

  test('private_key_jwt', async () => {
    const pem = await readFile(join(root, 'tests/fixtures/assertion-key.pem'));
    const der = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
    const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
    const key = await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
    const config = await configure(server, 'web-key', undefined, client.PrivateKeyJwt(key));
    await walk(config, callbackOf('key'));
  });

  for (const alg of ['PS256', 'ES256']) {
    test(`ID tokens in ${alg}`, async () => {
      const name = alg.toLowerCase();
      const secret = `web-${name}-secret-0123456789abcdef0123456789abcdef0123456789abcd`;
      const metadata = { client_secret: secret, id_token_signed_response_alg: alg };
      const config = await configure(server, `web-${name}`, metadata);
      await walk(config, callbackOf(name));
    });
  }

  test('max_age comes back as auth_time', async () => {
    const config = await configure(server, 'spa-strict', undefined, client.None());
    const before = Math.floor(Date.now() / 1000);
    const tokens = await logIn(config, callbackOf('app'), { max_age: '3600' });
    const { auth_time } = tokens.claims();
    assert.ok(before <= auth_time && auth_time <= Date.now() / 1000);
  });

  for (const response_mode of ['fragment', 'form_post']) {
    test(`response type id_token in a ${response_mode}`, async () => {
      const { config, nonce, state, answer } = await askHybrid(server, {
        response_type: 'id_token',
        response_mode,
      });
      const claims = await client.implicitAuthentication(config, answer, nonce, {
        expectedState: state,
      });
      assert.equal(claims.email, demo.user.username);
      assert.equal(claims.nonce, nonce);
    });

    test(`response type code id_token in a ${response_mode}`, async () => {
      const { config, nonce, state, answer, verifier } = await askHybrid(server, {
        response_type: 'code id_token',
        response_mode,
      });
      const tokens = await client.authorizationCodeGrant(config, answer, {
        expectedNonce: nonce,
        expectedState: state,
        pkceCodeVerifier: verifier,
      });
      assert.equal(tokens.claims().nonce, nonce);
      const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
      assert.equal(refreshed.claims().sub, tokens.claims().sub);
    });
  }

  test('a code that is not the one its ID token names is refused by the client', async () => {
    const { config, nonce, state, answer, verifier } = await askHybrid(server, {
      response_type: 'code id_token',
    });
    const parameters = new URLSearchParams(answer.hash.slice(1));
    parameters.set('code', `${parameters.get('code')}x`);
    answer.hash = parameters;
    const checks = { expectedNonce: nonce, expectedState: state, pkceCodeVerifier: verifier };
    await assert.rejects(client.authorizationCodeGrant(config, answer, checks), (error) => {
      assert.match(String(error.cause?.message ?? error), /c_hash/);
      return true;
    });
  });

  test('a code in a form', async () => {
    const config = await configure(server, 'spa-strict', undefined, client.None());
    const tokens = await logIn(config, callbackOf('app'), { response_mode: 'form_post' });
    assert.equal(tokens.claims().email, demo.user.username);
  });

  test('a silent request without a session is refused with login_required', async () => {
    for (const response_type of ['code', 'id_token', 'code id_token']) {
      const silent = askHybrid(server, { response_type, prompt: 'none' });
      const { config, nonce, state, answer } = await silent;
      const checks = { expectedState: state, expectedNonce: nonce };
      const refused =
        response_type === 'id_token'
          ? client.implicitAuthentication(config, answer, nonce, { expectedState: state })
          : client.authorizationCodeGrant(config, answer, checks);
      await assert.rejects(refused, (error) => {
        assert.ok(error instanceof client.AuthorizationResponseError, String(error));
        assert.equal(error.error, 'login_required');
        assert.equal(error.error_description, 'Login required');
        return true;
      });
    }
  });

  test('a device is connected while its client polls', async () => {
    const config = await configure(server, 'tv', undefined, client.None());
    const device = await client.initiateDeviceAuthorization(config, {
      scope: SCOPE,
      audience: demo.audience,
    });
    assert.equal(device.verification_uri, server.url('activate'));
    const errors = [];
    config[client.customFetch] = async (url, options) => {
      const response = await fetch(url, options);
      if (url.endsWith('/oauth/token')) {
        const { error } = await response.clone().json();
        errors.push(error);
        // The second poll comes too early.
        if (errors.length === 2) {
          const heading = await new Browser().activate(device.verification_uri_complete, demo.user);
          assert.equal(heading, 'Your device is connected');
        }
      }
      return response;
    };
    const tokens = await client.pollDeviceAuthorizationGrant(config, { ...device, interval: 1 });
    assert.deepEqual(errors, ['authorization_pending', 'slow_down', undefined]);
    assert.equal(tokens.claims().email, demo.user.username);

    const next = await client.refreshTokenGrant(config, tokens.refresh_token);
    assert.equal(next.claims().sub, tokens.claims().sub);
    await client.tokenRevocation(config, next.refresh_token);
    await assertRefused(config, next.refresh_token);
  });

  test('polling for a declined device is rejected with access_denied', async () => {
    const config = await configure(server, 'tv', undefined, client.None());
    const device = await client.initiateDeviceAuthorization(config, { scope: 'openid' });
    const link = device.verification_uri_complete;
    const heading = await new Browser().activate(link, demo.user, 'cancel');
    assert.equal(heading, 'The device was not connected');
    const polling = client.pollDeviceAuthorizationGrant(config, { ...device, interval: 1 });
    await assert.rejects(polling, (error) => {
      assert.equal(error.error, 'access_denied');
      assert.equal(error.error_description, 'User cancelled the confirmation prompt.');
      return true;
    });
  });

  test('a logout with an ID token comes back with the state and ends the session', async () => {
    const { config, browser, tokens } = await notified(server);
    const left = client.buildEndSessionUrl(config, {
      id_token_hint: tokens.id_token,
      post_logout_redirect_uri: BYE,
      state: 'kept & encoded',
    });
    assert.equal(left.origin + left.pathname, server.url('oidc/logout'));
    const answer = await browser.logOut(left, BYE);
    assert.equal(answer.href, `${BYE}?state=kept+%26+encoded`);
    await assertLoggedOut(config, browser);
    const next = await client.refreshTokenGrant(config, tokens.refresh_token);
    assert.equal(next.claims().sub, tokens.claims().sub);
  });

  test('a logout without an ID token asks, and comes back all the same', async () => {
    const { config, browser } = await notified(server);
    // The client sends its client id if it has no hint.
    const left = client.buildEndSessionUrl(config, { post_logout_redirect_uri: BYE });
    const answer = await browser.logOut(left, BYE);
    assert.equal(answer.href, BYE);
    await assertLoggedOut(config, browser);
  });

  test('a replayed token ends the family, and the next refresh is rejected with invalid_grant', async () => {
    const config = await configure(server, 'spa-strict', undefined, client.None());
    const first = await logIn(config, callbackOf('app'));
    const second = await client.refreshTokenGrant(config, first.refresh_token);
    await assertRefused(config, first.refresh_token);
    await assertRefused(config, second.refresh_token);
  });
});

/** An application with a logged-in user, who may return to it after a logout. */
async function notified(server) {
  const secret = 'web-notified-secret-0123456789abcdef0123456789abcdef0123456789ab';
  const config = await configure(server, 'web-notified', undefined, client.ClientSecretPost(secret));
  const browser = new Browser();
  const tokens = await logIn(config, callbackOf('notified'), {}, browser);
  return { config, browser, tokens };
}

async function assertLoggedOut(config, browser) {
  const silent = logIn(config, callbackOf('notified'), { prompt: 'none' }, browser);
  await assert.rejects(silent, (error) => {
    assert.ok(error instanceof client.AuthorizationResponseError, String(error));
    assert.equal(error.error, 'login_required');
    return true;
  });
}

/** A request whose answer contains an ID token, answered after a login where required. */
async function askHybrid(server, parameters) {
  const config = await configure(server, 'spa-hybrid', undefined, client.None());
  if (parameters.response_type === 'id_token') client.useIdTokenResponseType(config);
  if (parameters.response_type === 'code id_token') client.useCodeIdTokenResponseType(config);
  const verifier = client.randomPKCECodeVerifier();
  const [nonce, state] = [client.randomNonce(), client.randomState()];
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: callbackOf('hybrid'),
    scope: SCOPE,
    audience: demo.audience,
    nonce,
    state,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...parameters,
  });
  const answer = await new Browser().logIn(url, callbackOf('hybrid'), demo.user);
  return { config, nonce, state, verifier, answer };
}

function callbackOf(name) {
  return `https://${name}.example.com/callback`;
}
