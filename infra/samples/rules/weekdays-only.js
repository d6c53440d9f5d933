// Closes one application on CLOSED_DAYS of the week (0 is Sunday), by default at weekends.
// Follows the template access-on-weekdays-only-for-an-app.
function weekdaysOnly(user, context, callback) {
  if (context.clientName !== 'Web shop') {
    return callback(null, user, context);
  }
  const closed = (configuration.CLOSED_DAYS || '0 6').split(' ').map(Number);
  const today = new Date().getUTCDay();
  callback(closed.includes(today) ? new UnauthorizedError('Closed today.') : null, user, context);
}
