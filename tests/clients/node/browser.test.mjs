// The demo page in a real Chromium: a user logs in, refreshes, replays, revokes, and watches.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { LOOKS, fillInLogin, launchChromium, look, openTab, screenshots } from './chromium.mjs';
import { clockStopped, demo, root, startLocal } from './local.mjs';

/** The picture of the README; `UPDATE_PICTURE=1` takes a new one. */
const picture = join(root, 'infra/docs/demo.png');

describe('the demo page', () => {
  let browser;
  let server;

  before(async () => {
    server = await startLocal({ options: clockStopped() });
    browser = await launchChromium();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });

  for (const { name, ...options } of LOOKS) {
    test(`a family begins, rotates, is replayed and ends: ${name}`, async () => {
      const { context, page, complaints } = await openTab(browser, options);
      await page.goto(server.url('demo'));
      await page.locator('#login:enabled').waitFor();
      assert.equal((await family(page)).status, 'none');
      await look(page, `demo-empty-${name}`);

      await logInWithPassword(page, server);
      const begun = await family(page);
      assert.equal(begun.status, 'live');
      await look(page, `demo-login-${name}`);

      await press(page, '#refresh', { step: 'refresh', status: '200' });
      assert.deepEqual(await family(page), { status: 'live', generation: begun.generation + 1 });

      await press(page, '#replay', { step: 'replay', status: '200' });
      assert.deepEqual(
        await family(page),
        { status: 'live', generation: begun.generation + 1 },
        'a replay within the leeway turns nothing',
      );
      await look(page, `demo-replay-${name}`);

      await press(page, '#refresh', { step: 'refresh', status: '200' });
      const oldest = '#history > li:last-child button';
      await press(page, oldest, { step: 'replay', status: '403' });
      assert.equal((await family(page)).status, 'ended');
      await press(page, '#refresh', { step: 'refresh', status: '403' });
      await look(page, `demo-ended-${name}`);
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }

  test('the README shows the end of a stolen family, in the words of the page', async () => {
    const { context, page } = await openTab(browser, { viewport: { width: 1280, height: 860 } });
    await page.goto(server.url('demo'));
    await logInWithPassword(page, server);
    await press(page, '#refresh', { step: 'refresh', status: '200' });
    await press(page, '#refresh', { step: 'refresh', status: '200' });
    await press(page, '#history > li:last-child button', { step: 'replay', status: '403' });
    assert.equal((await family(page)).status, 'ended');
    await page.evaluate(() => scrollTo(0, 0));
    const screenshot = await page.screenshot();
    const update = process.env.UPDATE_PICTURE === '1';
    await writeFile(update ? picture : join(screenshots, 'demo-thief.png'), screenshot);

    const readme = await readFile(join(root, 'README.md'), 'utf8');
    const [, lines] = readme.match(/!\[([^\]]*)\]\(infra\/docs\/demo\.png\)/);
    const described = lines.replaceAll('\n', ' ');
    const caught = page.locator('#log > li').first();
    for (const words of [page.locator('#verdict'), caught.locator('[data-slot=note]')]) {
      const text = await words.innerText();
      assert.ok(described.includes(text), `the picture's description does not say: ${text}`);
    }
    assert.deepEqual(sizeOf(await readFile(picture)), sizeOf(screenshot));
    await context.close();
  });

  test('revoking ends the family; the session outlives it until the logout', async () => {
    const { context, page, complaints } = await openTab(browser);
    await page.goto(server.url('demo'));
    await logInWithPassword(page, server);
    await press(page, '#userinfo', { step: 'userinfo', status: '200' });
    await press(page, '#revoke', { step: 'revoke', status: '200' });
    assert.equal((await family(page)).status, 'ended');
    await press(page, '#refresh', { step: 'refresh', status: '403' });
    await look(page, 'demo-revoked');

    await press(page, '#login', { step: 'exchange', status: '200' });
    assert.equal((await family(page)).status, 'live', 'no password was asked');

    await press(page, '#logout', { step: 'logout', status: '302' });
    await page.locator('#login:enabled').click();
    await page.waitForURL('**/u/login?**');
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('starting over forgets everything', async () => {
    const { context, page } = await openTab(browser);
    await page.goto(server.url('demo'));
    await logInWithPassword(page, server);
    await page.locator('#reset').click();
    await page.locator('#family[data-status=none]').waitFor();
    assert.equal(await page.locator('#log > li').count(), 0);
    await context.close();
  });

  test('every step stays until "Start over", however fast the buttons are pressed', async () => {
    const { context, page } = await openTab(browser);
    await page.goto(server.url('demo'));
    await logInWithPassword(page, server);
    const pressed = ['refresh', 'refresh', 'replay', 'forge', 'userinfo'];
    // The replay button needs a token older than the current one.
    await press(page, '#refresh', { step: 'refresh', status: '200' });
    await page.evaluate((ids) => ids.forEach((id) => document.getElementById(id).click()), pressed);
    const all = ['authorize', 'exchange', 'refresh', ...pressed];
    await page.locator(`body:not([aria-busy]) #log > li:nth-child(${all.length})`).waitFor();
    assert.deepEqual(await steps(page), all);

    await page.reload();
    await page.locator('body:not([aria-busy]) #refresh:enabled').waitFor();
    assert.deepEqual(await steps(page), all, 'after a reload');

    await press(page, '#login', { step: 'exchange', status: '200' }, 2);
    assert.deepEqual(await steps(page), [...all, 'authorize', 'exchange'], 'after a login');
    assert.match(await page.locator('#total').innerText(), /^So far: 10 steps, /);

    await page.locator('#reset').click();
    await page.locator('#family[data-status=none]').waitFor();
    assert.deepEqual(await steps(page), []);
    await context.close();
  });

  test('a step whose page is left before the answer comes stays in the list', async () => {
    const { context, page } = await openTab(browser);
    await page.goto(server.url('demo'));
    await logInWithPassword(page, server);
    const held = new Promise((release) => {
      page.route('**/userinfo', () => release());
    });
    await page.locator('#userinfo').click();
    await held;
    await page.reload();
    await page.locator('body:not([aria-busy]) #refresh:enabled').waitFor();
    assert.deepEqual(await steps(page), ['authorize', 'exchange', 'userinfo']);
    const left = page.locator('#log > li').first();
    assert.equal(await left.getAttribute('data-error'), 'no_answer');
    await context.close();
  });

  test('a hundred steps are a hundred entries', async () => {
    const { context, page } = await openTab(browser);
    await page.goto(server.url('demo'));
    await logInWithPassword(page, server);
    await page.evaluate(() => {
      for (let press = 0; press < 98; press += 1) document.getElementById('forge').click();
    });
    await page.locator('body:not([aria-busy]) #log > li:nth-child(100)').waitFor();
    await page.reload();
    await page.locator('body:not([aria-busy]) #refresh:enabled').waitFor();
    assert.equal((await steps(page)).length, 100);
    await context.close();
  });

  test('every step shows its cost', async () => {
    const { context, page } = await openTab(browser);
    await page.goto(server.url('demo'));
    await logInWithPassword(page, server);
    await press(page, '#refresh', { step: 'refresh', status: '200' });
    await press(page, '#refresh', { step: 'refresh', status: '200' });
    const spent = await page.locator('#log > li').first().innerText();
    assert.match(spent, /1 read \(/);
    assert.match(spent, /1 write \(1 unit\)/);
    await press(page, '#forge', { step: 'forge', status: '403' });
    assert.match(await page.locator('#log > li').first().innerText(), /nothing spent/);
    await context.close();
  });
});

/** Status and generation, as shown by the page. */
async function family(page) {
  const { status, generation } = await page.locator('#family').evaluate((node) => node.dataset);
  return generation === '' ? { status } : { status, generation: Number(generation) };
}

/** The steps of the log, the oldest first. */
async function steps(page) {
  const newestFirst = await page.locator('#log > li').evaluateAll((items) =>
    items.map((item) => item.dataset.step),
  );
  return newestFirst.toReversed();
}

/**
 * Presses a button and waits for its step to be the newest of the log, with this status. A login adds two
 * steps.
 */
async function press(page, button, { step, status }, added = 1) {
  const before = await page.locator('#log > li').count();
  await page.locator(button).click();
  await arrive(page, before + added, { step, status });
}

async function arrive(page, count, { step, status }) {
  // The log shows the newest first, and each later step moves an earlier one down by one.
  await page.locator(`body:not([aria-busy]) #log > li:nth-last-child(${count})`).waitFor();
  const newest = await page.locator('#log > li').first().evaluate((node) => node.dataset);
  assert.deepEqual({ step: newest.step, status: newest.status }, { step, status });
}

/** Logs in by the hosted page, and consents where required. */
async function logInWithPassword(page, server) {
  await page.locator('#login:enabled').click();
  await page.waitForURL('**/u/login?**');
  await fillInLogin(page, demo.user);
  const accept = page.locator('button[value=accept]');
  const exchanged = page.locator('body:not([aria-busy]) #log > li[data-step=exchange]');
  await accept.or(exchanged.first()).waitFor();
  if (await accept.isVisible()) await accept.click();
  await page.waitForURL(`${server.url('demo')}**`);
  await exchanged.first().waitFor();
}

/** Width and height of a PNG, from its header. */
function sizeOf(png) {
  return [png.readUInt32BE(16), png.readUInt32BE(20)];
}
