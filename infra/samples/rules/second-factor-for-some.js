// Requires a second factor of users who chose it in user_metadata, but not on refreshes, where no user is present.
// Follows the templates guardian-multifactor and mfa.
function secondFactorForSome(user, context, callback) {
  const isRequired = _.get(user, 'user_metadata.use_mfa', false);
  const isInteractive = context.protocol !== 'oauth2-refresh-token';
  if (isRequired && isInteractive) {
    context.multifactor = { provider: 'guardian' };
  }
  callback(null, user, context);
}
