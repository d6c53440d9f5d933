// Cookies as a real browser sends them: an application on a neighbouring host sets its own on the shared domain, and
// two tabs open their first page at once.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { startApplication } from './application.mjs';
import { LOOKS, fillInLogin, launchChromium, look, openTab } from './chromium.mjs';
import { demo, startLocal, testTenantText } from './local.mjs';
import { CUSTOM_DOMAIN, openProfile, startSite } from './site.mjs';

const APP = 'https://app.example.com/callback';

/** A request of the tests' single-page application for a code. */
function request(at, parameters) {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: 'spa-strict',
    redirect_uri: APP,
    scope: 'openid',
    // RFC 7636, appendix B.
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
    ...parameters,
  });
  return `${at}authorize?${query}`;
}

describe('an application under the same domain', () => {
  let server;
  let site;
  before(async () => {
    server = await startLocal({ tls: true, issuer: CUSTOM_DOMAIN, tenant: await testTenantText() });
    site = await startSite(server, (_, response) => {
      const names = ['_csrf', 'auth0', 'auth0_csrf', '__Host-auth0', '__Host-auth0_csrf'];
      const planted = names.map((name) => `${name}=planted; Domain=example.com; Path=/; Secure`);
      // Longer paths come first.
      const first = names.map((name) => `${name}=first; Domain=example.com; Path=/u; Secure`);
      response.setHeader('set-cookie', [...planted, ...first]);
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><title>shop</title><link rel="icon" href="data:,">');
    });
  });
  after(async () => {
    await site?.stop();
    await server?.stop();
  });

  test('its cookies do not stop a login, a silent login or a logout', async (t) => {
    const { context, page, close } = await openProfile(site);
    t.after(close);
    await page.goto('https://app.example.com/');
    await page.goto(request(CUSTOM_DOMAIN));
    const planted = (await context.cookies(`${CUSTOM_DOMAIN}u/login`)).map(({ name }) => name);
    assert.ok(planted.includes('_csrf') && planted.includes('auth0'), `${planted}`);
    await fillInLogin(page, demo.user);
    await page.waitForURL(`${APP}?code=*`);
    await page.goto(request(CUSTOM_DOMAIN, { prompt: 'none' }));
    await page.waitForURL(`${APP}?code=*`);
    const kept = await context.cookies(CUSTOM_DOMAIN);
    const own = kept.filter(({ name }) => name.startsWith('__Host-')).map(({ name }) => name);
    assert.deepEqual(own.sort(), ['__Host-auth0', '__Host-auth0_csrf']);

    await page.goto(`${CUSTOM_DOMAIN}oidc/logout`);
    await page.locator('button[value=accept]').click();
    await page.getByRole('heading', { name: 'You are logged out' }).waitFor();
    await page.goto(request(CUSTOM_DOMAIN, { prompt: 'none' }));
    await page.waitForURL(`${APP}?error=login_required*`);
  });
});

describe('two tabs that open their first page at once', () => {
  let application;
  let browser;
  let server;
  before(async () => {
    application = await startApplication();
    const partner = 'https://partner.example.com/callback';
    const callbacks = { [APP]: application.callback, [partner]: application.callback };
    const tenant = await testTenantText(callbacks);
    server = await startLocal({ tenant });
    browser = await launchChromium();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    application?.stop();
  });

  /** Two tabs at their login pages; the second has replaced the first one's cookie. */
  async function twoTabs() {
    const { context, page: first } = await openTab(browser);
    const second = await context.newPage();
    const url = request(server.issuer, { redirect_uri: application.callback });
    await first.goto(url);
    await context.clearCookies();
    await second.goto(url);
    return { context, first, second };
  }

  test('both log in', async () => {
    const { context, first, second } = await twoTabs();
    for (const page of [first, second]) {
      await fillInLogin(page, demo.user);
      await page.waitForURL(`${application.callback}?code=*`);
    }
    await context.close();
  });

  for (const { name, ...options } of LOOKS) {
    test(`a form whose cookie is gone is shown again and then counts: ${name}`, async () => {
      const { context, page, complaints } = await openTab(browser, options);
      const forms = `auth0_csrf_${new URL(server.issuer).port}`;
      /** Submits twice: without the cookie, then with the one from the answer. */
      const submitTwice = async (shot, submit) => {
        await context.clearCookies({ name: forms });
        await submit();
        await page.locator('[role=alert]').waitFor();
        await look(page, `${shot}-again-${name}`);
        await submit();
      };
      const parameters = { client_id: 'third-party', redirect_uri: application.callback };
      await page.goto(request(server.issuer, { ...parameters, prompt: 'consent' }));
      await page.locator('#username').fill(demo.user.username);
      await submitTwice('login', async () => {
        assert.equal(await page.locator('#username').inputValue(), demo.user.username);
        assert.equal(await page.locator('#password').inputValue(), '');
        await page.locator('#password').fill(demo.user.password);
        await page.locator('button[type=submit]').click();
      });
      await page.waitForURL('**/u/consent?**');
      await submitTwice('consent', () => page.locator('button[value=accept]').click());
      await page.waitForURL(`${application.callback}?code=*`);

      const body = new URLSearchParams({ client_id: 'tv', scope: 'openid' });
      const device = await fetch(server.url('oauth/device/code'), { method: 'POST', body });
      const { user_code: userCode } = await device.json();
      await page.goto(server.url('activate'));
      await page.locator('#user_code').fill(userCode);
      await submitTwice('activate', async () => {
        assert.equal(await page.locator('#user_code').inputValue(), userCode);
        await page.locator('button[type=submit]').click();
      });
      await page.waitForURL('**/activate/confirm?**');
      await submitTwice('activate-confirm', () => page.locator('button[value=confirm]').click());
      await page.getByRole('heading', { name: 'Your device is connected' }).waitFor();

      await page.goto(server.url('oidc/logout'));
      await submitTwice('logout', () => page.locator('button[value=accept]').click());
      await page.getByRole('heading', { name: 'You are logged out' }).waitFor();
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }
});
