// Looks a value up once and keeps it in the cache for a minute.
// Follows Auth0's page "Post-Login API Object".
exports.onExecutePostLogin = async (event, api) => {
  const key = `number-of-${event.user.user_id}`;
  let number = api.cache.get(key)?.value;
  if (number === undefined) {
    number = String(Math.random());
    api.cache.set(key, number, { ttl: 60_000 });
  }
  api.idToken.setCustomClaim('https://claims.example.com/number', number);
};
