import type { RefreshTokenFacts } from '#libs/tokens/refresh-token.js';

/** Where somebody came from, as the device says and the network knows. */
export interface SessionSource {
  /** Address of the peer; `''`: not known. */
  readonly address: string;
  /** User agent; `''`: not known. */
  readonly agent: string;
}

/** What is secret about sessions: their refresh tokens, and where they were begun. */
export interface SessionSecrets {
  /** The one text of a generation; every instance derives the same. */
  refreshToken(facts: RefreshTokenFacts): string;
  /** What a refresh token says, if one of our keys made it. Looks at no state. */
  readRefreshToken(text: string): RefreshTokenFacts | undefined;
  /** Sealed for the principal and the session, base64url. */
  sealSource(source: SessionSource, owner: SessionOwner): string;
  /** `undefined`: nothing is known, or its key is not here. */
  openSource(sealed: string, owner: SessionOwner): SessionSource | undefined;
}

export interface SessionOwner {
  readonly tenant: string;
  readonly principal: string;
  readonly session: string;
}
