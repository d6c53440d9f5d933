// Grants requested scopes only as far as a role in app_metadata allows; OIDC's own scopes stay.
// Follows the sample "Customize Tokens" of Auth0's pages on the authorization code flow.
function scopesByRole(user, context, callback) {
  const byRole = { admiral: ['read:orders', 'write:orders'], clerk: ['read:orders'] };
  const roles = (user.app_metadata && user.app_metadata.roles) || [];
  const allowed = _.flatMap(roles, (role) => byRole[role] || []);
  const request = context.request;
  const asked = request.query.scope || (request.body && request.body.scope);
  if (asked) {
    const fine = (scope) => !scope.includes(':') || allowed.includes(scope);
    context.accessToken.scope = asked.split(/\s+/).filter(fine);
  }
  callback(null, user, context);
}
