// The demo page: a single-page application that shows what it sends and what each answer cost.
//
// It uses the browser's own fetch and WebCrypto instead of an SDK, so that every request can be
// read here.
//
// Tokens lie in sessionStorage, because the demo wants to survive the trip to the login page and a
// reload. A real application keeps them in memory or behind its own back end: any script that runs
// in the page can read this storage.

const STORAGE_KEY = 'ratchet-demo';
const TEETH = 8;
const NO_COST = { read_calls: 0, write_calls: 0, read_units: 0, write_units: 0, sign_calls: 0 };

const $ = (id) => document.getElementById(id);

/**
 * All that a reload keeps. `received` holds each distinct refresh token once, oldest first; `log` every
 * step since the last "Start over", newest first.
 */
const fresh = () => ({
  tokens: null,
  received: [],
  family: null,
  log: [],
  steps: 0,
  total: { ...NO_COST },
  pending: null,
});

/** By their buttons. An earlier press may have taken away what a later one is about: then nothing is done. */
const ACTIONS = {
  login: logIn,
  refresh: () => current() && present(current(), 'refresh'),
  replay: () => previous() && present(previous(), 'replay'),
  forge: () => current() && present({ token: forged(current().token), forged: true }, 'forge'),
  userinfo: () => state.tokens && callUserinfo(),
  revoke: () => current() && revoke(),
  logout: logOut,
  reset: startOver,
};

let state = { ...fresh(), ...parse(sessionStorage.getItem(STORAGE_KEY) ?? '') };
let config;
let busy = false;
/** Actions whose buttons were pressed and that wait for their turn. */
const pressed = [];

await start();

async function start() {
  for (const [id, action] of Object.entries(ACTIONS)) {
    $(id).addEventListener('click', () => perform(action));
  }
  // A page that comes back from the browser's cache knows nothing of the steps made since.
  addEventListener('pageshow', (event) => event.persisted && location.reload());
  for (const entry of state.log.toReversed()) {
    if (entry.open) leftOpen(entry);
    else prependEntry(entry);
  }
  draw();
  setInterval(drawClocks, 250);
  const settings = await loadConfig();
  if (!settings || !checkOrigin(settings)) return;
  config = settings;
  // Only now: a screen reader should hear what happens, not the whole log after each login.
  $('log').setAttribute('aria-live', 'polite');
  drawAccount();
  await perform(returnFromServer);
}

/**
 * One step at a time: two refreshes at once would be a race of this page with itself. A press that comes
 * meanwhile waits for its turn.
 */
async function perform(action) {
  pressed.push(action);
  if (busy) return;
  busy = true;
  document.body.setAttribute('aria-busy', 'true');
  try {
    while (pressed.length > 0) await take(pressed.shift());
  } finally {
    busy = false;
    document.body.removeAttribute('aria-busy');
  }
}

async function take(action) {
  try {
    const leaving = await action();
    if (leaving) pressed.length = 0;
    else await inspectFamily();
  } catch (error) {
    notice(`The step failed: ${error.message}.`);
  } finally {
    save();
    draw();
  }
}

// The steps, in the order in which a person meets them.

async function logIn() {
  notice('');
  const pending = {
    kind: 'login',
    verifier: randomText(),
    state: randomText(),
    nonce: randomText(),
  };
  return leave(pending, '/authorize', {
    response_type: 'code',
    client_id: config.client_id,
    redirect_uri: config.redirect_uri,
    audience: config.audience,
    scope: config.scope,
    state: pending.state,
    nonce: pending.nonce,
    code_challenge: base64url(
      await crypto.subtle.digest('SHA-256', new TextEncoder().encode(pending.verifier)),
    ),
    code_challenge_method: 'S256',
  });
}

