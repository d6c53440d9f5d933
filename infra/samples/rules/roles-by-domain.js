// Derives roles from verified e-mail addresses, stores them in app_metadata and adds them as a claim.
// Follows the template roles-creation ("Set roles to a user").
function rolesByDomain(user, context, callback) {
  if (!user.email || !user.email_verified) {
    return callback(null, user, context);
  }
  const roles = user.email.endsWith('@example.com') ? ['editor', 'reader'] : ['reader'];
  user.app_metadata = Object.assign({}, user.app_metadata, { roles });
  auth0.users.updateAppMetadata(user.user_id, user.app_metadata).then(
    () => {
      context.idToken['https://claims.example.com/roles'] = roles;
      context.accessToken['https://claims.example.com/roles'] = roles;
      callback(null, user, context);
    },
    (error) => callback(error),
  );
}
