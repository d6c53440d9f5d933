// Adds claims about the transaction, and about the refresh token if there is one.
// Follows Auth0's page "Post-Login Event Object".
exports.onExecutePostLogin = async (event, api) => {
  const { transaction, refresh_token: refresh, request } = event;
  api.idToken.setCustomClaim('https://claims.example.com/protocol', transaction.protocol);
  api.idToken.setCustomClaim('https://claims.example.com/asked', transaction.requested_scopes);
  if (refresh) {
    api.idToken.setCustomClaim('https://claims.example.com/refresh', {
      client: refresh.client_id,
      ends: refresh.expires_at > refresh.created_at,
      asked: request.body.scope,
    });
  }
};
