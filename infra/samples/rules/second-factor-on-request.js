// Requires a second factor if the client requests one (acr_values), unless the user has already given one.
// Follows the template guardian-multifactor-stepup-authentication.
function secondFactorOnRequest(user, context, callback) {
  const POLICY = 'http://schemas.openid.net/pape/policies/2007/06/multi-factor';
  const wanted = context.request.query.acr_values === POLICY;
  const methods = (context.authentication && context.authentication.methods) || [];
  const given = methods.some((method) => method.name === 'mfa');
  if (wanted && !given) {
    context.multifactor = { provider: 'any', allowRememberBrowser: false };
  }
  callback(null, user, context);
}
