// Records the user's first login, which implies consent to the terms on the page.
// Follows the template track-consent ("Track consent from Auth0 Lock").
function trackConsent(user, context, callback) {
  user.user_metadata = user.user_metadata || {};
  const setClaim = () => {
    context.idToken['https://claims.example.com/agreed_at'] = user.user_metadata.agreed_at;
    callback(null, user, context);
  };
  if (user.user_metadata.agreed) {
    return setClaim();
  }
  user.user_metadata.agreed = true;
  user.user_metadata.agreed_at = Date.now();
  auth0.users.updateUserMetadata(user.user_id, user.user_metadata).then(setClaim).catch(callback);
}
