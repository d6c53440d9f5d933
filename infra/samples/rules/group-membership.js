// Requires a group of users who have groups; the directory may give one as a text, several as a list.
// Follows the template active-directory-groups ("Active Directory group membership").
function groupMembership(user, context, callback) {
  if (typeof user.groups === 'undefined') {
    return callback(null, user, context);
  }
  user.groups = [].concat(user.groups);
  if (user.groups.indexOf('captains') === -1) {
    return callback(new UnauthorizedError('For captains only.'));
  }
  callback(null, user, context);
}
