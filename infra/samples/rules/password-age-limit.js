// Requires a new password once it is older than MAX_PASSWORD_DAYS.
// Follows the template check-last-password-reset ("Check last password reset").
function passwordAgeLimit(user, context, callback) {
  const DAY = 24 * 60 * 60 * 1000;
  const since = new Date(user.last_password_reset || user.created_at);
  const days = (Date.now() - since.getTime()) / DAY;
  if (days > Number(configuration.MAX_PASSWORD_DAYS)) {
    return callback(new UnauthorizedError('Your password is too old. Choose another one.'));
  }
  callback(null, user, context);
}
