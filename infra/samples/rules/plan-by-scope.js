// Adds a claim only if the client requested the scope of that name; on a refresh the parameters are those of
// the refresh.
// Follows Auth0's page https://auth0.com/docs/customize/rules/context-object (request.query, request.body).
function planByScope(user, context, callback) {
  const { query = {}, body = {} } = context.request || {};
  const scope = String(query.scope || body.scope || '');
  if (/(^|\s)profile(\s|$)/.test(scope)) {
    context.idToken['https://claims.example.com/plan'] = (user.app_metadata || {}).plan;
  }
  callback(null, user, context);
}
