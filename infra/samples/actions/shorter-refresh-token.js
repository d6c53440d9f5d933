// Ends the refresh tokens of contractors after an hour, and after ten minutes without use. A refresh that
// requests a later end does not move it.
// Follows the template
// set-absolute-and-idle-timeout-based-on-organization-connection-or-application-metadata.
exports.onExecutePostLogin = async (event, api) => {
  if (event.user.app_metadata.contractor && event.refresh_token) {
    const now = Date.now();
    api.refreshToken.setExpiresAt(now + 60 * 60 * 1000);
    api.refreshToken.setIdleExpiresAt(now + 10 * 60 * 1000);
  }
};
