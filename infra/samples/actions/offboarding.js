// Revokes the refresh tokens of users who have left, at the next use.
// Follows Auth0's page https://auth0.com/docs/secure/tokens/refresh-tokens/manage-refresh-tokens-with-actions
exports.onExecutePostLogin = async (event, api) => {
  if (event.user.app_metadata.left_company && event.refresh_token) {
    api.refreshToken.revoke('You have left.');
  }
};
