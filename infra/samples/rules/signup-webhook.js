// Reports new users to another server without waiting for it; silent logins and refreshes are not signups.
// Follows the templates slack and zapier-new-user.
function signupWebhook(user, context, callback) {
  const again =
    context.stats.loginsCount > 1 ||
    ['oauth2-refresh-token', 'redirect-callback'].includes(context.protocol) ||
    context.request.query.prompt === 'none';
  if (again || !configuration.HOOK_URL) {
    return callback(null, user, context);
  }
  request.post({
    url: configuration.HOOK_URL + '/signups',
    json: { text: 'New: ' + (user.name || user.email) },
  });
  callback(null, user, context);
}
