// Restricts one application to a few users, and leaves other applications alone.
// Follows the template simple-user-whitelist-for-app ("Whitelist for a Specific App").
function allowlistForOneApp(user, context, callback) {
  const staff = new Set(['ada@example.com']);
  const guarded = context.clientName === 'Web shop';
  if (guarded && !(user.email_verified && staff.has(user.email))) {
    return callback(new UnauthorizedError(`${context.clientName} is not for everybody.`));
  }
  return callback(null, user, context);
}
