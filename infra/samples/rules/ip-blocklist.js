// Refuses some addresses.
// Follows the template ip-address-blocklist ("IP Address Blocklist").
function ipBlocklist(user, context, callback) {
  for (const address of configuration.BLOCKED_ADDRESSES.split(',')) {
    if (address === context.request.ip) {
      return callback(new UnauthorizedError('This address is shut out.'));
    }
  }
  return callback(null, user, context);
}
