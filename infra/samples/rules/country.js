// Adds the country of the request as a claim, if the address has one.
// Follows the template add-country ("Add country to the user profile").
function country(user, context, callback) {
  const place = context.request.geoip;
  if (place) {
    Object.assign(context.idToken, {
      'https://claims.example.com/country': place.country_name,
      'https://claims.example.com/zone': place.time_zone,
    });
  }
  callback(null, user, context);
}
