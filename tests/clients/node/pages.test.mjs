// The hosted pages in a real Chromium: login, consent, logout, error, form_post, connecting a device.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { startApplication } from './application.mjs';
import { LOOKS, fillInLogin, launchChromium, look, openTab } from './chromium.mjs';
import { demo, startLocal, testTenantText } from './local.mjs';

describe('the hosted pages', () => {
  let application;
  let browser;
  let server;

  before(async () => {
    application = await startApplication();
    const replacements = { 'https://partner.example.com/callback': application.callback };
    server = await startLocal({ tenant: await testTenantText(replacements) });
    browser = await launchChromium();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    application?.stop();
  });

  /** The third party's request, which requires login and consent. */
  function request(parameters = {}) {
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: 'third-party',
      redirect_uri: application.callback,
      scope: 'openid profile email offline_access read:orders write:orders',
      audience: demo.audience,
      state: 'from-the-application',
      // RFC 7636, appendix B.
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
      ...parameters,
    });
    return `${server.url('authorize')}?${query}`;
  }

  /** The parameters that the application received. */
  async function received(page) {
    await page.waitForURL(`${application.callback}**`);
    return JSON.parse(await page.locator('pre').innerText());
  }

  for (const { name, ...options } of LOOKS) {
    test(`login, consent and error pages: ${name}`, async () => {
      const { context, page, complaints } = await openTab(browser, options);
      await page.goto(request());
      await look(page, `login-${name}`);
      await fillInLogin(page, { ...demo.user, password: 'wrong' });
      await page.locator('[role=alert]').waitFor();
      await look(page, `login-refused-${name}`);
      await fillInLogin(page, demo.user);
      await page.waitForURL('**/u/consent?**');
      await look(page, `consent-${name}`);

      await page.goto(request({ redirect_uri: 'https://elsewhere.example/callback' }));
      await look(page, `error-${name}`);
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }

  /** A device that waits for its connection. */
  async function device(clientId = 'tv') {
    const body = new URLSearchParams({ client_id: clientId, scope: 'openid', audience: demo.audience });
    const response = await fetch(server.url('oauth/device/code'), { method: 'POST', body });
    return response.json();
  }

  for (const { name, ...options } of LOOKS) {
    test(`the pages that connect a device: ${name}`, async () => {
      const { context, page, complaints } = await openTab(browser, options);
      await page.goto(server.url('activate'));
      await look(page, `activate-${name}`);
      await page.locator('#user_code').fill('BCDF-GHJK');
      await page.locator('button[type=submit]').click();
      await page.locator('[role=alert]').waitFor();
      await look(page, `activate-refused-${name}`);

      const { user_code: userCode, verification_uri_complete: link } = await device();
      await page.locator('#user_code').fill(userCode.toLowerCase());
      await page.locator('button[type=submit]').click();
      await page.waitForURL('**/activate/confirm?**');
      assert.equal(await page.locator('.shown').innerText(), userCode);
      await look(page, `activate-confirm-${name}`);
      const confirmation = page.url();
      await page.locator('button[value=confirm]').click();
      await fillInLogin(page, demo.user);
      await page.getByRole('heading', { name: 'Your device is connected' }).waitFor();
      await look(page, `device-connected-${name}`);
      await page.goto(confirmation);
      await look(page, `device-over-${name}`);
      assert.match(await page.locator('h1').innerText(), /no longer valid/);
      await page.goto(link);
      await page.locator('[role=alert]').waitFor();

      await page.goto((await device()).verification_uri_complete);
      await page.locator('button[value=cancel]').click();
      await page.getByRole('heading', { name: 'The device was not connected' }).waitFor();
      await look(page, `device-declined-${name}`);
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }

  test('a scanned link, a keyboard and no JavaScript are enough to connect a device', async () => {
    const { context, page, complaints } = await openTab(browser, { javaScriptEnabled: false });
    await page.goto((await device('tv-partner')).verification_uri_complete);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/u/login?**');
    await fillInLogin(page, demo.user);
    await page.locator('button[value=accept]').click();
    await page.getByRole('heading', { name: 'Your device is connected' }).waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('accepting leads to the application with a code', async () => {
    const { context, page, complaints } = await openTab(browser);
    await page.goto(request());
    await fillInLogin(page, demo.user);
    await page.locator('button[value=accept]').click();
    const { code, state } = await received(page);
    assert.ok(code);
    assert.equal(state, 'from-the-application');
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('declining leads to the application without one', async () => {
    const { context, page, complaints } = await openTab(browser);
    await page.goto(request({ prompt: 'consent' }));
    await fillInLogin(page, demo.user);
    await page.locator('button[value=deny]').click();
    const { code, error, state } = await received(page);
    assert.deepEqual([code, error, state], [undefined, 'access_denied', 'from-the-application']);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('a keyboard is enough', async () => {
    const { context, page } = await openTab(browser);
    await page.goto(request({ prompt: 'consent' }));
    const focused = () => page.evaluate(() => document.activeElement.name);
    assert.equal(await focused(), 'username');
    await page.keyboard.type(demo.user.username);
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'password');
    await page.keyboard.type(demo.user.password);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/u/consent?**');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.value), 'accept');
    await page.keyboard.press('Enter');
    assert.ok((await received(page)).code);
    await context.close();
  });

  test('no JavaScript is needed', async () => {
    const { context, page } = await openTab(browser, { javaScriptEnabled: false });
    await page.goto(request({ prompt: 'consent' }));
    await fillInLogin(page, demo.user);
    await page.locator('button[value=accept]').click();
    assert.ok((await received(page)).code);
    await context.close();
  });

  for (const javaScriptEnabled of [true, false]) {
    test(`form_post with JavaScript ${javaScriptEnabled ? 'on' : 'off'}`, async () => {
      const { context, page, complaints } = await openTab(browser, { javaScriptEnabled });
      await page.goto(request({ prompt: 'consent', response_mode: 'form_post' }));
      await fillInLogin(page, demo.user);
      await page.locator('button[value=accept]').click();
      if (!javaScriptEnabled) await page.locator('button[type=submit]').click();
      const { code, state } = await received(page);
      assert.ok(code);
      assert.equal(state, 'from-the-application');
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }

  for (const { name, ...options } of LOOKS) {
    test(`logout pages: ${name}`, async () => {
      const { context, page, complaints } = await openTab(browser, options);
      await page.goto(request({ prompt: 'consent' }));
      await fillInLogin(page, demo.user);
      await page.locator('button[value=accept]').click();
      await received(page);
      await page.goto(`${server.url('oidc/logout')}?client_id=third-party`);
      await look(page, `logout-${name}`);
      await page.locator('button[value=deny]').click();
      await look(page, `still-logged-in-${name}`);
      await page.goto(server.url('oidc/logout'));
      await page.locator('button[value=accept]').click();
      await look(page, `logged-out-${name}`);
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }

  for (const javaScriptEnabled of [true, false]) {
    const script = javaScriptEnabled ? 'on' : 'off';
    test(`a confirmed logout leads to the application, JavaScript ${script}`, async () => {
      const { context, page, complaints } = await openTab(browser, { javaScriptEnabled });
      await page.goto(request({ prompt: 'consent' }));
      await fillInLogin(page, demo.user);
      await page.locator('button[value=accept]').click();
      await received(page);
      const query = new URLSearchParams({
        client_id: 'third-party',
        post_logout_redirect_uri: application.callback,
        state: 'from-the-application',
      });
      await page.goto(`${server.url('oidc/logout')}?${query}`);
      await page.locator('button[value=accept]').click();
      assert.deepEqual(await received(page), { state: 'from-the-application' });
      await page.goto(request({ prompt: 'none' }));
      assert.equal((await received(page)).error, 'login_required');
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }
});
