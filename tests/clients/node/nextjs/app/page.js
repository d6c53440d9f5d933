import { auth0 } from '../auth0.js';

export default async function Page() {
  const session = await auth0.getSession();
  return <p>{session ? session.user.email : 'signed out'}</p>;
}
