// Signs a token for an API that trusts a shared secret, and passes it on in the ID token.
// Follows the template jwt ("Generate a JSON Web Token").
function thirdPartyJwt(user, context, callback) {
  const jwt = require('jsonwebtoken');
  const secret = Buffer.from(configuration.PARTNER_SECRET, 'base64');
  const claims = { user_id: user.user_id, email: user.email, name: user.name };
  context.idToken['https://claims.example.com/partner_token'] = jwt.sign(claims, secret, {
    subject: user.user_id,
    audience: configuration.PARTNER_ID,
    issuer: 'https://rules.example.com/',
    expiresIn: '10h',
  });
  callback(null, user, context);
}
