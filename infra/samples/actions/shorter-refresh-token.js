// Ends the refresh tokens of contractors after an hour, and after ten minutes without use. Asking for a later
// end at a refresh does not move the end.
// Follows the template
// set-absolute-and-idle-timeout-based-on-organization-connection-or-application-metadata.
exports.onExecutePostLogin = async (event, api) => {
  if (event.user.app_metadata.contractor && event.refresh_token) {
    const now = Date.now();
    api.refreshToken.setExpiresAt(now + 60 * 60 * 1000);
    api.refreshToken.setIdleExpiresAt(now + 10 * 60 * 1000);
  }
};
