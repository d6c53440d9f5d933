// Sends users who have not agreed to the terms to a page that asks them, and accepts the page's answer.
// Redirects only logins in a browser.
// Follows Auth0's page https://auth0.com/docs/customize/rules/redirect-users and the template
// arengu-policy-acceptance.
function termsOfService(user, context, callback) {
  const metadata = user.app_metadata || {};
  const unattended = ['oauth2-refresh-token', 'oauth2-password', 'oauth2-resource-owner'];

  if (context.protocol === 'redirect-callback') {
    if (context.request.query.agreed !== 'yes') {
      return callback(new UnauthorizedError('You have not agreed to the terms.'));
    }
    return auth0.users
      .updateAppMetadata(user.user_id, { terms_agreed: true })
      .then(() => callback(null, user, context))
      .catch(callback);
  }
  if (!metadata.terms_agreed && !unattended.includes(context.protocol)) {
    context.redirect = { url: 'https://terms.example.com/ask' };
  }
  callback(null, user, context);
}
