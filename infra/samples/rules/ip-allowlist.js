// Admits only some addresses. The error is a plain one, not an UnauthorizedError.
// Follows the template ip-address-allowlist ("IP Address allowlist").
function ipAllowlist(user, context, callback) {
  const offices = configuration.OFFICES.split(',');
  if (offices.indexOf(context.request.ip) < 0) {
    return callback(new Error('This address is not one of ours.'));
  }
  return callback(null, user, context);
}
