// Reports every run to another server with part of the rule's data, and ignores the answer.
// Follows the templates requestbin and zapier-new-login.
function loginWebhook(user, context, callback) {
  const _ = require('lodash');
  const request = require('request');
  const payload = _.extend({}, _.pick(user, ['user_id', 'email']), {
    app: context.clientName,
    protocol: context.protocol,
    ip: context.request.ip,
    agent: context.request.userAgent,
  });
  request.post({ url: configuration.HOOK_URL + '/logins', json: payload }, () => {
    callback(null, user, context);
  });
}
