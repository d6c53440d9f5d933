// Puts something into the ID token that only the holder of a password can read.
// Follows the templates encrypt-sensitive-data and decrypt-sensitive-data.
function sealedAttribute(user, context, callback) {
  const crypto = require('crypto');
  const key = crypto.createHash('sha256').update(configuration.ENCRYPT_PASSWORD, 'utf8').digest();
  const iv = Buffer.from(configuration.ENCRYPT_IV, 'utf8');

  const cipher = crypto.createCipheriv('aes-256-cbc', key, iv);
  const text = JSON.stringify({ licence: `L-${user.user_id}` });
  const sealed = cipher.update(text, 'utf8', 'base64') + cipher.final('base64');

  const decipher = crypto.createDecipheriv('aes-256-cbc', key, iv);
  const opened = JSON.parse(decipher.update(sealed, 'base64', 'utf8') + decipher.final('utf8'));

  context.idToken['https://claims.example.com/sealed'] = sealed;
  context.idToken['https://claims.example.com/licensed'] = opened.licence.startsWith('L-');
  callback(null, user, context);
}
