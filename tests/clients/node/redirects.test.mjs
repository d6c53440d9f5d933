// Callbacks that redirect: an application sends the browser from its callback to another origin, or to a scheme that an
// app has registered. Chromium applies a form's policy to every redirect after it.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';

import { startApplication } from './application.mjs';
import { fillInLogin, launchChromium, openTab } from './chromium.mjs';
import { demo, startLocal, testTenantText } from './local.mjs';

const SCHEME = 'com.example.app://callback';

/** A back end whose callback redirects the browser to `target`, with the parameters that it received. */
async function startBackEnd(target) {
  const server = createServer(async (request, response) => {
    const body = (await request.toArray()).join('');
    const query = new URL(request.url, 'http://localhost').search.slice(1);
    response.writeHead(303, { location: `${target}?${body || query}` }).end();
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  const callback = `http://127.0.0.1:${server.address().port}/callback`;
  return { callback, stop: () => server.closeAllConnections() || server.close() };
}

/** Another site's page with a form that leads to `/continue`. */
async function startTerms(issuer) {
  const server = createServer((request, response) => {
    const state = new URL(request.url, 'http://localhost').searchParams.get('state');
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><title>terms</title>
      <form method="post" action="${issuer()}continue?state=${encodeURIComponent(state)}">
      <button>I agree</button></form>`);
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  const address = `http://127.0.0.1:${server.address().port}/`;
  return { address, stop: () => server.closeAllConnections() || server.close() };
}

describe('a callback that redirects again', () => {
  let application;
  let backEnd;
  let toApp;
  let browser;
  let server;
  let sending;
  let terms;

  before(async () => {
    application = await startApplication();
    backEnd = await startBackEnd(application.callback);
    toApp = await startBackEnd(SCHEME);
    terms = await startTerms(() => sending.issuer);
    const tenant = await testTenantText({
      'https://partner.example.com/callback': backEnd.callback,
      'https://guarded.example.com/callback': toApp.callback,
    });
    const rule = `function (user, context, callback) {
      if (context.protocol !== 'redirect-callback') context.redirect = { url: '${terms.address}' };
      callback(null, user, context);
    }`;
    server = await startLocal({ tenant });
    sending = await startLocal({ tenant, rule });
    browser = await launchChromium();
  });
  after(async () => {
    await browser?.close();
    await Promise.all([server?.stop(), sending?.stop()]);
    for (const other of [application, backEnd, toApp, terms]) other?.stop();
  });

  /** A request that asks for consent, also if there is a session. */
  function request({ at = server, ...parameters } = {}) {
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: 'third-party',
      redirect_uri: backEnd.callback,
      scope: 'openid',
      audience: demo.audience,
      state: 'from-the-application',
      prompt: 'consent',
      // RFC 7636, appendix B.
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
      ...parameters,
    });
    return `${at.url('authorize')}?${query}`;
  }

  /** The parameters that the application received at the last redirect. */
  async function received(page) {
    await page.waitForURL(`${application.callback}**`);
    return JSON.parse(await page.locator('pre').innerText());
  }

  for (const javaScriptEnabled of [true, false]) {
    const script = javaScriptEnabled ? 'on' : 'off';

    test(`a login and a consent get there, JavaScript ${script}`, async () => {
      const { context, page, complaints } = await openTab(browser, { javaScriptEnabled });
      await page.goto(request());
      await fillInLogin(page, demo.user);
      await page.locator('button[value=accept]').click();
      assert.match((await received(page)).code, /^ac1_/);
      // Consent has been given: now the login form alone leads there.
      await page.goto(request({ prompt: 'login' }));
      await fillInLogin(page, demo.user);
      assert.equal((await received(page)).state, 'from-the-application');
      await page.goto(request());
      await page.locator('button[value=deny]').click();
      assert.equal((await received(page)).error, 'access_denied');
      assert.deepEqual(complaints, []);
      await context.close();
    });

    test(`so does an answer in a form, JavaScript ${script}`, async () => {
      const { context, page, complaints } = await openTab(browser, { javaScriptEnabled });
      await page.goto(request({ response_mode: 'form_post' }));
      await fillInLogin(page, demo.user);
      await page.locator('button[value=accept]').click();
      if (!javaScriptEnabled) await page.locator('button[type=submit]').click();
      assert.match((await received(page)).code, /^ac1_/);
      assert.deepEqual(complaints, []);
      await context.close();
    });

    test(`so does a logout that was asked about, JavaScript ${script}`, async () => {
      const { context, page, complaints } = await openTab(browser, { javaScriptEnabled });
      await page.goto(request());
      await fillInLogin(page, demo.user);
      await page.locator('button[value=accept]').click();
      await received(page);
      const query = new URLSearchParams({
        client_id: 'third-party',
        post_logout_redirect_uri: backEnd.callback,
        state: 'bye',
      });
      await page.goto(`${server.url('oidc/logout')}?${query}`);
      await page.locator('button[value=accept]').click();
      assert.deepEqual(await received(page), { state: 'bye' });
      assert.deepEqual(complaints, []);
      await context.close();
    });

    test(`so does a login that a Rule redirects, JavaScript ${script}`, async () => {
      const { context, page, complaints } = await openTab(browser, { javaScriptEnabled });
      await page.goto(request({ at: sending }));
      await fillInLogin(page, demo.user);
      await page.locator('button[value=accept]').click();
      await page.waitForURL(`${terms.address}**`);
      await page.locator('button').click();
      assert.match((await received(page)).code, /^ac1_/);
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }

  for (const [way, client, callback] of [
    ['registered', 'native-app', () => SCHEME],
    ['that a callback leads to', 'third-party-guarded', () => toApp.callback],
  ]) {
    test(`an app's scheme ${way} is opened`, { timeout: 60_000 }, async () => {
      const { context, page, complaints } = await openTab(browser);
      const opened = schemeOpened(context, page);
      await page.goto(request({ client_id: client, redirect_uri: callback() }));
      await fillInLogin(page, demo.user);
      await page.locator('button[value=accept]').click();
      const { searchParams } = new URL(await opened);
      assert.match(searchParams.get('code'), /^ac1_/);
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }
});

/** The address that the browser tries to open in an app. */
async function schemeOpened(context, page) {
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  return new Promise((found) => {
    session.on('Network.requestWillBeSent', ({ request }) => {
      if (request.url.startsWith(SCHEME)) found(request.url);
    });
  });
}
