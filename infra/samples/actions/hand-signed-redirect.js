// Does the same as signed-redirect with a library: for forms with their own token format.
// Follows Auth0's page "Redirect with Actions".
const jwt = require('jsonwebtoken');

exports.onExecutePostLogin = async (event, api) => {
  if (event.user.user_metadata.team || event.transaction.protocol === 'oauth2-refresh-token') {
    return;
  }
  const ticket = jwt.sign({ sub: event.user.user_id }, event.secrets.FORM_SECRET, { expiresIn: 60 });
  api.redirect.sendUserTo(`https://forms.example.com/team?ticket=${ticket}`);
};

exports.onContinuePostLogin = async (event, api) => {
  try {
    const { team } = jwt.verify(event.request.query.ticket, event.secrets.FORM_SECRET);
    api.user.setUserMetadata('team', team);
  } catch (error) {
    api.access.deny(`The form answered with a bad ticket: ${error.message}.`);
  }
};
