// Counts logins, and separately every other run of the Rules.
// Follows Auth0's page https://auth0.com/docs/customize/rules/context-object (stats.loginsCount, protocol).
async function countLogins(user, context, callback) {
  const runs = ((user.app_metadata || {}).runs || 0) + 1;
  await auth0.users.updateAppMetadata(user.user_id, { runs });
  context.idToken['https://claims.example.com/logins'] = context.stats.loginsCount;
  context.idToken['https://claims.example.com/runs'] = runs;
  context.idToken['https://claims.example.com/protocol'] = context.protocol;
  callback(null, user, context);
}
