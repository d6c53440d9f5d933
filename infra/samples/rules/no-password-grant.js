// Refuses names and passwords sent by applications, which would bypass the login page.
// Follows the template disable-resource-owner, with the protocol of /oauth/token beside that of /oauth/ro.
function noPasswordGrant(user, context, callback) {
  switch (context.protocol) {
    case 'oauth2-resource-owner':
    case 'oauth2-password':
      return callback(new UnauthorizedError('Log in on the login page.'));
    default:
      return callback(null, user, context);
  }
}