/** The page was loaded: by hand, or because the server sent the browser back to it. */
async function returnFromServer() {
  const query = new URLSearchParams(location.search);
  const pending = state.pending;
  state.pending = null;
  if (location.search) history.replaceState(null, '', location.pathname);
  if (pending?.kind === 'logout' && !query.has('error')) return cameBackFromLogout();
  if (!query.has('code') && !query.has('error')) return;

  const step = { step: 'authorize', request: 'GET /authorize', status: 302 };
  if (pending?.kind !== 'login' || query.get('state') !== pending.state) {
    return record({
      ...step,
      error: 'state_mismatch',
      note: 'The answer does not belong to a login that this page started.',
    });
  }
  if (query.has('error')) {
    return record({
      ...step,
      error: query.get('error'),
      note: query.get('error_description') || 'The login was refused.',
    });
  }
  record({ ...step, note: 'The login page sent the browser back with a code, which works once.' });
  await exchangeCode(query.get('code'), pending);
}

async function exchangeCode(code, pending) {
  const step = {
    step: 'exchange',
    request: 'POST /oauth/token',
    sent: 'grant_type=authorization_code',
  };
  const { entry, answer } = await make(step, '/oauth/token', {
    grant_type: 'authorization_code',
    client_id: config.client_id,
    code,
    code_verifier: pending.verifier,
    redirect_uri: config.redirect_uri,
  });
  if (!answer.ok) return finish(entry, answer);
  if (answer.body.id_token && decode(answer.body.id_token)?.payload.nonce !== pending.nonce) {
    return finish(entry, {
      error: 'nonce_mismatch',
      note: 'The ID token was not made for this login. Its tokens were dropped.',
    });
  }
  await receive(answer.body);
  finish(entry, { note: 'The code and its PKCE verifier were exchanged for the first tokens of a new family.' });
}

/** Presents a refresh token, any of them. What the server makes of it is the point of this page. */
async function present(token, name) {
  const before = current();
  const which = token.forged ? 'a forged token' : `token ${token.generation}`;
  const step = {
    step: name,
    request: 'POST /oauth/token',
    sent: `grant_type=refresh_token, ${which}`,
    token: shorten(token.token),
  };
  const { entry, answer } = await make(step, '/oauth/token', {
    grant_type: 'refresh_token',
    client_id: config.client_id,
    refresh_token: token.token,
  });
  if (!answer.ok) return finish(entry, { note: refusal(answer, token) });
  const successor = await receive(answer.body, token);
  finish(entry, { note: success(token, before, successor) });
}

async function revoke() {
  const token = current();
  const step = {
    step: 'revoke',
    request: 'POST /oauth/revoke',
    sent: `token ${token.generation}`,
    token: shorten(token.token),
  };
  const { entry, answer } = await make(step, '/oauth/revoke', {
    client_id: config.client_id,
    token: token.token,
  });
  const note = 'From this answer on, no token of the family yields anything.';
  finish(entry, answer.ok ? { note } : answer);
}

async function callUserinfo() {
  const step = { step: 'userinfo', request: 'GET /userinfo', sent: 'the access token' };
  const entry = begin(step);
  const answer = await send('/userinfo', {
    headers: { authorization: `Bearer ${state.tokens.access_token}` },
  });
  keep(entry, answer);
  const who = answer.body?.email ?? answer.body?.sub;
  finish(entry, answer.ok ? { note: `The server says who this is: ${who}.` } : answer);
}

function logOut() {
  return leave({ kind: 'logout' }, '/v2/logout', {
    client_id: config.client_id,
    returnTo: config.redirect_uri,
  });
}

function cameBackFromLogout() {
  record({
    step: 'logout',
    request: 'GET /v2/logout',
    status: 302,
    note:
      'The browser session is over: the next login asks for the password. ' +
      'Refresh tokens are untouched; Revoke ends those.',
  });
}

function startOver() {
  state = fresh();
  $('log').replaceChildren();
  notice('');
}

/** Asks the local server what it knows of the family. A look behind the scenes is no step. */
async function inspectFamily() {
  const entry = current();
  if (!entry) return;
  const answer = await lookUp(entry.token);
  state.family = answer.ok
    ? remembered(answer.body)
    : { ...state.family, error: answer.note ?? answer.error };
  if (!answer.ok) return;
  entry.family = answer.body.family;
  entry.generation = answer.body.presented_generation;
}

