// Keeps attributes out of the tokens of the legacy pipeline, where whatever stands on the user is told.
// Follows the template remove-attributes ("Remove attributes from a user").
function hideAttributes(user, context, callback) {
  ['favorite_color', 'nickname'].forEach(function (name) {
    delete user[name];
  });
  user.desk = 'B12';
  callback(null, user, context);
}
