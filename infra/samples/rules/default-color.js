// Gives users without a preference a default one, stores it, and adds it as a claim.
// Follows the template add-persistence-attribute ("Add persistent attributes to the user").
function defaultColor(user, context, callback) {
  const preferences = (user.user_metadata = user.user_metadata || {});
  preferences.color = preferences.color || 'teal';
  context.idToken['https://claims.example.com/color'] = preferences.color;
  auth0.users
    .updateUserMetadata(user.user_id, preferences)
    .then(function () {
      callback(null, user, context);
    })
    .catch(callback);
}
