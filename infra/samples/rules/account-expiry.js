// Refuses accounts from the day in app_metadata.expires_on.
// Follows Auth0's page on metadata in Rules: https://auth0.com/docs/manage-users/user-accounts/metadata
function accountExpiry(user, context, callback) {
  const last = user.app_metadata && user.app_metadata.expires_on;
  if (last && Date.parse(last) < Date.now()) {
    return callback(new UnauthorizedError(`Your account ended on ${last}.`));
  }
  return callback(null, user, context);
}
