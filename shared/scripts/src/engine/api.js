// `api` of a post-login Action (https://auth0.com/docs/customize/actions/explore-triggers/signup-and-login-triggers/login-trigger/post-login-api-object).
// It runs before the Action's module, so no script has replaced any of these built-ins yet.
(function (native, event, facts) {
  'use strict';
  const { now } = Date;
  const { getTime } = Date.prototype;
  const { apply } = Reflect;
  const { isFinite } = Number;
  const { encodeURIComponent } = globalThis;
  const { keys } = Object;
  const api = {};

  function text(what, value) {
    if (typeof value !== 'string') throw new TypeError(what + ' is no string');
    return value;
  }

  // A time in milliseconds, from a number or a Date.
  function time(what, value) {
    const at = typeof value === 'number' ? value : apply(getTime, value, []);
    if (!isFinite(at)) throw new TypeError(what + ' is no time');
    return at;
  }

  // Records a command. It has no prototype, so that a script's `toJSON` cannot change it.
  function record(command, fields) {
    native.record({ __proto__: null, command, ...fields });
    return api;
  }

  function setter(command, what) {
    return (name, value) =>
      record(command, { name: text(what, name), value: value === undefined ? null : value });
  }

  function unavailable(object, names) {
    const made = {};
    for (let i = 0; i < names.length; i += 1) {
      made[names[i]] = () => {
        throw new Error('api.' + object + '.' + names[i] + ' is not available here');
      };
    }
    return made;
  }

  function withQuery(url, query) {
    text('the address', url);
    let joined = '';
    const names = query === undefined || query === null ? [] : keys(query);
    for (let i = 0; i < names.length; i += 1) {
      const value = query[names[i]];
      if (value !== undefined && value !== null) {
        joined += (joined && '&') + encodeURIComponent(names[i]) + '=' + encodeURIComponent(String(value));
      }
    }
    if (!joined) return url;
    return native.join(url, joined);
  }

  api.access = {
    deny: (first, second) =>
      record('deny', { reason: text('the reason', second === undefined ? first : second) }),
  };
  api.accessToken = {
    setCustomClaim: setter('setAccessTokenClaim', 'the name of a claim'),
    addScope: (scope) => record('addScope', { scope: text('the scope', scope) }),
    removeScope: (scope) => record('removeScope', { scope: text('the scope', scope) }),
  };
  api.idToken = { setCustomClaim: setter('setIdTokenClaim', 'the name of a claim') };
  api.user = {
    setAppMetadata: setter('setAppMetadata', 'the key'),
    setUserMetadata: setter('setUserMetadata', 'the key'),
  };
  api.refreshToken = {
    ...unavailable('refreshToken', ['setMetadata', 'deleteMetadata', 'evictMetadata']),
    revoke: (reason) =>
      record('revokeRefreshToken', { reason: reason === undefined ? '' : text('the reason', reason) }),
    setExpiresAt: (at) => record('setRefreshTokenExpiresAt', { at: time('the end', at) }),
    setIdleExpiresAt: (at) => record('setRefreshTokenIdleExpiresAt', { at: time('the end', at) }),
  };
  api.redirect = {
    canRedirect: () => facts.canRedirect,
    sendUserTo(url, options) {
      const address = withQuery(url, options && options.query);
      if (facts.ignoresRedirect) return api;
      return record('sendUserTo', { url: address, action: facts.action });
    },
    encodeToken(options) {
      const { secret, payload, expiresInSeconds = 900 } = options;
      const at = now() / 1000;
      return native.encode(text('the secret', secret), {
        __proto__: null,
        iss: facts.domain,
        sub: event.user && event.user.user_id,
        ip: event.request && event.request.ip,
        ...payload,
        iat: at - (at % 1),
        exp: at - (at % 1) + Number(expiresInSeconds),
      });
    },
    validateToken(options) {
      const { secret, tokenParameterName = 'session_token' } = options;
      const { query = {}, body = {} } = event.request || {};
      const token = (body && body[tokenParameterName]) || (query && query[tokenParameterName]);
      if (typeof token !== 'string') throw new Error('there is no ' + tokenParameterName);
      const claims = native.validate(text('the secret', secret), token);
      if (claims.exp !== undefined && !(claims.exp > now() / 1000)) throw new Error('the token has expired');
      if (claims.sub !== undefined && event.user && claims.sub !== event.user.user_id) {
        throw new Error('the token has the subject of another user');
      }
      if (claims.state !== undefined && query && claims.state !== query.state) {
        throw new Error('the token is of another state');
      }
      return claims;
    },
  };
  api.multifactor = { enable: () => record('enableMultifactor', {}) };
  api.rules = { wasExecuted: (name) => native.wasExecuted(name) };
  api.cache = {
    get: (key) => native.cacheGet(text('the key', key), now()),
    set(key, value, options) {
      const { ttl, expires_at: end } = options || {};
      const latest = now() + 86400000;
      let until = now() + 900000;
      if (end !== undefined) until = time('expires_at', end);
      else if (ttl !== undefined) until = now() + time('ttl', ttl);
      if (!(until > now())) return { type: 'error', code: 'ItemAlreadyExpired' };
      return native.cacheSet(text('the key', key), text('the value', value), until < latest ? until : latest);
    },
    delete: (key) => native.cacheDelete(text('the key', key)),
  };
  api.authentication = unavailable('authentication', [
    'challengeWith', 'challengeWithAny', 'enrollWith', 'enrollWithAny', 'recordMethod', 'setPrimaryUser',
  ]);
  api.session = unavailable('session', [
    'revoke', 'setExpiresAt', 'setIdleExpiresAt', 'setCookieMode', 'setMetadata', 'deleteMetadata', 'evictMetadata',
  ]);
  api.prompt = unavailable('prompt', ['render']);
  api.transaction = unavailable('transaction', ['setMetadata', 'setResultUrl']);
  api.samlResponse = unavailable('samlResponse', [
    'setAttribute', 'setAudience', 'setIssuer', 'setNameIdentifierFormat', 'setNameIdentifierProbes',
  ]);
  return api;
})
