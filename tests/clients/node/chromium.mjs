// Chromium, the checks of every page, and the folder of screenshots.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { chromium } from 'playwright-core';

import { target } from './local.mjs';

const CANDIDATES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
export const screenshots = join(target, 'screenshots');

/** The variants in which every page is checked. */
export const LOOKS = ['light', 'dark'].flatMap((colorScheme) => [
  { name: `phone-${colorScheme}`, colorScheme, viewport: { width: 390, height: 844 } },
  { name: `desktop-${colorScheme}`, colorScheme, viewport: { width: 1280, height: 800 } },
]);

/** Maximum time of a step of the browser, in milliseconds; after it the step counts as hung. */
const PATIENCE = 180_000;

export async function launchChromium() {
  await mkdir(screenshots, { recursive: true });
  const args = ['--no-sandbox'];
  return chromium.launch({ executablePath: findChromium(), args, timeout: PATIENCE });
}

/** A browser with a profile's folder, for preferences that can be set in a folder only. */
export async function launchProfile(folder, { args = [], ...options } = {}) {
  const all = {
    executablePath: findChromium(),
    args: ['--no-sandbox', ...args],
    timeout: PATIENCE,
    ...options,
  };
  const context = await chromium.launchPersistentContext(folder, all);
  context.setDefaultTimeout(PATIENCE);
  return context;
}

function findChromium() {
  const executablePath = process.env.CHROMIUM ?? CANDIDATES.find((path) => existsSync(path));
  if (!executablePath) throw new Error('no Chromium: install it or name it in CHROMIUM');
  return executablePath;
}

/** A tab of its own profile. `complaints` collects script errors and what the policy blocked. */
export async function openTab(browser, { name, ...look } = {}) {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...look });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    const text = message.text();
    // The browser logs an error that a test provokes as a failed resource.
    if (message.type() === 'error' && !text.startsWith('Failed to load resource')) {
      complaints.push(text);
    }
  });
  return { context, page, complaints };
}

/** Takes a screenshot and asserts that axe finds nothing, and that no page is wider than its screen. */
export async function look(page, name) {
  await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  assert.equal(overflow, 0, `${name} scrolls sideways by ${overflow} px`);
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const found = violations.map(({ id, help, nodes }) => ({
    id,
    help,
    nodes: nodes.map((node) => `${node.html}: ${node.failureSummary}`),
  }));
  assert.deepEqual(found, [], name);
}

/** Types name and password and submits. */
export async function fillInLogin(page, { username, password }) {
  await page.locator('#username, [name=username]').first().fill(username);
  await page.locator('#password, [name=password]').first().fill(password);
  await page.locator('button[type=submit]').click();
}
