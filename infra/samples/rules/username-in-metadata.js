// Stores the user's name in app_metadata once, for programs that read only that.
// Follows the template username-attribute ("Add Username to AppMetadata").
function usernameInMetadata(user, context, callback) {
  user.app_metadata = user.app_metadata || {};
  const done = (error) => {
    context.idToken['https://claims.example.com/username'] = user.app_metadata.username;
    callback(error, user, context);
  };
  if (user.app_metadata.username) {
    return done(null);
  }
  user.app_metadata.username = user.username || user.nickname;
  auth0.users
    .updateAppMetadata(user.user_id, user.app_metadata)
    .then(() => done(null))
    .catch(done);
}
