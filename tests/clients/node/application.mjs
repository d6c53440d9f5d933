// The application to which the hosted pages return.

import { createServer } from 'node:http';

/** An application that shows the parameters it receives. */
export async function startApplication() {
  const server = createServer(async (request, response) => {
    const body = (await request.toArray()).join('');
    const query = new URL(request.url, 'http://localhost').searchParams;
    const received = Object.fromEntries(body ? new URLSearchParams(body) : query);
    response.setHeader('content-type', 'text/html');
    response.end(`<title>app</title><pre>${JSON.stringify(received)}</pre>`);
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  const callback = `http://127.0.0.1:${server.address().port}/callback`;
  return { callback, stop: () => server.closeAllConnections() || server.close() };
}
