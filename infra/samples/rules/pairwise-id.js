// Gives each client its own identifier of the user, which is useless to other clients.
// Follows the use of crypto in Auth0's page https://auth0.com/docs/customize/rules/configuration
function pairwiseId(user, context, callback) {
  var crypto = require('crypto');
  var digest = crypto
    .createHash('sha256')
    .update([configuration.SALT, context.clientID, user.user_id].join('|'))
    .digest('base64');
  context.idToken['https://claims.example.com/pairwise'] = digest;
  callback(null, user, context);
}
