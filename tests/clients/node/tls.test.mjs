// `local --tls`: the same service over HTTPS, for SDKs that require it.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { promisify } from 'node:util';

import { startLocal } from './local.mjs';
import { trusting } from './trust.mjs';

test('HTTPS for a client that trusts the certificate authority', async () => {
  const server = await startLocal({ tls: true });
  try {
    assert.match(server.issuer, /^https:\/\/[^/]+\/$/);
    const get = trusting(server.certificate.ca);
    const discovery = await get(server.url('.well-known/openid-configuration'));
    assert.equal(discovery.status, 200);
    const document = await discovery.json();
    assert.equal(document.issuer, server.issuer);
    assert.equal(document.token_endpoint, server.url('oauth/token'));

    const query = new URLSearchParams({
      response_type: 'code',
      client_id: 'demo-spa',
      redirect_uri: server.url('demo'),
      // RFC 7636, appendix B.
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    });
    const start = await get(`${server.url('authorize')}?${query}`);
    assert.equal(start.status, 302);
    const login = await get(new URL(start.headers.get('location'), server.issuer).href);
    const cookies = [start, login].flatMap(({ headers }) => headers.getSetCookie());
    assert.ok(cookies.length > 0);
    // No other host can set a cookie of such a name, and no server on another port uses it.
    const name = new RegExp(`^__Host-\\w+_${new URL(server.issuer).port}=`);
    for (const cookie of cookies) {
      assert.match(cookie, /; *secure/i);
      assert.match(cookie, name);
    }
  } finally {
    await server.stop();
  }
});

test('Node.js itself trusts it by NODE_EXTRA_CA_CERTS', async () => {
  const server = await startLocal({ tls: true });
  const url = server.url('.well-known/jwks.json');
  const program = `fetch('${url}').then(({ status }) => console.log(status))`;
  const run = (env) =>
    promisify(execFile)(process.execPath, ['-e', program], { env: { ...process.env, ...env } });
  try {
    const { stdout } = await run({ NODE_EXTRA_CA_CERTS: server.authority });
    assert.equal(stdout.trim(), '200');
    await assert.rejects(run({ NODE_EXTRA_CA_CERTS: '' }), /UNABLE_TO_VERIFY_LEAF_SIGNATURE/);
  } finally {
    await server.stop();
  }
});

test("the certificate is for the issuer's host, and for loopback", async () => {
  const issuer = 'https://login.acme.example:8443/';
  const server = await startLocal({ tls: true, issuer });
  const [host, port] = server.address.split(':');
  try {
    for (const servername of ['login.acme.example', 'localhost']) {
      const { ca } = server.certificate;
      const socket = connect({ host, port, servername, ca });
      await new Promise((done, failed) => {
        socket.once('secureConnect', done);
        socket.once('error', failed);
      });
      assert.equal(socket.authorized, true);
      socket.destroy();
    }
  } finally {
    await server.stop();
  }
});
