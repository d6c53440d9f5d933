// Rules, as applications and users see them: claims and errors in both browser SDKs, and a Rule that redirects the
// browser and accepts it back.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';

import { startApplication } from './application.mjs';
import * as auth0js from './auth0-js-page.mjs';
import { fillInLogin, launchChromium, openTab } from './chromium.mjs';
import { demo, startLocal, testTenantText } from './local.mjs';
import { openProfile, pageWith, startSite } from './site.mjs';
import * as spa from './spa-application.mjs';

const PLAN = 'https://example.com/plan';

const RULE = `function (user, context, callback) {
  if (context.request.query.day === 'sunday') {
    return callback(new UnauthorizedError('Only on weekdays.'));
  }
  context.idToken['${PLAN}'] = user.app_metadata.plan;
  callback(null, user, context);
}`;

describe('auth0-spa-js and a Rule', () => {
  let site;
  let stop;
  before(async () => ({ site, stop } = await spa.startApplication({ rule: RULE })));
  after(() => stop?.());

  test('custom claims are in getUser and getIdTokenClaims, after a refresh too', async (t) => {
    const tab = await spa.visit(t, site, { client: spa.IN_WORKER });
    await spa.logIn(tab);
    for (const turn of ['login', 'refresh']) {
      assert.equal((await spa.call(tab, 'getUser'))[PLAN], 'gold', turn);
      assert.equal((await spa.call(tab, 'getIdTokenClaims'))[PLAN], 'gold', turn);
      await spa.refresh(tab);
    }
  });

  test('a refusal is the error of handleRedirectCallback, and of a silent login', async (t) => {
    const authorizationParams = { day: 'sunday' };
    const tab = await spa.visit(t, site, { thirdPartyCookies: 'allow' });
    await spa.logIn(tab, { authorizationParams, handle: false });
    const refused = { error: 'unauthorized', message: 'Only on weekdays.' };
    await spa.assertRefused(spa.call(tab, 'handleRedirectCallback'), refused);
    const silent = spa.call(tab, 'getTokenSilently', { authorizationParams, cacheMode: 'off' });
    await spa.assertRefused(silent, refused);
    // The session exists: without the Rule's error the server would not ask for a password.
    await spa.call(tab, 'getTokenSilently', { cacheMode: 'off' });
    assert.equal((await spa.call(tab, 'getUser'))[PLAN], 'gold');
  });
});

for (const { version, file } of auth0js.VERSIONS) {
  describe(`auth0.js ${version} and a Rule`, () => {
    let server;
    let site;
    before(async () => {
      server = await startLocal({ tls: true, tenant: await testTenantText(), rule: RULE });
      site = await startSite(server, await pageWith(file));
    });
    after(async () => {
      await site?.stop();
      await server?.stop();
    });

    test('parseHash has the claims, and the refusal', async (t) => {
      const { page, ...profile } = await openProfile(site);
      t.after(profile.close);
      const config = {
        clientID: 'spa-hybrid',
        redirectUri: 'https://hybrid.example.com/callback',
        domain: new URL(server.issuer).host,
        responseType: 'token id_token',
        scope: 'openid',
        audience: demo.audience,
      };
      await page.goto(config.redirectUri);
      const tab = { page, config };
      const { result } = await auth0js.logIn(tab);
      assert.equal(result.idTokenPayload[PLAN], 'gold');
      await page.goto(config.redirectUri);
      await auth0js.authorize(tab, { day: 'sunday', state: 'kept' });
      const { error } = await auth0js.returned(tab);
      assert.deepEqual(error, {
        error: 'unauthorized',
        errorDescription: 'Only on weekdays.',
        state: 'kept',
      });
    });
  });
}

const SECRET = 'what the rule and the page share';

/** A page that asks the user to agree, and sends the signed answer back in a form. */
async function startTerms(issuer) {
  const site = createServer((request, response) => {
    const { searchParams } = new URL(request.url, 'http://localhost');
    const state = searchParams.get('state');
    const answer = signed({ agreed: true, state, sub: searchParams.get('user') });
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><title>terms</title>
      <form method="post" action="${issuer()}continue?state=${encodeURIComponent(state)}">
      <input type="hidden" name="token" value="${answer}"><button>I agree</button></form>`);
  });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  const address = `http://127.0.0.1:${site.address().port}/`;
  return { address, stop: () => site.closeAllConnections() || site.close() };
}

function signed(claims) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${text}.${createHmac('sha256', SECRET).update(text).digest('base64url')}`;
}

describe('a Rule that sends the browser elsewhere', () => {
  let application;
  let browser;
  let server;
  let terms;
  before(async () => {
    application = await startApplication();
    terms = await startTerms(() => server.issuer);
    const rule = `function (user, context, callback) {
      if (context.protocol !== 'redirect-callback') {
        context.redirect = { url: '${terms.address}?user=' + encodeURIComponent(user.user_id) };
        return callback(null, user, context);
      }
      const answer = require('jsonwebtoken').verify(context.request.body.token, '${SECRET}');
      const good = answer.agreed && answer.sub === user.user_id;
      if (!good || answer.state !== context.request.query.state) throw new UnauthorizedError('No.');
      callback(null, user, context);
    }`;
    const tenant = await testTenantText({
      'https://partner.example.com/callback': application.callback,
    });
    server = await startLocal({ tenant, rule });
    browser = await launchChromium();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    terms?.stop();
    application?.stop();
  });

  const request = () => {
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: 'third-party',
      redirect_uri: application.callback,
      scope: 'openid',
      state: 'from-the-application',
    });
    return `${server.url('authorize')}?${query}`;
  };

  test('the browser gets there from our forms, comes back by a form, and on', async () => {
    const { context, page, complaints } = await openTab(browser);
    await page.goto(request());
    await fillInLogin(page, demo.user);
    await page.waitForURL('**/u/consent?**');
    await page.locator('button[value=accept]').click();
    await page.waitForURL(`${terms.address}**`);
    await page.locator('button').click();
    await page.waitForURL(`${application.callback}**`);
    const received = JSON.parse(await page.locator('pre').innerText());
    assert.equal(received.state, 'from-the-application');
    assert.match(received.code, /^ac1_/);
    // With a session the login page is skipped, and the redirect is the same.
    await page.goto(request());
    await page.waitForURL(`${terms.address}**`);
    assert.deepEqual(complaints, []);
    await context.close();
  });
});
