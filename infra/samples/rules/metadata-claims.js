// Adds each key of app_metadata.dashboard as a claim of both tokens.
// Follows the template cumulio-add-metadata-to-tokens.
function metadataClaims(user, context, callback) {
  const claims = (user.app_metadata && user.app_metadata.dashboard) || {};
  for (const [key, value] of Object.entries(claims)) {
    context.idToken['https://dashboard.example.com/' + key] = value;
    context.accessToken['https://dashboard.example.com/' + key] = value;
  }
  callback(null, user, context);
}
