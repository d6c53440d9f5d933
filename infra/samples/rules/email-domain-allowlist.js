// Admits verified addresses of some domains. DOMAINS is a list separated by commas.
// Follows the template simple-domain-whitelist ("Email domain whitelist").
function emailDomainAllowlist(user, context, callback) {
  const refuse = () => callback(new UnauthorizedError('Your e-mail domain has no access.'));
  if (!user.email || !user.email_verified) {
    return refuse();
  }
  const domain = user.email.slice(user.email.lastIndexOf('@') + 1).toLowerCase();
  const allowed = configuration.DOMAINS.split(',').map((name) => name.trim());
  return allowed.includes(domain) ? callback(null, user, context) : refuse();
}
