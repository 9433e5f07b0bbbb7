import { SignJWT } from 'jose';
import type { SigningKey } from './signing-key.js';

const event = 'http://schemas.openid.net/event/backchannel-logout';
/** Times in seconds: whoever gets it late must not act on it. */
const lifetimeS = 120;

export interface LogoutFacts {
  readonly issuer: string;
  /** The client that is told. */
  readonly client: string;
  readonly principal: string;
  readonly session: string;
  readonly tokenId: string;
  readonly issuedAtS: number;
}

/** OpenID Connect Back-Channel Logout 1.0, section 2.4. */
export async function signLogoutToken(key: SigningKey, facts: LogoutFacts): Promise<string> {
  const { issuer, client, principal, session, tokenId, issuedAtS } = facts;
  return new SignJWT({
    iss: issuer,
    sub: principal,
    aud: client,
    iat: issuedAtS,
    exp: issuedAtS + lifetimeS,
    jti: tokenId,
    sid: session,
    events: { [event]: {} },
  })
    .setProtectedHeader({ alg: key.algorithm, typ: 'logout+jwt', kid: key.kid })
    .sign(key.privateKey);
}
