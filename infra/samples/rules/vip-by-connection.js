// Marks those who come by one connection, in the ID token of this login only.
// Follows the template add-attributes ("Add attributes to a user for specific connection").
function vipByConnection(user, context, callback) {
  if (context.connection === 'Username-Password-Authentication') {
    context.idToken['https://claims.example.com/vip'] = true;
  }
  callback(null, user, context);
}
