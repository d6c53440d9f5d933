import { Auth0Client } from '@auth0/nextjs-auth0/server';

import { front } from './front.js';

/** All other settings are in the environment, where the SDK reads them. */
export const auth0 = new Auth0Client({
  authorizationParameters: {
    audience: 'https://api.example.com',
    scope: 'openid profile email offline_access read:orders',
  },
  customFetch: front(process.env.AUTH0_DOMAIN, process.env.TENANT_ADDRESS),
});
