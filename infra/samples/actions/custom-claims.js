// Adds a claim to each token; one-word names work as well as addresses.
// Follows the templates add-attribute and add-email-to-access-token.
exports.onExecutePostLogin = async (event, api) => {
  api.accessToken.setCustomClaim('email', event.user.email);
  api.idToken.setCustomClaim('https://claims.example.com/plan', event.user.app_metadata.plan ?? 'free');
  api.idToken.setCustomClaim('tenant_name', event.tenant.id);
};
