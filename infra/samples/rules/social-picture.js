// Sets the larger picture of a social network for users with an account there, and leaves other users alone.
// Follows the templates facebook-custom-picture and linkedin-original-picture.
function socialPicture(user, context, callback) {
  const _ = require('lodash');
  const identity = _.find(user.identities, { connection: 'facebook' });
  if (identity) {
    context.idToken.picture = `https://graph.example.com/${identity.user_id}/picture?type=large`;
  }
  const own = _.find(user.identities, { provider: 'auth0' });
  context.idToken['https://claims.example.com/local_id'] = _.get(own, 'user_id', null);
  callback(null, user, context);
}
