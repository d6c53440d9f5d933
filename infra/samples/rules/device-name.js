// Gives logins of the device flow a claim and fewer scopes.
// Follows Auth0's page https://auth0.com/docs/customize/rules/context-object (protocol).
function deviceName(user, context, callback) {
  if (context.protocol === 'oauth2-device-code') {
    context.accessToken['https://claims.example.com/device'] = context.clientName;
    context.accessToken.scope = ['openid', 'offline_access', 'read:orders'];
  }
  callback(null, user, context);
}
