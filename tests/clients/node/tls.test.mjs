// `local --tls`: the same service over HTTPS, for SDKs that insist on it.

import assert from 'node:assert/strict';
import { request } from 'node:https';
import { test } from 'node:test';

import { startLocal } from './local.mjs';

/** One request to a server whose certificate nobody signed. */
function get(url) {
  return new Promise((done, failed) => {
    const sent = request(url, { rejectUnauthorized: false }, async (response) => {
      const chunks = await response.toArray();
      done({ status: response.statusCode, headers: response.headers, body: chunks.join('') });
    });
    sent.once('error', failed);
    sent.end();
  });
}

test('HTTPS with a certificate of its own', async () => {
  const server = await startLocal({ options: ['--tls'] });
  try {
    assert.match(server.issuer, /^https:\/\/[^/]+\/$/);
    const discovery = await get(server.url('.well-known/openid-configuration'));
    assert.equal(discovery.status, 200);
    const document = JSON.parse(discovery.body);
    assert.equal(document.issuer, server.issuer);
    assert.equal(document.token_endpoint, server.url('oauth/token'));

    const query = new URLSearchParams({
      response_type: 'code',
      client_id: 'demo-spa',
      redirect_uri: server.url('demo'),
    });
    const start = await get(`${server.url('authorize')}?${query}`);
    assert.equal(start.status, 302);
    const login = await get(new URL(start.headers.location, server.issuer));
    const cookies = [start, login].flatMap(({ headers }) => headers['set-cookie'] ?? []);
    assert.ok(cookies.length > 0);
    // No other host can set a cookie of such a name, and no other port of this one has it.
    const name = new RegExp(`^__Host-\\w+_${new URL(server.issuer).port}=`);
    for (const cookie of cookies) {
      assert.match(cookie, /; *secure/i);
      assert.match(cookie, name);
    }
  } finally {
    await server.stop();
  }
});
