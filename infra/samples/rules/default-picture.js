// Sets another fallback for pictures of the CDN that may be missing, and a picture if there is none.
// Follows the template default-picture-null-avatars.
function defaultPicture(user, context, callback) {
  const url = require('url');
  const fallback = 'https://pictures.example.com/default.png';
  const address = url.parse(user.picture || fallback, true);
  if (address.hostname === 'cdn.example.com') {
    address.query.d = fallback;
    delete address.search;
  }
  user.picture = url.format(address);
  context.idToken['https://claims.example.com/picture'] = user.picture;
  callback(null, user, context);
}
