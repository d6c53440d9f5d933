// Admits users to the applications in app_metadata.apps; a user without such a list may use all.
// Follows Auth0's page on metadata in Rules: https://auth0.com/docs/manage-users/user-accounts/metadata
function appAccessByMetadata(user, context, callback) {
  const { apps } = user.app_metadata || {};
  if (Array.isArray(apps) && !apps.includes(context.clientID)) {
    return callback(new UnauthorizedError('Ask for access to ' + context.clientName + '.'));
  }
  callback(null, user, context);
}
