// Requires a second factor of users who chose it in user_metadata, but not on refreshes, where no user is present.
// Follows the templates guardian-multifactor and mfa.
function secondFactorForSome(user, context, callback) {
  const wished = _.get(user, 'user_metadata.use_mfa', false);
  const somebodyThere = context.protocol !== 'oauth2-refresh-token';
  if (wished && somebodyThere) {
    context.multifactor = { provider: 'guardian' };
  }
  callback(null, user, context);
}
