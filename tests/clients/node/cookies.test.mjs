// Cookies as a real browser sends them: an application beside us sets its own on the domain that we share.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { fillInLogin } from './chromium.mjs';
import { demo, startLocal, testTenantText } from './local.mjs';
import { CUSTOM_DOMAIN, openProfile, startSite } from './site.mjs';

const APP = 'https://app.example.com/callback';

/** The tests' single-page application asks for a code. */
function request(at, parameters) {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: 'spa-strict',
    redirect_uri: APP,
    scope: 'openid',
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
    const ours = kept.filter(({ name }) => name.startsWith('__Host-')).map(({ name }) => name);
    assert.deepEqual(ours.sort(), ['__Host-auth0', '__Host-auth0_csrf']);

    await page.goto(`${CUSTOM_DOMAIN}oidc/logout`);
    await page.locator('button[value=accept]').click();
    await page.getByRole('heading', { name: 'You are logged out' }).waitFor();
    await page.goto(request(CUSTOM_DOMAIN, { prompt: 'none' }));
    await page.waitForURL(`${APP}?error=login_required*`);
  });
});
