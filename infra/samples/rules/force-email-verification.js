// Admits only users with a verified e-mail address.
// Follows the template email-verified ("Force email verification").
function forceEmailVerification(user, context, callback) {
  if (user.email_verified) {
    return callback(null, user, context);
  }
  callback(new UnauthorizedError('Confirm your e-mail address first.'));
}
