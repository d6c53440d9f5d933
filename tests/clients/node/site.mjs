// An application's own site: HTTPS under its own names, and a Chromium that resolves them to it. The service is another
// site, so that its cookies are third-party in the application's frames.

import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { launchProfile } from './chromium.mjs';

/** The service under a name next to the application's, as with Auth0's custom domains. */
export const CUSTOM_DOMAIN = 'https://login.example.com/';

/** Serves `https://*.example.com` and `https://localhost` with the certificate of a TLS server. */
export async function startSite(server, listener) {
  const { cert, key } = server.certificate;
  const site = createServer({ cert, key }, listener);
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  const stop = async () => {
    site.closeAllConnections();
    site.close();
    await once(site, 'close');
  };
  return { server, address: `127.0.0.1:${site.address().port}`, stop };
}

/** Answers every path with a page that only loads a file of a package. */
export async function pageWith(file) {
  const script = await readFile(fileOf(file));
  return (request, response) => {
    const asksScript = request.url === '/sdk.js';
    response.setHeader('content-type', asksScript ? 'text/javascript' : 'text/html');
    response.end(asksScript ? script : PAGE);
  };
}

const PAGE = `<!doctype html>
<html lang="en"><title>app</title><link rel="icon" href="data:,"><script src="/sdk.js"></script></html>`;

/** A file's path in an installed package; packages seldom export their files for browsers. */
function fileOf(file) {
  const [name, rest] = file.match(/^((?:@[^/]+\/)?[^/]+)\/(.*)$/).slice(1);
  const folders = createRequire(import.meta.url).resolve.paths(name);
  return join(folders.find((folder) => folder.startsWith(import.meta.dirname)), name, rest);
}

/**
 * A tab in a new profile of Chromium. `thirdPartyCookies` is `allow` or `block`; without it the browser's default
 * applies. `heard` returns the messages that the tab's page received.
 */
export async function openProfile(site, { thirdPartyCookies } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'ratchet-profile-'));
  if (thirdPartyCookies) {
    const block = thirdPartyCookies === 'block';
    await mkdir(join(folder, 'Default'));
    const profile = { cookie_controls_mode: block ? 1 : 0, block_third_party_cookies: block };
    await writeFile(join(folder, 'Default', 'Preferences'), JSON.stringify({ profile }));
  }
  const rules = [
    `MAP ${new URL(CUSTOM_DOMAIN).host}:443 ${site.server.address}`,
    `MAP *.example.com:443 ${site.address}`,
    `MAP localhost:443 ${site.address}`,
  ];
  const context = await launchProfile(folder, {
    args: [`--host-resolver-rules=${rules.join(',')}`],
    ignoreHTTPSErrors: true,
  });
  await context.addInitScript(() => {
    globalThis.heard = [];
    addEventListener('message', ({ origin, data }) => globalThis.heard.push({ origin, data }));
  });
  const [page] = context.pages();
  const close = async () => {
    await context.close();
    await rm(folder, { recursive: true });
  };
  return { context, page, heard: () => page.evaluate(() => globalThis.heard), close };
}
