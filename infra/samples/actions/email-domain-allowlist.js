// Admits verified addresses of the domains in the secret ALLOWED_DOMAINS.
// Follows the templates email-verified and simple-domain-allowlist.
exports.onExecutePostLogin = async (event, api) => {
  const { email, email_verified: verified } = event.user;
  if (!verified) {
    return api.access.deny('Confirm your e-mail address first.');
  }
  const domains = event.secrets.ALLOWED_DOMAINS.split(',').map((domain) => domain.trim());
  if (!domains.includes(email.split('@')[1])) {
    api.access.deny(`Users of ${email.split('@')[1]} have no access.`);
  }
};
