// Admits the users of a list, by verified e-mail address.
// Follows the template simple-user-whitelist ("Whitelist"); a function without a name, as many tenants have.
function (user, context, callback) {
  var guests = ['ada@example.com', 'iris@example.com'];

  if (user.email && user.email_verified && guests.indexOf(user.email) !== -1) {
    callback(null, user, context);
  } else {
    callback(new UnauthorizedError('You are not on the list.'));
  }
}
