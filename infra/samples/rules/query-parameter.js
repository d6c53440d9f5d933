// Reads a parameter of the authorization request that the server itself does not know.
// Follows the template querystring.
function queryParameter(user, context, callback) {
  if (context.request.query.campaign === 'spring') {
    context.idToken['https://claims.example.com/campaign'] = 'spring flowers';
  }
  callback(null, user, context);
}
