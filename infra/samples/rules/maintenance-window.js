// Refuses every user except operators while MAINTENANCE gives a reason.
// Follows Auth0's page on errors of Rules: https://auth0.com/docs/customize/rules/raise-errors-from-rules
function maintenanceWindow(user, context, callback) {
  const reason = configuration.MAINTENANCE;
  const operator = Boolean(user.app_metadata && user.app_metadata.operator);
  if (!reason || operator) {
    return callback(null, user, context);
  }
  console.warn('turned away during maintenance:', user.user_id);
  return callback(new UnauthorizedError(reason));
}
