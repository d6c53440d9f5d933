// node-auth0's ManagementClient against a local server: an operator's back end on the day of a theft.

import assert from 'node:assert/strict';
import { Agent } from 'node:https';
import { after, before, describe, test } from 'node:test';

import { ManagementClient, ManagementError } from 'auth0';
import { AuthenticationClient } from 'auth0/legacy';

import { Browser } from './hosted-login.mjs';
import { demo, startLocal, testTenantText } from './local.mjs';
import { trusting } from './trust.mjs';

const OPERATOR = {
  clientId: 'operator',
  clientSecret: 'operator-secret-0123456789abcdef0123456789abcdef0123456789abcdef',
};
const SHOP = {
  clientId: 'web-post',
  clientSecret: 'web-post-secret-0123456789abcdef0123456789abcdef0123456789abcdef',
};
const CALLBACK = 'https://shop.example.com/callback';
const USER = 'auth0|ada';

describe('node-auth0 ManagementClient', () => {
  let server;
  let fetch;
  let management;
  before(async () => {
    server = await startLocal({ tls: true, tenant: await testTenantText() });
    fetch = trusting(server.certificate.ca);
    management = new ManagementClient({ domain: server.address, fetch, ...OPERATOR });
  });
  after(() => server?.stop());

  /** Logs Ada in to the shop with a new browser; returns the tokens, and the `sid` of the session. */
  async function logIn() {
    const agent = new Agent({ ca: server.certificate.ca });
    const { oauth } = new AuthenticationClient({ domain: server.address, fetch, agent, ...SHOP });
    const query = new URLSearchParams({
      audience: demo.audience,
      scope: 'openid offline_access',
      client_id: SHOP.clientId,
      response_type: 'code',
      redirect_uri: CALLBACK,
    });
    const answer = await new Browser({ fetch }).logIn(
      server.url(`authorize?${query}`),
      CALLBACK,
      demo.user,
    );
    const code = answer.searchParams.get('code');
    const { data } = await oauth.authorizationCodeGrant({ code, redirect_uri: CALLBACK });
    const claims = JSON.parse(Buffer.from(data.id_token.split('.')[1], 'base64url'));
    const refresh = () => oauth.refreshTokenGrant({ refresh_token: data.refresh_token });
    return { sid: claims.sid, refresh };
  }

  /** All items of a list, page by page. */
  async function all(list) {
    const found = [];
    for await (const item of await list) found.push(item);
    return found;
  }

  const refused = (statusCode, code) => (error) => {
    assert.ok(error instanceof ManagementError, String(error));
    assert.equal(error.statusCode, statusCode);
    assert.equal(error.body.errorCode, code);
    return true;
  };

  test('sessions: get by the sid of an ID token, list page by page, delete', async () => {
    const [first, second] = [await logIn(), await logIn()];
    const session = await management.sessions.get(first.sid);
    assert.equal(session.id, first.sid);
    assert.equal(session.user_id, USER);
    assert.deepEqual(session.clients, [{ client_id: SHOP.clientId }]);
    const listed = await all(management.users.sessions.list(USER, { take: 1 }));
    assert.deepEqual(
      listed.map(({ id }) => id).sort(),
      [first.sid, second.sid].sort(),
    );
    await management.sessions.delete(first.sid);
    await assert.rejects(management.sessions.get(first.sid), refused(404, 'inexistent_session'));
    await first.refresh();
    await management.users.sessions.delete(USER);
    assert.deepEqual(await all(management.users.sessions.list(USER)), []);
  });

  test('sessions: revoke ends the refresh tokens of the session', async () => {
    const [gone, stays] = [await logIn(), await logIn()];
    await management.sessions.revoke(gone.sid);
    await assert.rejects(gone.refresh(), { error: 'invalid_grant' });
    await stays.refresh();
  });

  test('refresh tokens: list, get, delete, revoke', async () => {
    await management.users.refreshToken.delete(USER);
    const logins = [await logIn(), await logIn(), await logIn()];
    const tokens = await all(management.refreshTokens.list({ user_id: USER, take: 2 }));
    assert.equal(tokens.length, 3);
    const of = (login) => tokens.find((token) => token.session_id === login.sid);
    const token = await management.refreshTokens.get(of(logins[0]).id);
    assert.equal(token.rotating, true);
    assert.equal(token.resource_servers[0].audience, demo.audience);
    await management.refreshTokens.delete(token.id);
    await assert.rejects(logins[0].refresh(), { error: 'invalid_grant' });
    await management.refreshTokens.revoke({ ids: [of(logins[1]).id] });
    await assert.rejects(logins[1].refresh(), { error: 'invalid_grant' });
    const left = await all(management.users.refreshToken.list(USER));
    assert.deepEqual(left.map(({ id }) => id), [of(logins[2]).id]);
    await logins[2].refresh();
  });

  test('device credentials: list and delete', async () => {
    await management.users.refreshToken.delete(USER);
    const login = await logIn();
    const type = 'rotating_refresh_token';
    const [credential] = await all(management.deviceCredentials.list({ user_id: USER, type }));
    assert.equal(credential.type, type);
    assert.equal(credential.client_id, SHOP.clientId);
    await management.deviceCredentials.delete(credential.id);
    await assert.rejects(login.refresh(), { error: 'invalid_grant' });
  });

  test('revokeAccess ends sessions and refresh tokens', async () => {
    const login = await logIn();
    await management.users.revokeAccess(USER);
    await assert.rejects(login.refresh(), { error: 'invalid_grant' });
    await assert.rejects(management.sessions.get(login.sid), refused(404, 'inexistent_session'));
  });

  test('grants: list and delete', async () => {
    const login = await logIn();
    const [grant] = await all(management.userGrants.list({ user_id: USER }));
    assert.equal(grant.clientID, SHOP.clientId);
    await management.userGrants.delete(grant.id);
    await assert.rejects(login.refresh(), { error: 'invalid_grant' });
  });

  test('a user who does not exist', async () => {
    const unknown = management.users.sessions.delete('auth0|unknown');
    await assert.rejects(unknown, refused(404, 'inexistent_user'));
  });
});
