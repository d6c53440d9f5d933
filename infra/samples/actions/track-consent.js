// Stores once in the user's metadata when the user agreed, and counts visits.
// Follows the templates track-consent and add-persistence-attribute.
exports.onExecutePostLogin = async (event, api) => {
  const metadata = event.user.user_metadata ?? {};
  if (!metadata.agreed_at) {
    api.user.setUserMetadata('agreed_at', Date.now());
  }
  const visits = (event.user.app_metadata?.visits ?? 0) + 1;
  api.user.setAppMetadata('visits', visits);
  api.idToken.setCustomClaim('https://claims.example.com/visits', visits);
  api.idToken.setCustomClaim('https://claims.example.com/agreed_at', metadata.agreed_at ?? null);
};
