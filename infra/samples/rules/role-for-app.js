// Requires a role that the client's metadata name; several are separated by commas.
// Follows Auth0's page "Use Rules with the Authorization Extension".
function roleForApp(user, context, callback) {
  const wanted = context.clientMetadata && context.clientMetadata.required_roles;
  if (!wanted) {
    return callback(null, user, context);
  }
  const held = (context.authorization || {}).roles || [];
  const hasRole = _.intersection(wanted.split(','), held).length > 0;
  callback(hasRole ? null : new UnauthorizedError('Your role does not open this.'), user, context);
}
