// Asks for a missing detail on a page that receives a signed token and returns one.
// Follows Auth0's page https://auth0.com/docs/customize/rules/redirect-users and the template
// arengu-progressive-profiling.
function progressiveProfile(user, context, callback) {
  const jwt = require('jsonwebtoken');
  const secret = configuration.SESSION_TOKEN_SECRET;
  const known = (user.user_metadata || {}).company;
  const setClaim = (company) => {
    context.idToken['https://claims.example.com/company'] = company;
    callback(null, user, context);
  };

  if (context.protocol === 'redirect-callback') {
    jwt.verify(context.request.query.session_token, secret, { algorithms: ['HS256'] }, (error, token) => {
      if (error || token.sub !== user.user_id) {
        return callback(new UnauthorizedError('The form’s answer is not genuine.'));
      }
      auth0.users
        .updateUserMetadata(user.user_id, { company: token.company })
        .then(() => setClaim(token.company))
        .catch(callback);
    });
    return;
  }
  if (known || context.protocol === 'oauth2-refresh-token' || context.protocol === 'oauth2-password') {
    return setClaim(known || 'unknown');
  }
  const ask = jwt.sign({ sub: user.user_id, ask: 'company' }, secret, { expiresIn: '5m' });
  context.redirect = { url: `https://forms.example.com/profile?session_token=${ask}` };
  callback(null, user, context);
}
