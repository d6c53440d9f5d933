// The hosted pages in a real Chromium, in states that few users see: errors, throttling, much content, and transitions.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { startApplication } from './application.mjs';
import { LOOKS, fillInLogin, launchChromium, look, openTab } from './chromium.mjs';
import { demo, startLocal, testTenantText } from './local.mjs';

const MANY = ['invoices', 'customers', 'shipments', 'returns', 'suppliers', 'payments'].flatMap((noun) => [
  [`read:${noun}`, `Read ${noun}`],
  [`create:${noun}`, `Create ${noun}, also on behalf of colleagues who have shared theirs with you`],
  [`delete:${noun}`, ''],
]);
const LAST_SCOPE = 'description: Change orders\n';
const MANY_SCOPES = MANY.map(([value, description]) =>
  `      - value: ${value}\n${description && `        description: "${description}"\n`}`,
).join('');
const UNASKED = 'skip_non_verifiable_callback_uri_confirmation_prompt: true';

describe('the hosted pages in less usual states', () => {
  let application;
  let browser;
  let grouping;
  let describing;

  before(async () => {
    application = await startApplication();
    const text = await testTenantText({
      'https://shop.example.com/callback': application.callback,
      // Any program could claim a loopback callback, so that the user would have to confirm its application.
      'client_id: web-post\n': `client_id: web-post\n    ${UNASKED}\n`,
      [LAST_SCOPE]: LAST_SCOPE + MANY_SCOPES,
      'burst: 60000, per_minute: 60000': 'burst: 12, per_minute: 1',
    });
    const section = 'attackProtection:\n';
    const blocking = text.replace(section, `${section}  bruteForceProtection: { max_attempts: 2 }\n`);
    assert.notEqual(blocking, text);
    grouping = await startLocal({ tenant: blocking });
    const flag = 'use_scope_descriptions_for_consent: true';
    const flags = text.replace('  flags:\n', `  flags:\n    ${flag}\n`);
    assert.notEqual(flags, text);
    describing = await startLocal({ tenant: flags, options: ['--test-controls'] });
    browser = await launchChromium();
  });
  after(async () => {
    await browser?.close();
    await Promise.all([grouping?.stop(), describing?.stop()]);
    application?.stop();
  });

  function request(server, parameters = {}) {
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: 'web-post',
      redirect_uri: application.callback,
      scope: 'openid',
      audience: demo.audience,
      // RFC 7636, appendix B.
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
      ...parameters,
    });
    return `${server.url('authorize')}?${query}`;
  }

  /** The request of a strict third party. */
  function guarded(server, scope) {
    const redirect_uri = 'https://guarded.example.com/callback';
    return request(server, { client_id: 'third-party-guarded', redirect_uri, scope });
  }

  for (const { name, ...options } of LOOKS) {
    /** A test with its own tab, in which no page may report an error. */
    const shown = (title, run) =>
      test(`${title}: ${name}`, async () => {
        const { context, page, complaints } = await openTab(browser, options);
        await run(page);
        assert.deepEqual(complaints, []);
        await context.close();
      });

    shown('a login that is blocked', async (page) => {
      await page.goto(request(grouping));
      const alert = page.locator('[role=alert]');
      const blocked = alert.filter({ hasText: 'has been blocked' });
      const reader = { username: 'reader@example.com', password: 'wrong' };
      while (!(await blocked.isVisible())) {
        await Promise.all([page.waitForEvent('load'), fillInLogin(page, reader)]);
        await alert.waitFor();
      }
      await fillInLogin(page, { ...reader, password: demo.user.password });
      await blocked.waitFor();
      await look(page, `login-blocked-${name}`);
    });

    shown('logins that follow one another too fast', async (page) => {
      const throttled = page.locator('[role=alert]', { hasText: 'Too many login attempts' });
      const grace = { ...demo.user, username: 'grace@example.com' };
      do {
        await page.goto(request(grouping, { prompt: 'login' }));
        await fillInLogin(page, grace);
        await Promise.race([throttled.waitFor(), page.waitForURL(`${application.callback}**`)]);
      } while (page.url().startsWith(application.callback));
      await look(page, `login-throttled-${name}`);
    });

    shown('consent to many scopes, grouped', async (page) => {
      const scopes = MANY.map(([value]) => value).join(' ');
      await page.goto(guarded(grouping, `openid profile email ${scopes}`));
      await fillInLogin(page, { ...demo.user, username: 'editor@example.com' });
      await page.waitForURL('**/u/consent?**');
      assert.match(await page.locator('main').innerText(), /Invoices: read, create and delete/);
      await look(page, `consent-many-${name}`);
      await page.locator('button[value=deny]').click();
      await page.getByText('User did not authorize the request').waitFor();
      await look(page, `declined-${name}`);
    });

    for (const [amount, more] of [
      ['few', ''],
      ['many', MANY.map(([value]) => value).join(' ')],
    ]) {
      shown(`consent to ${amount} scopes, described`, async (page) => {
        await page.goto(guarded(describing, `openid profile read:orders write:orders ${more}`));
        const username = amount === 'few' ? 'zoe@example.com' : demo.user.username;
        const password = amount === 'few' ? `pässwörd ☃ + & = % " '` : demo.user.password;
        await fillInLogin(page, { username, password });
        await page.waitForURL('**/u/consent?**');
        assert.match(await page.locator('main').innerText(), /Change orders/);
        await look(page, `consent-${amount}-described-${name}`);
      });
    }

    shown('the page of form_post that an application keeps waiting', async (page) => {
      // No content: the browser stays on the page.
      await page.route(application.callback, (route) => route.fulfill({ status: 204 }));
      await page.goto(request(describing, { response_mode: 'form_post', prompt: 'login' }));
      await fillInLogin(page, { ...demo.user, username: 'editor@example.com' });
      await page.getByRole('button', { name: 'Continue' }).waitFor();
      await look(page, `form-post-${name}`);
    });

    shown('a login page that was left open too long', async (page) => {
      const stale = { client_id: 'spa-strict', redirect_uri: 'https://app.example.com/callback' };
      await page.goto(request(describing, { ...stale, prompt: 'login' }));
      const data = { advance_seconds: 3601 };
      const answer = await page.request.post(describing.url('test/clock'), { data });
      assert.ok(answer.ok());
      await page.reload();
      const back = page.getByRole('link', { name: 'Back to Strict SPA' });
      assert.equal(await back.getAttribute('href'), 'https://app.example.com/');
      await look(page, `login-stale-${name}`);
    });

    shown("an app's callback that a browser opens", async (page) => {
      await page.goto(describing.url('ios/com.example.app/callback?code=x&state=y'));
      await page.getByRole('heading', { name: 'Go back to the app' }).waitFor();
      await look(page, `app-callback-${name}`);
    });

    shown('the page of web_message, opened by itself', async (page) => {
      const framed = { client_id: 'spa-hybrid', redirect_uri: 'https://hybrid.example.com/callback' };
      const silent = { response_mode: 'web_message', prompt: 'none' };
      await page.goto(request(describing, { ...framed, ...silent }));
      assert.equal(await page.title(), 'Returning to the application');
      await look(page, `web-message-${name}`);
    });
  }
});
