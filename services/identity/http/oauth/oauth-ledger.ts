import type { ClientAudience } from '#libs/events/catalogue/client.js';
import type { Client } from '#services/identity/app/clients.js';

/** A client that may act now. */
export type OauthClient = Client;

/** How somebody was verified, as tokens say it. */
export interface Verified {
  readonly tenant: string;
  readonly principal: string;
  readonly session: string;
  readonly credential: string;
  readonly acr: string;
  readonly amr: readonly string[];
  readonly authTimeMs: number;
  readonly authPosition: number;
}

/** What a code or a device code becomes: tokens of one family. */
export interface FamilyFacts extends Verified {
  readonly family: string;
  readonly client: string;
  readonly scopes: readonly string[];
  readonly audience: string;
  readonly confirmation?: string | undefined;
  readonly generation: number;
  readonly idleUntilMs: number;
  readonly expiresAtMs: number;
  /** Given out while the ledger could not be asked. */
  readonly outage: boolean;
}

/** A family of which a token is about to be used, whatever its generation. */
export type UsedFamily = Pick<FamilyFacts, 'client' | 'scopes' | 'audience' | 'confirmation'> & {
  readonly revoked: boolean;
};

/** A family that a refresh token names. */
export interface FoundFamily extends FamilyFacts {
  /** When its newest token was made, ms since the Unix epoch. */
  readonly rotatedAtMs: number;
}

/** An access token of ours that is good at this moment. */
export interface LiveToken {
  readonly tokenId: string;
  readonly tenant: string;
  readonly principal: string;
  /** Absent: of a login without OAuth. */
  readonly client?: string | undefined;
  readonly audience: string;
  /** Undefined: no limit. */
  readonly scopes: readonly string[] | undefined;
  readonly issuedAtS: number;
  readonly expiresAtS: number;
  readonly authTimeS: number;
  readonly acr?: string | undefined;
  readonly amr: readonly string[];
  readonly session?: string | undefined;
  readonly family?: string | undefined;
  readonly jkt?: string | undefined;
  readonly x5t?: string | undefined;
  readonly credential: string;
  readonly authPosition: number;
  /** Issued while the ledger could not be asked. */
  readonly outage: boolean;
  /** Who acts for the principal (RFC 8693, section 4.1), outermost first. */
  readonly act?: Actor | undefined;
}

export interface Actor {
  readonly sub: string;
  readonly act?: Actor | undefined;
}

/** An authorization code that was issued and not swept yet. */
export interface CodeFacts {
  readonly redirectUri: string;
  readonly pkce?: string | undefined;
  readonly nonce?: string | undefined;
  readonly scopes: readonly string[];
  readonly audience: string;
  readonly artifact?: string | undefined;
}

/** A device code (RFC 8628) as it is asked for. */
export interface NewDevice {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly scopes: readonly string[];
  readonly audience: string;
  readonly expiresAtMs: number;
  readonly artifact: string;
}

export interface DeviceFacts {
  readonly scopes: readonly string[];
  readonly audience: string;
  readonly expiresAtMs: number;
  readonly status: 'PENDING' | 'APPROVED' | 'DENIED' | 'REDEEMED';
  /** Who approved it, and what. */
  readonly approved?:
    | { readonly principal: string; readonly scopes: readonly string[] }
    | undefined;
  readonly artifact?: string | undefined;
}

/** What the tokens of a family are to be. */
export interface NewFamilyFacts {
  readonly scopes: readonly string[];
  readonly audience: string;
  readonly confirmation?: string | undefined;
}

/** A family at this generation, and its refresh token. */
export interface Issued {
  readonly family: FamilyFacts;
  readonly refreshToken: string;
}

/** An access token that is to be signed. */
export interface NewAccessToken {
  readonly tokenId: string;
  readonly client: OauthClient;
  readonly audience: string;
  readonly scopes: readonly string[];
  readonly issuedAtS: number;
  readonly expiresAtS: number;
  /** Of whom it speaks; `session` is `''` where nobody is present. */
  readonly verified: Verified;
  readonly family?: string | undefined;
  /** The claim `cnf`. */
  readonly cnf?: Readonly<Record<string, string>> | undefined;
  readonly outage: boolean;
  readonly act?: Actor | undefined;
}

