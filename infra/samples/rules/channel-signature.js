// Signs the channel name of the authorization request, so that its owner may subscribe.
// Follows the template pusher.
function channelSignature(user, context, callback) {
  const crypto = require('crypto');
  const { channel, socket_id: socket } = context.request.query;

  if (channel && socket) {
    const signature = sign(`${socket}:${channel}`);
    context.idToken['https://claims.example.com/channel'] = `${configuration.CHANNEL_KEY}:${signature}`;
  }
  callback(null, user, context);

  function sign(text) {
    return crypto.createHmac('sha256', configuration.CHANNEL_SECRET).update(text).digest('hex');
  }
}
