// Marks users of one connection, only in the ID token of the current login.
// Follows the template add-attributes ("Add attributes to a user for specific connection").
function vipByConnection(user, context, callback) {
  if (context.connection === 'Username-Password-Authentication') {
    context.idToken['https://claims.example.com/vip'] = true;
  }
  callback(null, user, context);
}