/** The table holds nothing of a family that has ended: the page remembers what it was. */
function remembered(family) {
  const known = state.family?.family === family.family ? state.family : {};
  return { generation: family.presented_generation, ...known, error: undefined, ...family };
}

// Common parts of the steps.

/** Sends the browser away. `pending` is what this page needs to know when it is loaded again. */
function leave(pending, path, query) {
  state.pending = pending;
  save();
  location.assign(`${path}?${new URLSearchParams(query)}`);
  return true;
}

/** Stores a token answer and returns the entry of its refresh token. */
async function receive(body, presented) {
  if (presented) presented.exchangedAt ??= Date.now();
  const token = body.refresh_token ?? presented?.token;
  state.tokens = {
    access_token: body.access_token,
    id_token: body.id_token ?? state.tokens?.id_token,
    refresh_token: token,
  };
  if (!token) return undefined;
  const known = state.received.find((entry) => entry.token === token);
  if (known) {
    if (body.refresh_token) known.times += 1;
    return known;
  }
  const entry = { token, times: 1, at: Date.now() };
  state.received.push(entry);
  save();
  const found = await lookUp(token);
  entry.family = found.body?.family;
  entry.generation = found.body?.presented_generation;
  return entry;
}

function lookUp(token) {
  return send('/demo/family', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ refresh_token: token, client_id: config.client_id }),
  });
}

/** A step that posts a form: in the log before the request leaves. */
async function make(step, path, fields) {
  const entry = begin(step);
  const answer = await send(path, { method: 'POST', body: new URLSearchParams(fields) });
  keep(entry, answer);
  return { entry, answer };
}

/** Never throws: an answer that did not come is an answer with status 0. */
async function send(path, options) {
  try {
    const response = await fetch(path, {
      ...options,
      cache: 'no-store',
      signal: AbortSignal.timeout(30_000),
    });
    const body = parse(await response.text());
    return {
      ok: response.ok,
      status: response.status,
      cost: parse(response.headers.get('x-ratchet-cost') ?? ''),
      retryAfter: response.headers.get('retry-after'),
      error: response.ok ? undefined : (body?.error ?? 'unexpected_answer'),
      note: response.ok ? undefined : (body?.error_description ?? response.statusText),
      body,
    };
  } catch (error) {
    return { ok: false, status: 0, error: 'no_answer', note: error.message };
  }
}

function current() {
  return state.received.find((entry) => entry.token === state.tokens?.refresh_token);
}

function previous() {
  const live = current();
  return (
    live &&
    state.received.find((e) => e.family === live.family && e.generation === live.generation - 1)
  );
}

/** The same token with one character of its sealed box changed. */
function forged(token) {
  const at = token.length - 8;
  return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
}

function success(entry, before, successor) {
  if (successor === entry) return 'This client does not rotate: the same refresh token stays good.';
  if (entry === before) {
    const next = successor?.generation;
    return `Rotated: token ${entry.generation} is used up, token ${next} is live.`;
  }
  if (successor === before) {
    const next = successor.generation;
    return `Inside the leeway: the response has the same token ${next} again, as for any retry.`;
  }
  return `Token ${successor?.generation} came back.`;
}

function refusal(answer, entry) {
  return [answer.note && `“${answer.note}”`, explanation(answer, entry)].filter(Boolean).join(' ');
}

function explanation(answer, entry) {
  if (answer.retryAfter) return `The token is unharmed; try again in ${answer.retryAfter} s.`;
  if (answer.status === 0)
    return 'The answer was lost, so the outcome is unknown: present the same token again.';
  if (answer.error !== 'invalid_grant') return '';
  if (entry.forged) return 'The server did not seal this token, so it ends before any I/O.';
  const wasLive = state.family?.status === 'live' && entry.family === state.family.family;
  if (wasLive && entry !== current()) {
    return 'A used token outside its leeway means two holders. Who is the thief? The family ends.';
  }
  return 'This token can never work again.';
}