/** Claims of OpenID Connect about a principal. */
export interface PersonClaims {
  readonly name?: string | undefined;
  readonly preferred_username?: string | undefined;
  readonly locale?: string | undefined;
  readonly email?: string | undefined;
  readonly email_verified?: boolean | undefined;
}

/**
 * What OAuth needs of the ledgers: the engine, and the endpoints that do without it. Reads answer from folded state; what appends resolves
 * when it counts, and rejects with a Failure when it does not.
 */
export interface OauthLedger {
  /** Throws a Failure while what is known here is not all there is: being read, or read anew. */
  requireServing(): void;
  /** The same, and while it is too old to answer from: for this tenant, where it says so. */
  requireFresh(tenant: string): void;
  client(id: string): OauthClient | undefined;
  /** What its tokens may be for, the default first; never none. */
  audiencesOf(client: OauthClient): readonly ClientAudience[];
  /** Id of the secret, when it is one of the client's that is good now. */
  secretOf(client: OauthClient, secret: string): string | undefined;
  /** Id of the certificate (by SPKI SHA-256 or SPIFFE id), when it is bound to the client. */
  certificateOf(
    client: OauthClient,
    spkiSha256: string,
    uris: readonly string[],
  ): string | undefined;
  session(token: string): Promise<Verified | undefined>;
  isActive(tenant: string, principal: string): boolean;
  claims(tenant: string, principal: string): Promise<PersonClaims>;
  /** Scopes that the client has of this principal without asking. */
  granted(client: OauthClient, principal: string): readonly string[];
  /**
   * The consent was withdrawn since the person has logged in, and given again: what is issued on that
   * login would be as dead as what the client had before.
   */
  needsNewLogin(by: Verified, client: OauthClient): boolean;
  /** Beside what was consented to before. */
  giveConsent(who: Verified, client: OauthClient, scopes: readonly string[]): Promise<void>;
  describeScope(tenant: string, scope: string): string | undefined;
  issueCode(by: Verified, client: OauthClient, code: string, facts: CodeFacts): Promise<void>;
  code(client: OauthClient, code: string): Promise<CodeFacts | undefined>;
  /** A second time: revokes what the first gave, and rejects. */
  redeemCode(client: OauthClient, code: string, family: NewFamilyFacts): Promise<Issued>;
  /** Of the newest generation only. */
  familyOf(refreshToken: string): Promise<FoundFamily | undefined>;
  /** `mayUse` is asked before the token is used up; what it throws is the answer. */
  rotate(
    client: OauthClient,
    refreshToken: string,
    mayUse: (family: UsedFamily) => void,
  ): Promise<Issued>;
  /** That of a token of any generation, if it is the client's. */
  revokeFamily(client: OauthClient, refreshToken: string): Promise<void>;
  /** `source`: address of the peer. Rejects TOO_MANY_REQUESTS for clients that keep no secret. */
  issueDevice(client: OauthClient, device: NewDevice, source: string): Promise<void>;
  device(client: OauthClient, deviceCode: string): Promise<DeviceFacts | undefined>;
  deviceByUserCode(userCode: string): Promise<DeviceFacts | undefined>;
  approveDevice(by: Verified, userCode: string, scopes: readonly string[]): Promise<void>;
  denyDevice(by: Verified, userCode: string): Promise<void>;
  redeemDevice(client: OauthClient, deviceCode: string, family: NewFamilyFacts): Promise<Issued>;
  /** False: it was used before. */
  useAssertion(client: OauthClient, jti: string, expiresAtMs: number): Promise<boolean>;
  endSession(session: Verified): Promise<void>;
  /** Position of L that is folded here. */
  position(): number;
  /** What the access token is to say (RFC 9068). */
  accessPayload(token: NewAccessToken): Record<string, unknown>;
  /** Lifetime of access tokens of this client, s. */
  accessTtlS(client: OauthClient, audience: string): number;
  /** Undefined: not ours, expired, or dead by any watermark. */
  liveToken(accessToken: string): Promise<LiveToken | undefined>;
  revokeToken(client: OauthClient, token: LiveToken): Promise<void>;
}
