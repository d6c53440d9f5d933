// Adds the e-mail address to access tokens.
// Follows the template add-email-to-access-token.
function emailInAccessToken(user, context, callback) {
  const claim = 'https://claims.example.com/' + 'email';
  context.accessToken[claim] = user.email;
  callback(null, user, context);
}