/** Writes a step down before its request leaves, so that a reload meanwhile does not lose it. */
function begin({ step, request, sent, token }) {
  const number = (state.steps += 1);
  const entry = { number, at: Date.now(), step, request, sent, token, open: true };
  state.log = [entry, ...state.log];
  save();
  return entry;
}

/** Writes down what came back, before anything else is asked. */
function keep(entry, { status, error, cost }) {
  Object.assign(entry, { status, error, cost });
  for (const key of Object.keys(state.total)) state.total[key] += cost?.[key] ?? 0;
  save();
}

/** Shows a step, with what there is to say about it. */
function finish(entry, { error, note }) {
  delete entry.open;
  Object.assign(entry, { error: error ?? entry.error, note });
  prependEntry(entry);
  save();
}

/** A step whose page was left before it was shown. */
function leftOpen(entry) {
  const note = 'The page was left before this step was over.';
  if (entry.status === undefined) keep(entry, { status: 0, error: 'no_answer' });
  finish(entry, { note });
}

/** A step that is over as soon as it begins. */
function record(step) {
  const entry = begin(step);
  keep(entry, step);
  finish(entry, step);
}

function save() {
  try {
    sessionStorage.setItem(STORAGE_KEY, JSON.stringify(state));
  } catch (error) {
    notice(`The steps cannot be kept for a reload (${error.name}): press Start over.`);
  }
}

async function loadConfig() {
  const answer = await send('/demo/config.json');
  if (answer.ok && answer.body) return answer.body;
  notice(`The demo’s settings could not be loaded: ${answer.note || `status ${answer.status}`}.`);
  return undefined;
}

/** The login returns to `redirect_uri`, and storage is per origin: the page must be open there. */
function checkOrigin({ redirect_uri: redirectUri }) {
  const home = new URL(redirectUri);
  if (location.origin !== home.origin) {
    const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(location.hostname);
    if (loopback && location.protocol === home.protocol && location.port === home.port) {
      location.replace(home);
    } else {
      notice('The login returns to another address. Please open the demo there: ', home.href);
    }
    return false;
  }
  if (crypto.subtle) return true;
  notice('The browser offers no WebCrypto on this address. Use 127.0.0.1 or HTTPS.');
  return false;
}

// Drawing. The log only ever grows at its top, so that a screen reader hears each step once; the
// rest is drawn anew. Markup lives in the page's <template> elements.

function draw() {
  drawControls();
  drawFamily();
  drawTokens();
  drawHistory();
  drawTotal();
  drawClocks();
}

function drawControls() {
  const live = state.family?.status === 'live';
  const possible = {
    login: config,
    refresh: current(),
    replay: previous(),
    forge: current(),
    userinfo: state.tokens,
    revoke: current(),
    logout: config,
  };
  for (const [id, yes] of Object.entries(possible)) $(id).disabled = !config || !yes;
  $('login').classList.toggle('main', !live);
  $('refresh').classList.toggle('main', live);
  $('hint').textContent = config ? hint() : 'Loading the demo’s settings.';
}

function hint() {
  if (!state.tokens) {
    return config.user
      ? 'Start with Log in. The name and the password are below.'
      : 'Start with Log in, as a user of your tenant file.';
  }
  if (state.family?.status === 'ended') {
    return 'This family has ended. Refresh shows the refusal; Log in starts a new family.';
  }
  if (!previous()) {
    return 'Press Refresh: the token rotates, and the one that you hold is used up.';
  }
  return `Replay the previous token: within ${config.leeway} s it is a retry, later it is a theft.`;
}

function drawAccount() {
  const { user } = config;
  const account = user && [
    ['User name', code(user.username)],
    ['Password', code(user.password)],
  ];
  facts($('account'), [
    ...(account ?? []),
    ['Application', config.client_name],
    ['Leeway', `${config.leeway} s`],
  ]);
}

