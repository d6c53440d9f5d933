// Marks the first login with a claim, and records in app_metadata that it has happened.
// Follows the template signup ("Detect whether if it's a user's first login/signup").
function signedUpFlag(user, context, callback) {
  user.app_metadata = user.app_metadata || {};
  const newcomer = !user.app_metadata.signed_up;
  context.idToken['https://claims.example.com/newcomer'] = newcomer;
  if (!newcomer) {
    return callback(null, user, context);
  }
  user.app_metadata.signed_up = true;
  auth0.users
    .updateAppMetadata(user.user_id, user.app_metadata)
    .then(function () { callback(null, user, context); })
    .catch(function (error) { callback(error); });
}
