// Closes connections to new users: the rule marks a new user in app_metadata and refuses each login of the
// user. Closed are social connections and those in CLOSED_CONNECTIONS.
// Follows the template disable-social-signup ("Disable social signups").
function noSocialSignup(user, context, callback) {
  const metadata = user.app_metadata || {};
  const closed = (configuration.CLOSED_CONNECTIONS || '').split(',');
  const social = context.connectionStrategy === context.connection;
  const first = context.stats.loginsCount === 1;
  const refusal = new Error('New accounts are not taken.');

  if (metadata.refused_signup) {
    return callback(refusal);
  }
  if (!first || !(social || closed.includes(context.connection))) {
    return callback(null, user, context);
  }
  auth0.users
    .updateAppMetadata(user.user_id, { refused_signup: true })
    .then(() => callback(refusal))
    .catch((error) => callback(error));
}
