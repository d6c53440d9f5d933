import { auth0 } from '../../auth0.js';

/** Refreshes, and shows the scope of the new access token or the error. */
export async function GET() {
  try {
    const { scope } = await auth0.getAccessToken({ refresh: true });
    return Response.json({ scope });
  } catch ({ code, message, cause }) {
    return Response.json({ code, message, cause: cause?.code });
  }
}
