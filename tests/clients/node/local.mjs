// Starts the local server for one test file.

import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

export const root = resolve(import.meta.dirname, '../../..');
export const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target');

const binary = process.env.CARGO_BIN ?? join(target, 'debug', 'local');
const demoTenant = join(root, 'infra/local/tenant.yaml');
const testTenant = join(root, 'tests/fixtures/tenant.yaml');

const ONE_RULE = 'rules: [{ name: rule, script: ./rule.js, order: 1, enabled: true, stage: login_success }]';

/** Options of a server whose clock is stopped, so that neither leeways nor caches end on a slow machine. */
export const clockStopped = () => ['--test-controls', '--test-clock', Math.floor(Date.now() / 1000)];

/** The credentials of the demo tenant. */
export const demo = {
  audience: 'https://api.example.com',
  user: { username: 'ada@example.com', password: 'correct horse battery staple' },
  web: {
    id: 'demo-web',
    secret: 'demo-web-secret-0123456789abcdef0123456789abcdef0123456789abcdef',
    callback: 'http://localhost:8080/callback',
  },
  m2m: {
    id: 'demo-m2m',
    secret: 'demo-m2m-secret-0123456789abcdef0123456789abcdef0123456789abcdef',
  },
};

/**
 * The tests' tenant with the named users only, after some replacements, each of which must match. Applications in these
 * tests are on loopback, where each answer requires a press, so that the tenant trusts such callbacks unless a test is
 * about them.
 */
export async function testTenantText(replacements = {}, { trustsLoopback = true } = {}) {
  let [text] = (await readFile(testTenant, 'utf8')).split('# pool\n');
  if (trustsLoopback) {
    const setting = 'skip_non_verifiable_callback_uri_confirmation_prompt: true';
    text = text.replace('tenant:\n', `tenant:\n  ${setting}\n`);
  }
  for (const [from, to] of Object.entries(replacements)) {
    if (!text.includes(from)) throw new Error(`\`${from}\` is not in the tenant file`);
    text = text.replaceAll(from, to);
  }
  return text;
}

/**
 * A server on a free port, with the demo tenant or with the text of a tenant file. With `tls` it serves HTTPS:
 * `certificate` has its certificate and key with those of the certificate authority, and `authority` is the path of the
 * authority's certificate. `issuer` is a name by which others may reach it. `rule` is the source of the tenant's only
 * Rule. `dynamodb` is the address of its database with `--dynamodb-port`.
 */
export async function startLocal({ tenant, rule, tls = false, issuer, options = [] } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'ratchet-'));
  let file = demoTenant;
  if (tenant) {
    file = join(folder, 'tenant.yaml');
    if (rule) await writeFile(join(folder, 'rule.js'), rule);
    await writeFile(file, rule ? `${tenant}\n${ONE_RULE}` : tenant);
  }
  const certificates = join(folder, 'tls');
  const args = ['--port', 0, '--data', 'memory', '--tenant', file, ...options];
  if (tls) args.push('--tls', '--tls-dir', certificates);
  if (issuer) args.push('--issuer', issuer);
  const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = () => child.kill();
  process.once('exit', kill);
  const ended = new Promise((done) => child.once('close', done));

  let log = '';
  child.stderr.on('data', (data) => (log += data));
  const ready = new Promise((found, failed) => {
    child.once('error', failed);
    child.once('close', () => failed(new Error(`the server stopped before it was ready:\n${log}`)));
    const said = {};
    createInterface({ input: child.stdout }).on('line', (line) => {
      log += `${line}\n`;
      const [, what, value] = line.match(/^(ready|dynamodb|  address|  CA) +(.*)$/) ?? [];
      if (what) said[what.trim()] = value;
      // The last line of its output when it is ready.
      if (line.includes('Ctrl-C')) found(said);
    });
  });
  const { ready: name, dynamodb, address = new URL(name).host, CA: authority } = await ready;
  const stop = async () => {
    kill();
    await ended;
    process.off('exit', kill);
    await rm(folder, { recursive: true });
  };
  const certificate = async () => {
    const files = [authority, join(certificates, 'tls.crt'), join(certificates, 'tls.key')];
    const [ca, cert, key] = await Promise.all(files.map((file) => readFile(file)));
    return { ca, cert, key };
  };
  return {
    issuer: name,
    address,
    dynamodb,
    authority,
    certificate: tls && (await certificate()),
    url: (path) => new URL(path, name).href,
    stop,
  };
}