function drawFamily() {
  const family = state.family;
  const status = family?.status ?? 'none';
  Object.assign($('family').dataset, { status, generation: family?.generation ?? '' });
  $('family-chip').textContent = { live: 'live', ended: 'ended' }[status] ?? 'none yet';
  $('verdict').textContent = verdict(family);
  drawChain(family);
  facts(
    $('family-facts'),
    family?.family
      ? [
          ['Family', code(family.family)],
          ['Scope', family.scope],
          ['Audience', family.audience],
          ['Born', clock(family.created_at)],
          ['Last rotated', clock(family.rotated_at)],
          ['Ends if unused', date(family.idle_expires_at)],
          ['Ends at the latest', date(family.expires_at)],
        ]
      : [],
  );
}

function verdict(family) {
  if (!family) return 'No login yet.';
  if (family.error) return `The family cannot be shown: ${family.error}`;
  if (family.status === 'live') {
    return family.rotating
      ? `Live. Token ${family.generation} is the one that works.`
      : 'Live. This client does not rotate: one token works until it expires or is revoked.';
  }
  return family.ended_reason === 'expired'
    ? 'Ended: it has expired.'
    : 'Ended: it is gone from the table, and none of its tokens works any more. The log says why.';
}

function drawChain(family) {
  $('chain').hidden = !family?.family;
  if (!family?.family) return;
  const seen = state.received.filter((entry) => entry.family === family.family);
  const first = Math.min(family.generation, ...seen.map((entry) => entry.generation ?? Infinity));
  const from = Math.max(first, family.generation - TEETH + 1);
  const teeth = from > first ? [stamp('earlier', { count: from - first })] : [];
  for (let generation = from; generation <= family.generation; generation += 1) {
    const kind = generation < family.generation ? 'used' : family.status;
    const tooth = stamp('tooth', { generation, kind: `, ${kind}` });
    Object.assign(tooth.dataset, { generation, kind });
    teeth.push(tooth);
  }
  $('chain').replaceChildren(...teeth);
}

function drawTokens() {
  const { access_token: access, id_token: id } = state.tokens ?? {};
  $('tokens').replaceChildren(
    ...(access ? [tokenCard('Access token', access)] : []),
    ...(id ? [tokenCard('ID token', id)] : []),
  );
  $('tokens-empty').hidden = Boolean(access);
}

function tokenCard(title, token) {
  const jwt = decode(token);
  if (!jwt) return stamp('opaque', { title, token: shorten(token) });
  const [header, payload] = [jwt.header, jwt.payload].map((part) => JSON.stringify(part, null, 2));
  const card = stamp('jwt', { title, left: '', header, payload });
  card.querySelector('.left').dataset.expires = jwt.payload.exp;
  return card;
}

function drawHistory() {
  const rows = state.received.toReversed().map((entry) => {
    const [generation, token] = [entry.generation ?? '?', shorten(entry.token)];
    const times = entry.times > 1 ? `, received ${entry.times} times` : '';
    const row = stamp('received', { generation, token, standing: standing(entry) + times });
    Object.assign(row.dataset, { generation, standing: standing(entry) });
    const button = row.querySelector('button');
    button.setAttribute('aria-label', `Present again: token ${generation}, ${token}`);
    button.addEventListener('click', () => {
      perform(() => present(entry, entry === current() ? 'refresh' : 'replay'));
    });
    return row;
  });
  replaceKeepingFocus($('history'), rows);
  $('history-empty').hidden = rows.length > 0;
}

function standing(entry) {
  if (entry.family !== state.family?.family) return 'earlier family';
  if (state.family.status === 'ended') return 'dead';
  return entry === current() ? 'live' : 'used';
}

function drawTotal() {
  const spent = [plural(state.log.length, 'step'), ...badges(state.total)].join(', ');
  $('total').textContent = state.log.length ? `So far: ${spent}.` : 'Nothing spent yet.';
}

function prependEntry(entry) {
  const { number, step, request, sent, token, status, error, note, cost } = entry;
  const item = stamp('step', {
    step,
    status: status || 'no answer',
    time: new Date(entry.at).toLocaleTimeString(),
    request,
    sent,
    token,
    error,
    note,
    costs: cost && '',
  });
  item.value = number;
  Object.assign(item.dataset, { step, status, outcome: outcome(entry) });
  if (error) item.dataset.error = error;
  const free = cost && badges(cost).length === 0;
  const badge = (text) => element('li', { class: free ? 'free' : 'spent' }, text);
  const texts = free ? ['no calls: nothing spent'] : badges(cost ?? NO_COST);
  item.querySelector('.costs')?.append(...texts.map(badge));
  $('log').prepend(item);
}

