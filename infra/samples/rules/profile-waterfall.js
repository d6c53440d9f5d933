// Runs several callbacks one after the other, as rules did before promises.
// Follows the use of the library async in Auth0's templates of that time.
function profileWaterfall(user, context, callback) {
  var async = require('async');
  async.waterfall(
    [
      function (next) {
        setTimeout(function () {
          next(null, (user.name || user.email).toUpperCase());
        }, 1);
      },
      function (label, next) {
        next(null, label, label.length);
      },
    ],
    function (error, label, length) {
      context.idToken['https://claims.example.com/label'] = label + '/' + length;
      callback(error, user, context);
    }
  );
}
