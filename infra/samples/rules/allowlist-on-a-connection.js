// Admits only some of the users of one connection.
// Follows the template simple-whitelist-on-a-connection ("Whitelist on Specific Connection").
function allowlistOnAConnection(user, context, callback) {
  if (context.connection === configuration.GUARDED_CONNECTION) {
    const known = configuration.GUARDED_USERS.split(' ').some((email) => email === user.email);
    if (!known) {
      return callback(new UnauthorizedError('Not by this connection.'));
    }
  }
  callback(null, user, context);
}