function outcome({ status, error }) {
  if (!error) return 'done';
  return [0, 429, 503].includes(status) ? 'later' : 'refused';
}

function badges(cost) {
  const calls = (count, units, noun) =>
    `${plural(count, noun)} (${plural(Math.round(units * 10) / 10, 'unit')})`;
  return [
    cost.read_calls && calls(cost.read_calls, cost.read_units, 'read'),
    cost.write_calls && calls(cost.write_calls, cost.write_units, 'write'),
    cost.sign_calls && plural(cost.sign_calls, 'signature'),
  ].filter(Boolean);
}

/** The parts that move by themselves: time left, and the leeway of the previous token. */
function drawClocks() {
  for (const left of document.querySelectorAll('[data-expires]')) {
    const seconds = Math.floor(left.dataset.expires - Date.now() / 1000);
    if (Number.isNaN(seconds)) left.textContent = 'No expiry.';
    else if (seconds < 0) left.textContent = `Expired ${duration(-seconds)} ago`;
    else left.textContent = `${duration(seconds)} left`;
  }
  const entry = state.family?.status === 'live' ? previous() : undefined;
  $('leeway').hidden = !config || !entry?.exchangedAt;
  if ($('leeway').hidden) return;
  const seconds = Math.ceil(config.leeway - (Date.now() - entry.exchangedAt) / 1000);
  $('leeway').dataset.open = seconds > 0;
  $('leeway').textContent =
    seconds > 0
      ? `Leeway: for ${seconds} s more, token ${entry.generation} gets the same successor again.`
      : `Leeway over: token ${entry.generation} ends the family if it is presented now.`;
}

function notice(text, link) {
  $('notice').hidden = !text;
  $('notice').replaceChildren(text, ...(link ? [element('a', { href: link }, link)] : []));
}

// Small tools.

/** A copy of a template with its slots filled. A slot without a value goes, with its element. */
function stamp(template, slots) {
  const node = $(`${template}-template`).content.firstElementChild.cloneNode(true);
  for (const slot of node.querySelectorAll('[data-slot]')) {
    const value = slots[slot.dataset.slot];
    if (value === undefined || value === null) slot.remove();
    else slot.textContent = value;
  }
  return node;
}

function element(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

function code(text) {
  return element('code', {}, text);
}

function facts(list, pairs) {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== '');
  list.replaceChildren(
    ...shown.map(([name, value]) =>
      element('div', {}, element('dt', {}, name), element('dd', {}, value)),
    ),
  );
}

/** Redraws a list of rows without throwing a keyboard user out of the row they were in. */
function replaceKeepingFocus(list, rows) {
  const focused = document.activeElement?.getAttribute('aria-label');
  list.replaceChildren(...rows);
  if (!focused) return;
  const same = (button) => button.getAttribute('aria-label') === focused;
  [...list.querySelectorAll('button')].find(same)?.focus();
}

function decode(token) {
  const [header, payload] = token.split('.').map((part) => parse(fromBase64url(part)));
  return header && payload ? { header, payload } : undefined;
}

function fromBase64url(text) {
  try {
    const bytes = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    return new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
  } catch {
    return '';
  }
}

function base64url(bytes) {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

function randomText() {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function shorten(token) {
  return token.length > 20 ? `${token.slice(0, 12)}…${token.slice(-6)}` : token;
}

function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function duration(seconds) {
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  if (days) return `${plural(days, 'day')} ${hours} h`;
  if (hours) return `${hours} h ${minutes} min`;
  return minutes ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

function clock(seconds) {
  return seconds ? new Date(seconds * 1000).toLocaleTimeString() : undefined;
}

function date(seconds) {
  return seconds ? new Date(seconds * 1000).toLocaleString() : undefined;
}
