// Adds the user's roles to both tokens.
// Follows Auth0's page "Sample Use Cases: Actions with Authorization".
exports.onExecutePostLogin = async (event, api) => {
  if (event.authorization) {
    api.idToken.setCustomClaim('https://claims.example.com/roles', event.authorization.roles);
    api.accessToken.setCustomClaim('https://claims.example.com/roles', event.authorization.roles);
  }
};
