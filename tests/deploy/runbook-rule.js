function plan(user, context, callback) {
  context.idToken['https://example.com/plan'] = configuration.API_KEY ? 'gold' : 'none';
  callback(null, user, context);
}
