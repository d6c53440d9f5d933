// @auth0/nextjs-auth0 in an application of Next.js, built and served as for production.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';

import { Browser } from './hosted-login.mjs';
import { demo, startLocal, testTenantText } from './local.mjs';
import { front } from './nextjs/front.js';

/** The domains of the service and the application for visitors: the SDK requires a domain without a port. */
const DOMAIN = 'login.example.com';
const APP = 'https://next.example.com';

describe('nextjs-auth0', () => {
  let server;
  let application;
  before(async () => {
    server = await startLocal({ issuer: `https://${DOMAIN}/`, tenant: await testTenantText() });
    application = await startApplication(server);
  });
  after(async () => {
    await application?.stop();
    await server?.stop();
  });

  /** A visitor of the application, and of the service. */
  function visitor() {
    const person = new Browser({ fetch: front(DOMAIN, addressOf(server)) });
    const browser = new Browser();
    const ask = (path) => browser.request(new URL(path, application.address));
    const follow = async (path) => (await ask(path)).headers.get('location');
    const logIn = async () => {
      const callback = `${APP}/auth/callback`;
      const url = await person.logIn(await follow('/auth/login'), callback, demo.user);
      assert.equal(await follow(url.pathname + url.search), `${APP}/`);
      return profile();
    };
    const profile = async () => (await ask('/auth/profile')).json();
    const refresh = async () => (await ask('/refresh')).json();
    return { person, ask, follow, logIn, profile, refresh };
  }

  test('a login is shown by a page and by /auth/profile', async () => {
    const { ask, logIn } = visitor();
    assert.match(await (await ask('/')).text(), /signed out/);
    const { email } = await logIn();
    assert.equal(email, demo.user.username);
    assert.match(await (await ask('/')).text(), /ada@example\.com/);
  });

  test('getAccessToken refreshes again and again, and the session stays', async () => {
    const { logIn, profile, refresh } = visitor();
    const { sub, email } = await logIn();
    for (let turn = 1; turn <= 3; turn += 1) {
      const { scope } = await refresh();
      assert.equal(scope, 'openid profile email offline_access read:orders');
      const shown = await profile();
      assert.deepEqual([shown.sub, shown.email], [sub, email]);
    }
  });

  for (const [when, refreshes] of [
    ['after the login', 0],
    ['after two refreshes', 2],
  ]) {
    test(`/auth/logout, ${when}, ends both sessions by /oidc/logout`, async () => {
      const { person, ask, follow, logIn, refresh } = visitor();
      await logIn();
      for (let turn = 1; turn <= refreshes; turn += 1) assert.ok((await refresh()).scope);

      const link = new URL(await follow('/auth/logout'));
      assert.equal(link.pathname, '/oidc/logout');
      for (const hint of ['logout_hint', 'id_token_hint']) assert.ok(link.searchParams.get(hint));
      const left = await person.request(link);
      assert.deepEqual([left.status, left.headers.get('location')], [302, APP]);

      assert.equal((await ask('/auth/profile')).status, 401);
      const again = await person.request(await follow('/auth/login'));
      assert.match(again.headers.get('location'), /\/u\/login\?/);
    });
  }
});

function addressOf(server) {
  return `http://${server.address}/`;
}

/** Builds the application beside this file and serves it. */
async function startApplication(server) {
  const env = {
    ...process.env,
    NODE_ENV: 'production',
    NEXT_TELEMETRY_DISABLED: '1',
    APP_BASE_URL: APP,
    AUTH0_DOMAIN: DOMAIN,
    AUTH0_CLIENT_ID: 'web-next',
    AUTH0_CLIENT_SECRET: 'web-next-secret-0123456789abcdef0123456789abcdef0123456789abcdef',
    AUTH0_SECRET: '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
    TENANT_ADDRESS: addressOf(server),
  };
  const build = next(env, 'build');
  const [failed] = await once(build.child, 'close');
  assert.equal(failed, 0, build.log());

  const { child, log, line } = next(env, 'start', '--hostname', '127.0.0.1', '--port', '0');
  const kill = () => child.kill();
  process.once('exit', kill);
  const address = await line(/Local: +(http:\S+)/);
  const stop = async () => {
    const closed = once(child, 'close');
    kill();
    await closed;
    process.off('exit', kill);
  };
  return { address, log, stop };
}

/** A command of Next.js: its output so far, and the match of a pattern in its first matching line. */
function next(env, ...args) {
  const program = createRequire(import.meta.url).resolve('next/dist/bin/next');
  const cwd = join(import.meta.dirname, 'nextjs');
  const stdio = ['ignore', 'pipe', 'pipe'];
  const child = spawn(process.execPath, [program, ...args], { cwd, env, stdio });
  let log = '';
  child.stdout.on('data', (data) => (log += data));
  child.stderr.on('data', (data) => (log += data));
  const line = (pattern) =>
    new Promise((found, failed) => {
      child.once('close', () => failed(new Error(`Next.js stopped:\n${log}`)));
      createInterface({ input: child.stdout }).on('line', (text) => {
        const match = text.match(pattern);
        if (match) found(match[1]);
      });
    });
  return { child, log: () => log, line };
}
