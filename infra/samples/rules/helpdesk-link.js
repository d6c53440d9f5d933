// Builds the link that logs the user in at a help desk, a different one each time.
// Follows the template zendesk-sso-jwt ("Zendesk SSO for users using JWT").
function helpdeskLink(user, context, callback) {
  const jwt = require('jsonwebtoken');
  const uuid = require('uuid');
  const ticket = {
    iat: Math.floor(Date.now() / 1000),
    jti: uuid.v4(),
    email: user.email,
    name: user.name,
    external_id: user.user_id,
  };
  const signed = jwt.sign(ticket, configuration.HELPDESK_SECRET);
  context.idToken['https://claims.example.com/helpdesk'] = 'https://help.example.com/jwt?jwt=' + signed;
  callback(null, user, context);
}
