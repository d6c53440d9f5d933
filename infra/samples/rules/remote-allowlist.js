// Admits the addresses of a list on another server, one address per line.
// Follows the template dropbox-whitelist ("Whitelist on the cloud").
function remoteAllowlist(user, context, callback) {
  const request = require('request');
  request.get({ url: `${configuration.LIST_URL}/list.txt` }, (error, response, body) => {
    if (error) {
      return callback(error);
    }
    const listed = body.split('\n').some((line) => line.trim() === user.email);
    callback(listed ? null : new UnauthorizedError('Not on the remote list.'), user, context);
  });
}
