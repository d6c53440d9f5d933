// Sends the user to a page with a token signed by a shared secret, and reads the token that comes back.
// Follows Auth0's page "Redirect with Actions".
exports.onExecutePostLogin = async (event, api) => {
  if (event.user.app_metadata.favorite || !api.redirect.canRedirect()) {
    return;
  }
  const token = api.redirect.encodeToken({
    secret: event.secrets.FORM_SECRET,
    expiresInSeconds: 60,
    payload: { greeting: event.user.name },
  });
  api.redirect.sendUserTo('https://forms.example.com/favorite', { query: { session_token: token } });
};

exports.onContinuePostLogin = async (event, api) => {
  const answer = api.redirect.validateToken({
    secret: event.secrets.FORM_SECRET,
    tokenParameterName: 'session_token',
  });
  api.user.setAppMetadata('favorite', answer.favorite);
  api.idToken.setCustomClaim('https://claims.example.com/favorite', answer.favorite);
};
