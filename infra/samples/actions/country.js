// Denies access from some countries and adds the country of other requests as a claim, if the address has one.
// Follows the template add-country.
exports.onExecutePostLogin = async (event, api) => {
  const country = event.request.geoip?.countryCode;
  if (!country) {
    return;
  }
  if ((event.secrets.CLOSED_COUNTRIES ?? '').split(',').includes(country)) {
    return api.access.deny('Not from here.');
  }
  api.idToken.setCustomClaim('https://claims.example.com/country', country);
};
