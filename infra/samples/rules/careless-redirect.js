// Redirects every user without checking the protocol: without a browser, that is an error.
// Follows the warning of Auth0's page https://auth0.com/docs/customize/rules/redirect-users
function carelessRedirect(user, context, callback) {
  context.redirect = { url: 'https://news.example.com/today' };
  callback(null, user, context);
}
