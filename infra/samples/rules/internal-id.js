// Requests the user's number from a server of the tenant once, and stores it in app_metadata.
// Follows the template aspnet-webapi ("Custom webhook with ASPNET WebApi2").
function internalId(user, context, callback) {
  const request = require('request');
  user.app_metadata = user.app_metadata || {};
  const setClaim = () => {
    context.idToken['https://claims.example.com/internal_id'] = user.app_metadata.internal_id;
    callback(null, user, context);
  };
  if (user.app_metadata.internal_id) {
    return setClaim();
  }
  const options = {
    url: configuration.WEBHOOK + '/ids',
    json: { user_id: user.user_id, secret: configuration.WEBHOOK_SECRET },
    timeout: 4000,
  };
  request.post(options, (error, response, body) => {
    if (error) {
      return callback(new Error(error));
    }
    user.app_metadata.internal_id = body.id;
    auth0.users.updateAppMetadata(user.user_id, user.app_metadata).then(setClaim).catch(callback);
  });
}
