// A web page of another origin in a developer's browser, while a local server runs on the same machine.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { fillInLogin, launchProfile } from './chromium.mjs';
import { clockStopped, demo, startLocal } from './local.mjs';

describe('a page of another origin', () => {
  let context;
  let folder;
  let page;
  let server;
  let site;
  before(async () => {
    server = await startLocal({ options: [...clockStopped(), '--dynamodb-port', 0] });
    site = createServer((_, response) => {
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><title>evil</title><link rel="icon" href="data:,">');
    });
    site.listen(0, '127.0.0.1');
    await once(site, 'listening');
    folder = await mkdtemp(join(tmpdir(), 'ratchet-profile-'));
    const rules = [
      `MAP evil.example:80 127.0.0.1:${site.address().port}`,
      // Its name server resolves to loopback at the next lookup.
      `MAP rebound.example ${new URL(server.issuer).hostname}`,
    ];
    context = await launchProfile(folder, { args: [`--host-resolver-rules=${rules.join(',')}`] });
    page = await context.newPage();
  });
  after(async () => {
    await context?.close();
    site?.closeAllConnections();
    site?.close();
    await server?.stop();
    if (folder) await rm(folder, { recursive: true });
  });

  async function assertAdaLogsIn() {
    await page.goto(server.url('demo'));
    await page.locator('#login:enabled').click();
    await page.waitForURL('**/u/login?**');
    await fillInLogin(page, demo.user);
    await page.locator('#refresh:enabled').waitFor();
    await context.clearCookies();
  }

  test('reads and writes nothing of the database', async () => {
    await page.goto('http://evil.example/');
    const outcome = await page.evaluate(attack, server.dynamodb);
    assert.deepEqual(outcome, { scan: 'TypeError: Failed to fetch', deleted: 0, blind: 'opaque' });
    await assertAdaLogsIn();
  });

  test('moves no test controls', async () => {
    await page.goto('http://evil.example/');
    const url = server.url('test/user');
    const kind = await page.evaluate(async (url) => {
      const body = JSON.stringify({ email: 'ada@example.com', deleted: true });
      const headers = { 'content-type': 'text/plain' };
      return (await fetch(url, { method: 'POST', mode: 'no-cors', headers, body })).type;
    }, url);
    assert.equal(kind, 'opaque', 'the request was sent');
    await assertAdaLogsIn();
  });

  test('whose name leads here is not answered', async () => {
    const { port } = new URL(server.issuer);
    const at = `http://rebound.example:${port}/`;
    assert.equal((await page.goto(`${at}demo`)).status(), 421);
    const { status, text } = await page.evaluate(async () => {
      const answer = await fetch('/demo/config.json');
      return { status: answer.status, text: await answer.text() };
    });
    assert.equal(status, 421);
    assert.ok(!text.includes(demo.user.password));
    const database = new URL(server.dynamodb).port;
    assert.equal((await page.goto(`http://rebound.example:${database}/`)).status(), 421);
  });
});

/** In the page: reads the table, deletes every user, and sends requests that need no permission. */
async function attack(database) {
  const call = (operation, body) =>
    fetch(database, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDB_20120810.${operation}`,
        'x-amz-date': '20260101T000000Z',
        authorization:
          'AWS4-HMAC-SHA256 Credential=local/20260101/local/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
      },
      body: JSON.stringify({ TableName: 'ratchet', ...body }),
    });
  let scan;
  let deleted = 0;
  try {
    const { Items } = await (await call('Scan', {})).json();
    scan = `${Items.length} items`;
    for (const { PK, SK } of Items.filter(({ PK }) => /^(LOGIN|USER)#/.test(PK.S))) {
      const { ok } = await call('DeleteItem', { Key: { PK, SK } });
      deleted += ok ? 1 : 0;
    }
  } catch (error) {
    scan = String(error);
  }
  const blind = await fetch(database, { method: 'POST', mode: 'no-cors', body: '{"TableName":"ratchet"}' });
  return { scan, deleted, blind: blind.type };
}
