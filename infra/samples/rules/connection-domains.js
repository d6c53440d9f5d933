// Admits addresses of the connection's own domains, or all addresses if it has none. The refusal is a text
// instead of an error, as in the template.
// Follows the template check-domains-against-connection-aliases.
function connectionDomains(user, context, callback) {
  const { tenant_domain: own, domain_aliases: aliases = [] } = context.connectionOptions;
  if (!own && aliases.length === 0) {
    return callback(null, user, context);
  }
  const domains = [own, ...aliases].filter(Boolean).map((domain) => domain.toLowerCase());
  const theirs = user.email.split('@').pop().toLowerCase();
  return domains.includes(theirs) ? callback(null, user, context) : callback('Wrong domain');
}
