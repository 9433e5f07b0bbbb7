import {
  apiKeyStatus,
  findApiKey,
  tokenStatus,
  unknownApiKey,
} from '#libs/access/evaluate/credential-status.js';
import {
  decideWithApiKey,
  decideWithSession,
  decideWithToken,
  type Ask,
  type Decision,
} from '#libs/access/evaluate/decide.js';
import { nothing, scopePatterns } from '#libs/access/evaluate/scope-limits.js';
import { sessionStatus, unknownSession } from '#libs/access/evaluate/session-status.js';
import type { TokenFacts } from '#libs/access/evaluate/token-facts.js';
import { unlimited, type CredentialLimits } from '#libs/access/projection/api-key.js';
import type { ViewState } from '#libs/access/projection/view-state.js';
import { ALLOW, QUARANTINED, type ReasonCode } from '#libs/access/reason-code.js';
import type { SessionView } from '#libs/access/sessions/session-view.js';
import { Failure } from '#libs/errors/failure.js';
import { apiKeySha256, isApiKey } from '#libs/tokens/api-key.js';
import { importPublicJwk, type VerificationKey } from '#libs/tokens/keys.js';
import { isSessionToken, sessionTokenSha256 } from '#libs/tokens/session-token.js';
import { factsOf } from '#libs/tokens/token-facts.js';
import { verifyAccessToken } from '#libs/tokens/verify-access-token.js';
import type { LedgerSession } from '#services/identity/app/ledger-session.js';
import type { SessionFold } from '#services/identity/app/session-fold.js';
import { VerifiedTexts, type VerifiedText } from '#services/identity/app/verified-texts.js';

export type CallerCredential =
  | { readonly kind: 'API_KEY'; readonly sha256: string; readonly id: string }
  | {
      readonly kind: 'TOKEN';
      readonly token: TokenFacts & { readonly scopes: readonly string[] };
      /** Ledger S as it is whenever the credential is judged again. */
      readonly sessions: () => SessionView;
    }
  | {
      readonly kind: 'SESSION';
      readonly sha256: string;
      readonly session: string;
      readonly sessions: () => SessionView;
    };

/** Who calls identity, by a credential that was valid when it was looked at. */
export interface Caller {
  readonly tenant: string;
  readonly principal: string;
  readonly credential: CallerCredential;
}

/** Longest wait for a position that a token names and this instance has not read yet, ms. */
const MAX_WAIT_MS = 250;

export interface GateLedgers {
  readonly ledger: LedgerSession;
  readonly sessions: LedgerSession<SessionFold>;
}

/** Tells who calls. Every refusal has one text: what was wrong is for the log. */
export class CallerGate {
  readonly #ledger: LedgerSession;
  readonly #sessions: LedgerSession<SessionFold>;
  readonly #issuer: string;
  readonly #audiences: ReadonlySet<string>;
  readonly #takesBound: boolean;
  readonly #verified: VerifiedTexts;
  readonly #keys = new Map<string, VerificationKey>();
  #keysOf: ViewState | undefined;
  #known = 0;

  /**
   * `takesBound`: whoever asks looks at the key that a token is bound to itself (claim `cnf`).
   * `verified`: what gates for other audiences have verified counts here too.
   */
  constructor(
    { ledger, sessions }: GateLedgers,
    issuer: string,
    audiences: readonly string[],
    takesBound = false,
    verified = new VerifiedTexts(),
  ) {
    this.#ledger = ledger;
    this.#sessions = sessions;
    this.#issuer = issuer;
    this.#audiences = new Set(audiences);
    this.#takesBound = takesBound;
    this.#verified = verified;
  }

  /** Rejects CALLER_UNAUTHENTICATED; NOT_YET_KNOWN for a token from ahead of this instance. */
  async admit(bearer: string | undefined, nowMs: number, remainingMs: number): Promise<Caller> {
    if (bearer === undefined) throw unauthenticated('no credential');
    const caller = await this.#recognise(bearer, nowMs, remainingMs);
    const status = credentialStatus(this.#ledger.fold.view, caller, nowMs);
    if (status !== ALLOW) throw refusedCaller(status);
    return caller;
  }

  async #recognise(bearer: string, nowMs: number, remainingMs: number): Promise<Caller> {
    if (isApiKey(bearer)) return this.#byApiKey(bearer);
    if (isSessionToken(bearer)) return this.#bySession(bearer);
    return this.#byToken(bearer, nowMs, remainingMs);
  }

