// Removes a scope from users without the role for it, and adds another for users who have it.
// Follows Auth0's page "Post-Login API Object".
exports.onExecutePostLogin = async (event, api) => {
  const roles = event.user.app_metadata.roles ?? [];
  if (roles.includes('admiral')) {
    api.accessToken.addScope('read:fleet');
  } else {
    api.accessToken.removeScope('write:orders');
  }
};
