// node-auth0's AuthenticationClient against a local server. The package kept it under `auth0/legacy`.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { AuthApiError, AuthenticationClient } from 'auth0/legacy';

import { Browser } from './hosted-login.mjs';
import { demo, root, startLocal, testTenantText } from './local.mjs';
import { trusting } from './trust.mjs';

const DATABASE = 'Username-Password-Authentication';
const PASSWORDS = {
  clientId: 'pw-web',
  clientSecret: 'pw-web-secret-0123456789abcdef0123456789abcdef0123456789abcdef01',
};
const SHOP = {
  clientId: 'web-post',
  clientSecret: 'web-post-secret-0123456789abcdef0123456789abcdef0123456789abcdef',
};
const CALLBACK = 'https://shop.example.com/callback';
const ASKED = {
  audience: demo.audience,
  scope: 'openid profile email offline_access read:orders',
};

describe('node-auth0', () => {
  let server;
  let fetch;
  before(async () => {
    server = await startLocal({ tls: true, tenant: await testTenantText() });
    fetch = trusting(server.certificate.ca);
  });
  after(() => server?.stop());

  /** The client as its developer would create it, except for the certificate authority, which is not a public one. */
  function client(options) {
    const agent = new Agent({ ca: server.certificate.ca });
    return new AuthenticationClient({ domain: server.address, fetch, agent, ...options });
  }

  for (const realm of [undefined, DATABASE, 'employees']) {
    test(`passwordGrant ${realm ? `in the realm ${realm}` : 'without a realm'}`, async () => {
      const user = realm === 'employees' ? 'mary@example.com' : demo.user.username;
      const asked = { ...demo.user, username: user, ...ASKED, ...(realm && { realm }) };
      const { data, status } = await client(PASSWORDS).oauth.passwordGrant(asked);
      assert.equal(status, 200);
      assert.equal(data.token_type, 'Bearer');
      assert.equal(data.expires_in, 86_400);
      assert.equal(claims(data.id_token).email, user);
      assert.match(data.refresh_token, /^rt1_/);
    });
  }

  test('refreshTokenGrant rotates, revokeRefreshToken ends it', async () => {
    const { oauth } = client(PASSWORDS);
    const { data: first } = await oauth.passwordGrant({ ...demo.user, ...ASKED });
    const { data: second } = await oauth.refreshTokenGrant({ refresh_token: first.refresh_token });
    assert.notEqual(second.refresh_token, first.refresh_token);
    assert.equal(claims(second.id_token).sub, claims(first.id_token).sub);
    const narrow = { refresh_token: second.refresh_token, scope: 'openid read:orders' };
    const { data: third } = await oauth.refreshTokenGrant(narrow);
    assert.equal(third.scope, 'openid read:orders');

    const token = third.refresh_token;
    assert.equal((await oauth.revokeRefreshToken({ token })).status, 200);
    await assertDead(oauth, token);
  });

  test('a refresh token that was used before ends its family', async () => {
    const { oauth } = client(PASSWORDS);
    const { data: first } = await oauth.passwordGrant({ ...demo.user, ...ASKED });
    const { data: second } = await oauth.refreshTokenGrant({ refresh_token: first.refresh_token });
    await assertDead(oauth, first.refresh_token);
    await assertDead(oauth, second.refresh_token);
  });

  test('a wrong password, with and without a realm', async () => {
    const { oauth } = client(PASSWORDS);
    for (const realm of [{}, { realm: DATABASE }]) {
      const asked = { username: 'zoe@example.com', password: 'wrong', ...ASKED, ...realm };
      const expected = { error: 'invalid_grant', error_description: 'Wrong email or password.' };
      await assertRefused(oauth.passwordGrant(asked), 403, expected);
    }
  });

  test('ten wrong passwords for one person: too_many_attempts', async () => {
    const { oauth } = client(PASSWORDS);
    const asked = { username: 'reader@example.com', password: 'wrong', ...ASKED };
    for (let turn = 1; turn <= 10; turn += 1) {
      const expected = { error: 'invalid_grant', error_description: 'Wrong email or password.' };
      await assertRefused(oauth.passwordGrant(asked), 403, expected);
    }
    await assert.rejects(oauth.passwordGrant({ ...asked, password: demo.user.password }), {
      name: 'AuthApiError',
      error: 'too_many_attempts',
      statusCode: 429,
    });
  });

  test('clientCredentialsGrant with a secret and with a key', async () => {
    const m2m = {
      clientId: 'm2m',
      clientSecret: 'm2m-secret-0123456789abcdef0123456789abcdef0123456789abcdef01234',
    };
    const pem = await readFile(join(root, 'tests/fixtures/assertion-key.pem'), 'utf8');
    for (const options of [m2m, { clientId: 'web-key', clientAssertionSigningKey: pem }]) {
      const { oauth } = client(options);
      const { data } = await oauth.clientCredentialsGrant({ audience: demo.audience });
      assert.equal(data.scope, 'read:orders');
      assert.equal(claims(data.access_token).gty, 'client-credentials');
      assert.equal(data.refresh_token, undefined);
      const refused = oauth.clientCredentialsGrant({ audience: 'https://nowhere.example.com' });
      const service = 'Service not found: https://nowhere.example.com';
      await assertRefused(refused, 403, { error: 'access_denied', error_description: service });
    }
  });

  test('a wrong secret', async () => {
    const { oauth } = client({ ...SHOP, clientSecret: 'wrong' });
    const refused = oauth.clientCredentialsGrant({ audience: demo.audience });
    await assertRefused(refused, 401, { error: 'access_denied', error_description: 'Unauthorized' });
  });

  for (const [method, verifier] of [
    ['authorizationCodeGrant', undefined],
    ['authorizationCodeGrantWithPKCE', randomBytes(32).toString('base64url')],
  ]) {
    test(`${method}, its ID token validated`, async () => {
      const { oauth } = client(SHOP);
      const challenge = verifier && createHash('sha256').update(verifier).digest('base64url');
      const query = new URLSearchParams({
        ...ASKED,
        client_id: SHOP.clientId,
        response_type: 'code',
        redirect_uri: CALLBACK,
        nonce: 'fresh',
        ...(challenge && { code_challenge: challenge, code_challenge_method: 'S256' }),
      });
      const browser = new Browser({ fetch });
      const answer = await browser.logIn(server.url(`authorize?${query}`), CALLBACK, demo.user);
      const body = {
        code: answer.searchParams.get('code'),
        redirect_uri: CALLBACK,
        ...(verifier && { code_verifier: verifier }),
      };
      const { data } = await oauth[method](body, { idTokenValidateOptions: { nonce: 'fresh' } });
      assert.equal(claims(data.id_token).email, demo.user.username);
      const expected = { error: 'invalid_grant', error_description: 'Invalid authorization code' };
      await assertRefused(oauth[method](body), 403, expected);
    });
  }
});

function claims(token) {
  return JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
}

/** Asserts the SDK's error in every field. */
async function assertRefused(request, statusCode, expected) {
  await assert.rejects(request, (error) => {
    assert.ok(error instanceof AuthApiError, String(error));
    const { error: code, error_description, message, body } = error;
    assert.deepEqual({ error: code, error_description }, expected);
    assert.equal(error.statusCode, statusCode);
    assert.equal(message, expected.error_description);
    assert.deepEqual(JSON.parse(body), expected);
    assert.match(error.headers.get('content-type'), /^application\/json/);
    return true;
  });
}

function assertDead(oauth, refresh_token) {
  const expected = { error: 'invalid_grant', error_description: 'Unknown or invalid refresh token.' };
  return assertRefused(oauth.refreshTokenGrant({ refresh_token }), 403, expected);
}
