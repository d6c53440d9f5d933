// Adds the score that another server gives the request, and continues without it if that server is down.
// Follows the templates alt-risk-score and fraud-prevention-with-minfraud.
async function riskScore(user, context, callback) {
  const axios = require('axios');
  try {
    const { data } = await axios.get(`${configuration.RISK_URL}/score`, {
      params: { ip: context.request.ip, user: user.user_id },
      timeout: 2000,
    });
    context.idToken['https://claims.example.com/risk'] = data.score;
    context.accessToken['https://claims.example.com/risk'] = data.score;
  } catch (error) {
    console.error('no risk score:', error.message);
  }
  callback(null, user, context);
}
