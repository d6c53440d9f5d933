// passport-auth0: an Express application with Passport, which requests profiles with the token in the query.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Agent } from 'node:https';
import { after, before, describe, test } from 'node:test';

import express from 'express';
import session from 'express-session';
import passport from 'passport';
import Auth0Strategy from 'passport-auth0';

import { Browser } from './hosted-login.mjs';
import { demo, startLocal, testTenantText } from './local.mjs';
import { trusting } from './trust.mjs';

const SHOP = {
  clientID: 'web-post',
  clientSecret: 'web-post-secret-0123456789abcdef0123456789abcdef0123456789abcdef',
  callbackURL: 'https://shop.example.com/callback',
};

describe('passport-auth0', () => {
  let server;
  let site;
  before(async () => {
    server = await startLocal({ tls: true, tenant: await testTenantText() });
    site = createServer(application(server)).listen(0, '127.0.0.1');
    await once(site, 'listening');
  });
  after(async () => {
    site?.closeAllConnections();
    site?.close();
    await server?.stop();
  });

  /** A visitor of the application, and of the service. */
  function visitor() {
    const person = new Browser({ fetch: trusting(server.certificate.ca) });
    const atApplication = new Browser();
    const ask = (path) =>
      atApplication.request(`http://127.0.0.1:${site.address().port}${path}`);
    const logIn = async (path) => {
      const { headers } = await ask(path);
      const { search } = await person.logIn(headers.get('location'), SHOP.callbackURL, demo.user);
      return ask(`/callback${search}`);
    };
    return { ask, logIn };
  }

  for (const scope of ['openid profile email', 'openid profile email offline_access read:orders']) {
    test(`a login for ${scope} brings the profile`, async () => {
      const { ask, logIn } = visitor();
      const audience = scope.includes('orders') ? `&audience=${demo.audience}` : '';
      const answer = await logIn(`/login?scope=${scope.replaceAll(' ', '+')}${audience}`);
      assert.equal(answer.status, 302, await answer.clone().text());
      const { profile, refreshToken } = await (await ask('/me')).json();
      assert.equal(profile.emails[0].value, demo.user.username);
      assert.equal(profile.provider, 'auth0');
      assert.match(profile.id, /^auth0\|/);
      assert.equal(refreshToken !== undefined, scope.includes('offline_access'));
    });
  }

  test('a silent login without a session leaves the visitor signed out', async () => {
    const { ask, logIn } = visitor();
    const answer = await logIn('/login?scope=openid&prompt=none');
    assert.equal(answer.status, 401);
    assert.deepEqual(await (await ask('/me')).json(), {});
  });
});

/** The application: it logs in with the parameters of its login link, and shows the data of its visitor. */
function application(server) {
  const strategy = new Auth0Strategy(
    { domain: server.address, ...SHOP },
    (accessToken, refreshToken, { idToken }, profile, done) => done(null, { profile, refreshToken }),
  );
  // A certificate authority that no other client trusts.
  strategy._oauth2.setAgent(new Agent({ ca: server.certificate.ca }));
  const people = new passport.Passport();
  people.use(strategy);
  people.serializeUser((user, done) => done(null, user));
  people.deserializeUser((user, done) => done(null, user));

  const app = express();
  app.use(session({ secret: 'the key of its cookies', resave: false, saveUninitialized: false }));
  app.use(people.session());
  app.get('/login', (request, response, next) =>
    people.authenticate('auth0', { ...request.query })(request, response, next),
  );
  app.get('/callback', people.authenticate('auth0'), (_, response) => response.redirect('/me'));
  app.get('/me', ({ user }, response) => response.json(user ?? {}));
  return app;
}
