// Removes attributes from legacy tokens, which contain all of the user's attributes.
// Follows the template remove-attributes ("Remove attributes from a user").
function hideAttributes(user, context, callback) {
  ['favorite_color', 'nickname'].forEach(function (name) {
    delete user[name];
  });
  user.desk = 'B12';
  callback(null, user, context);
}
