// `fetch` for clients in Node, which do not trust the local server's certificate authority.

import { request } from 'node:https';

/** `fetch` that trusts one certificate authority and leaves redirects to its caller. */
export function trusting(ca) {
  return async (url, options) => {
    const asked = new Request(url, options);
    const body = await asked.text();
    const { method, signal } = asked;
    const headers = Object.fromEntries(asked.headers);
    return new Promise((done, failed) => {
      const sent = request(asked.url, { method, headers, ca, signal }, (response) => {
        response.toArray().then((chunks) => done(answered(response, chunks)), failed);
      });
      sent.once('error', failed);
      sent.end(body);
    });
  };
}

function answered({ statusCode: status, headersDistinct }, chunks) {
  const names = Object.entries(headersDistinct);
  const headers = names.flatMap(([name, values]) => values.map((value) => [name, value]));
  const body = [204, 304].includes(status) ? null : Buffer.concat(chunks);
  return new Response(body, { status, headers });
}
