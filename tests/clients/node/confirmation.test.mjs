// Actions that require a press of the user, in a real browser: against a program on the same device that sends the
// browser to us, and against a site beside us that sends forms prepared by a stranger.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';

import { parse } from 'node-html-parser';

import { LOOKS, fillInLogin, launchChromium, look, openTab } from './chromium.mjs';
import { demo, startLocal, testTenantText } from './local.mjs';
import { CUSTOM_DOMAIN, openProfile, startSite } from './site.mjs';
import { trusting } from './trust.mjs';

const APP = 'https://app.example.com/callback';

/** An authorization request of a public client. */
function request(at, client_id, redirect_uri, parameters = {}) {
  const challenge = createHash('sha256').update(randomBytes(32)).digest('base64url');
  const query = new URLSearchParams({
    response_type: 'code',
    client_id,
    redirect_uri,
    scope: 'openid offline_access',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...parameters,
  });
  return `${at}authorize?${query}`;
}

/** A program that listens on a port of the user's machine, with the addresses that it has received. */
async function startProgram() {
  const sent = [];
  const program = createServer((asked, answer) => {
    if (asked.url.startsWith('/callback')) sent.push(new URL(asked.url, 'http://127.0.0.1'));
    answer.setHeader('content-type', 'text/html');
    answer.end('<!doctype html><title>program</title><link rel="icon" href="data:,">');
  });
  program.listen(0, '127.0.0.1');
  await once(program, 'listening');
  const callback = `http://127.0.0.1:${program.address().port}/callback`;
  const given = () => sent.splice(0).map(({ searchParams }) => Object.fromEntries(searchParams));
  return { callback, given, stop: () => program.close() };
}

describe('a program that the user has never seen', () => {
  let browser;
  let program;
  let server;
  before(async () => {
    server = await startLocal({ tenant: await testTenantText({}, { trustsLoopback: false }) });
    program = await startProgram();
    browser = await launchChromium();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    program?.stop();
  });

  for (const { name, ...options } of LOOKS) {
    test(`has nothing of a session without a press: ${name}`, async () => {
      const { context, page, complaints } = await openTab(browser, options);
      await page.route(`${APP}**`, (route) => route.fulfill({ status: 200, body: 'the app' }));
      await page.goto(request(server.issuer, 'spa-strict', APP));
      await fillInLogin(page, demo.user);
      await page.waitForURL(`${APP}?code=*`);

      // The native application's client id, and a port of the program's own.
      const asked = (more) => request(server.issuer, 'native-app', program.callback, more);
      await page.goto(asked({ prompt: 'none' }));
      await page.waitForURL(`${program.callback}?error=consent_required*`);
      for (const audience of ['', demo.audience]) {
        await page.goto(asked({ audience }));
        await page.waitForURL('**/u/confirm?**');
        await page.getByRole('heading', { name: 'Continue to Native app?' }).waitFor();
        const codes = program.given().filter(({ code }) => code);
        assert.deepEqual(codes, []);
        await look(page, `confirm-${name}`);
        await page.getByRole('button', { name: 'Continue' }).click();
        await page.waitForURL(`${program.callback}?code=*`);
        assert.equal(program.given().length, 1);
      }
      await page.goto(asked({}));
      await page.getByRole('button', { name: 'Cancel' }).click();
      await page.waitForURL(`${program.callback}?error=access_denied*`);
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }
});

describe('a site beside us', () => {
  let form = '';
  let server;
  let site;
  before(async () => {
    server = await startLocal({ tls: true, issuer: CUSTOM_DOMAIN, tenant: await testTenantText() });
    site = await startSite(server, (_, response) => {
      response.setHeader('content-type', 'text/html');
      response.end(`<!doctype html><title>shop</title><link rel="icon" href="data:,">${form}`);
    });
  });
  after(async () => {
    await site?.stop();
    await server?.stop();
  });

  /** A request to the server's own address, with the headers of a stranger's browser. */
  const ask = async (path, { headers, ...options } = {}) =>
    trusting(server.certificate.ca)(`https://${server.address}${path}`, {
      ...options,
      headers: { ...headers, host: new URL(CUSTOM_DOMAIN).host },
    });

  /** A stranger's device, and the confirmation page from the stranger's browser. */
  async function prepared() {
    const body = new URLSearchParams({ client_id: 'tv', scope: 'openid' });
    const device = await (await ask('/oauth/device/code', { method: 'POST', body })).json();
    const scanned = await ask(`/activate?user_code=${device.user_code}`);
    const { pathname, search } = new URL(scanned.headers.get('location'), CUSTOM_DOMAIN);
    const shown = await ask(pathname + search);
    const cookies = shown.headers.getSetCookie().map((line) => line.split(';')[0].split('='));
    return { device, cookies, page: parse(await shown.text()) };
  }

  async function poll({ device_code }) {
    const body = new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      client_id: 'tv',
      device_code,
    });
    return (await ask('/oauth/token', { method: 'POST', body })).json();
  }

  test('connects no device with a form token and a cookie that it has planted', async (t) => {
    const { context, page, close } = await openProfile(site);
    t.after(close);
    await page.goto(request(CUSTOM_DOMAIN, 'spa-strict', APP));
    await fillInLogin(page, demo.user);
    await page.waitForURL(`${APP}?code=*`);

    const { device, cookies, page: shown } = await prepared();
    // An old browser, which does not know `__Host-`, allows this to a neighbouring host.
    await context.clearCookies({ name: '__Host-auth0_csrf' });
    const planted = cookies.map(([name, value]) => ({ name, value, url: CUSTOM_DOMAIN, secure: true }));
    assert.ok(planted.length > 0);
    await context.addCookies(planted);
    const fields = shown.querySelectorAll('input[type=hidden]').map(String).join('');
    const action = new URL(shown.querySelector('form').getAttribute('action'), CUSTOM_DOMAIN);
    form = `<form method="post" action="${action}">${fields}
      <input type="hidden" name="action" value="confirm"></form>
      <script>document.forms[0].submit()</script>`;
    await page.goto('https://shop.example.com/');
    await page.waitForURL(`${CUSTOM_DOMAIN}activate/confirm?**`);
    await page.locator('[role=alert]', { hasText: 'could not be matched' }).waitFor();
    assert.equal((await poll(device)).error, 'authorization_pending');

    // The user's own press counts.
    await page.locator('button[value=confirm]').click();
    await page.getByRole('heading', { name: 'Your device is connected' }).waitFor();
  });
});
