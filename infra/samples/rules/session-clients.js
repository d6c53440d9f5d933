// Adds claims about the session: the methods of the login, and the clients.
// Follows Auth0's page https://auth0.com/docs/customize/rules/context-object (authentication, sso).
function sessionClients(user, context, callback) {
  const methods = ((context.authentication || {}).methods || []).map((method) => method.name);
  const clients = (context.sso || {}).current_clients || [];
  context.idToken['https://claims.example.com/methods'] = methods;
  context.idToken['https://claims.example.com/clients'] = [...clients].sort();
  callback(null, user, context);
}
