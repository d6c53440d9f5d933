// Requests a machine's token once and keeps it in `global` for later runs, until it expires.
// Follows Auth0's page https://auth0.com/docs/customize/rules/cache-resources
async function cachedToken(user, context, callback) {
  const axios = require('axios');
  const kept = global.partnerToken;
  if (!kept || kept.until < Date.now()) {
    try {
      const { data } = await axios.post(configuration.PARTNER_URL + '/oauth/token', {
        grant_type: 'client_credentials',
      });
      global.partnerToken = { value: data.access_token, until: Date.now() + data.expires_in * 1000 };
    } catch (error) {
      return callback(error);
    }
  }
  context.idToken['https://claims.example.com/partner'] = global.partnerToken.value;
  return callback(null, user, context);
}
