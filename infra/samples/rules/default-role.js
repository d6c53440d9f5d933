// Adds the user's roles as a claim, or a default role; the namespace may be configured.
// Follows the template netlify-role-management, without giving the role in the Management API.
async function defaultRole(user, context, callback) {
  const namespace = configuration.CLAIMS_NAMESPACE || 'https://claims.example.com';
  const { roles = [] } = context.authorization || {};
  if (roles.length === 0 && configuration.DEFAULT_ROLE) {
    roles.push(configuration.DEFAULT_ROLE);
  }
  context.idToken[`${namespace}/roles`] = roles;
  return callback(null, user, context);
}