  /** One that another instance has just begun is found as soon as this one has read so far. */
  async #bySession(text: string): Promise<Caller> {
    const sha256 = sessionTokenSha256(text);
    if (sha256 === undefined) throw unauthenticated('not a session token');
    const sessions = (): SessionView => this.#sessions.fold.view;
    if (sessions().findByToken(sha256) === undefined) await this.#sessions.seeEnd(MAX_WAIT_MS);
    const row = sessions().findByToken(sha256);
    if (row === undefined) throw refusedCaller(unknownSession(sessions(), sha256));
    const { tenant, principal, session } = row;
    return { tenant, principal, credential: { kind: 'SESSION', sha256, session, sessions } };
  }

  #byApiKey(text: string): Caller {
    const { view } = this.#ledger.fold;
    const sha256 = apiKeySha256(text);
    if (sha256 === undefined) throw unauthenticated('not an API key');
    const key = findApiKey(view, sha256);
    if (key === undefined) throw refusedCaller(unknownApiKey(view, sha256));
    return {
      tenant: view.tenants[key.tenant]?.id ?? '',
      principal: view.principals.idOf(key.principal),
      credential: { kind: 'API_KEY', sha256, id: key.credential },
    };
  }

  async #byToken(text: string, nowMs: number, remainingMs: number): Promise<Caller> {
    const { claims, kid } = this.#verify(text, nowMs);
    // Nobody shows here that the key is its own.
    if (claims.confirmation !== undefined && !this.#takesBound)
      throw unauthenticated('bound to a key');
    // An empty scope allows nothing; further in, no scopes mean no limit.
    if (claims.scopes?.length === 0) throw unauthenticated('of an empty scope');
    const { fold, reader } = this.#ledger;
    if (claims.ledger.epoch !== fold.cluster?.epoch) throw unauthenticated('of another epoch');
    const waitMs = Math.min(MAX_WAIT_MS, remainingMs);
    const inS = claims.ledger.sessionPosition ?? -1;
    const reached = await Promise.all([
      reader.waitFor(claims.ledger.position, waitMs),
      this.#sessions.reader.waitFor(inS, waitMs),
    ]);
    if (!reached.every(Boolean)) {
      throw new Failure('NOT_YET_KNOWN', 'this instance has not read that far yet; try again', {
        retryAfterMs: MAX_WAIT_MS,
      });
    }
    // It may have been restored meanwhile.
    if (claims.ledger.epoch !== fold.cluster?.epoch) throw unauthenticated('of another epoch');
    const token = factsOf(claims, kid);
    const sessions = (): SessionView => this.#sessions.fold.view;
    const { tenant, principal } = token;
    return { tenant, principal, credential: { kind: 'TOKEN', token, sessions } };
  }

  #verify(text: string, nowMs: number): VerifiedText {
    const { view } = this.#ledger.fold;
    const known = this.#verified.find(text, view, nowMs);
    if (known !== undefined && this.#audiences.has(known.claims.audience)) return known;
    const rules = { keys: this.#currentKeys(), issuer: this.#issuer, audiences: this.#audiences };
    const verdict = verifyAccessToken(text, rules, nowMs);
    if (!verdict.ok) throw unauthenticated(verdict.why);
    const { claims, kid } = verdict;
    this.#verified.add(text, view, nowMs, { claims, kid });
    return { claims, kid };
  }

  /** Keys are added and change their status, but none is ever forgotten: their number tells. */
  #currentKeys(): ReadonlyMap<string, VerificationKey> {
    const { view } = this.#ledger.fold;
    const { signingKeys } = view;
    if (view === this.#keysOf && signingKeys.size === this.#known) return this.#keys;
    this.#keysOf = view;
    this.#known = signingKeys.size;
    this.#keys.clear();
    for (const { kid, publicJwk } of signingKeys.values()) {
      const key = readableKey(publicJwk);
      // The map's own name counts: a JWK that says another one is no key of ours.
      if (key?.kid === kid) this.#keys.set(kid, key);
    }
    return this.#keys;
  }
}

/** A key that cannot be read verifies nothing; it must not keep the others from it. */
function readableKey(publicJwk: string): VerificationKey | undefined {
  try {
    return importPublicJwk(publicJwk);
  } catch {
    return undefined;
  }
}

/** ALLOW while the caller's credential, principal and tenant are good. */
export function credentialStatus(view: ViewState, caller: Caller, nowMs: number): ReasonCode {
  const { credential } = caller;
  if (credential.kind === 'TOKEN') {
    return tokenStatus(view, credential.sessions(), credential.token, nowMs);
  }
  if (credential.kind === 'SESSION') {
    const sessions = credential.sessions();
    return sessionStatus(view, sessions, sessions.findByToken(credential.sha256), nowMs);
  }
  const key = findApiKey(view, credential.sha256);
  return key === undefined
    ? unknownApiKey(view, credential.sha256)
    : apiKeyStatus(view, key, nowMs);
}

/** May the caller do this, within its credential's limits? */
export function decideFor(view: ViewState, caller: Caller, ask: Ask): Decision {
  const { credential } = caller;
  switch (credential.kind) {
    case 'TOKEN':
      return decideWithToken(view, credential.sessions(), credential.token, ask);
    case 'SESSION': {
      const sessions = credential.sessions();
      return decideWithSession(view, sessions, sessions.findByToken(credential.sha256), ask);
    }
    case 'API_KEY':
      return decideWithApiKey(view, credential.sha256, ask);
  }
}

/** What the credential leaves of its principal's rights; undefined for a key that is not there. */
export function limitsOf(
  view: ViewState,
  { credential }: Caller,
): Pick<CredentialLimits, 'scopes' | 'resourcePrefix'> | undefined {
  if (credential.kind === 'TOKEN') {
    const { tenant, scopes } = credential.token;
    const patterns = scopePatterns(view, view.findTenant(tenant), scopes) ?? nothing;
    return { scopes: patterns, resourcePrefix: '' };
  }
  if (credential.kind === 'SESSION') return unlimited;
  return findApiKey(view, credential.sha256)?.limits;
}

/** Whether the credential carries all that its principal may do. */
export function isUnlimited(view: ViewState, caller: Caller): boolean {
  const limits = limitsOf(view, caller);
  return limits !== undefined && limits.scopes.length === 0 && limits.resourcePrefix === '';
}

export function refusedCaller(status: ReasonCode): Failure {
  return status === QUARANTINED
    ? new Failure('QUARANTINED', 'a newer build wrote what this decision rests on: use that')
    : unauthenticated(String(status));
}

function unauthenticated(why: string): Failure {
  return new Failure('CALLER_UNAUTHENTICATED', 'the credential of the caller is not accepted', {
    cause: new Error(why),
  });
}
