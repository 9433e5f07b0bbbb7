import {
  apiKeyStatus,
  findApiKey,
  passwordStatus,
  tokenStatus,
  unknownApiKey,
  type VerifiedPassword,
} from '#libs/access/evaluate/credential-status.js';
import { sessionEnd, sessionOf, tokenEnd } from '#libs/access/evaluate/decide.js';
import { nothing, scopePatterns } from '#libs/access/evaluate/scope-limits.js';
import { sessionStatus, unknownSession } from '#libs/access/evaluate/session-status.js';
import { oneFactor, type AuthenticationFacts } from '#libs/access/evaluate/step-up.js';
import { unlimited, type CredentialLimits } from '#libs/access/projection/api-key.js';
import type { ViewState } from '#libs/access/projection/view-state.js';
import { ALLOW, QUARANTINED, reasonName } from '#libs/access/reason-code.js';
import type { Clock } from '#libs/runtime/clock.js';
import { apiKeySha256 } from '#libs/tokens/api-key.js';
import { isSessionToken, sessionTokenSha256 } from '#libs/tokens/session-token.js';
import { andThen, type AtOnce } from './at-once.js';
import type { LedgerView } from './ledger-view.js';
import type { KeyProofs } from './key-proofs.js';
import { limits } from './limits.js';
import type { PasswordVerdicts } from './password-verdicts.js';
import type { PositionWait } from './position-wait.js';
import type { Credential } from './question.js';
import { cannotDecide, type Reason } from './reasons.js';
import type { VerifiedToken, VerifiedTokens } from './verified-tokens.js';

/** A credential that was recognised, before anything that can change was looked at. */
export type Recognised =
  | { readonly kind: 'API_KEY'; readonly sha256: string }
  | { readonly kind: 'TOKEN'; readonly token: VerifiedToken }
  | { readonly kind: 'SESSION'; readonly sha256: string }
  | { readonly kind: 'PASSWORD'; readonly password: VerifiedPassword }
  | { readonly kind: 'REFUSED'; readonly reason: Reason };

/** What credentials are judged by. */
export type Judging = Pick<LedgerView, 'view' | 'sessions'>;

/** Whose credential it is, and whether it is good at this moment (`reason === 'ALLOWED'`). */
export interface Holder extends AuthenticationFacts {
  readonly reason: Reason;
  /** `''` when it belongs to nobody. */
  readonly tenant: string;
  readonly principal: string;
  /** Row of the principal in the view; -1: none. */
  readonly row: number;
  readonly limits: CredentialLimits;
  /** Scopes as the credential has them, words of the tenant's own or patterns; none: no limit. */
  readonly scopes: readonly string[];
  readonly kind: 'API_KEY' | 'TOKEN' | 'PASSWORD' | 'SESSION';
  /** `''` for a token. */
  readonly credential: string;
  readonly amr: readonly string[];
  /** `''`: no session is behind it. */
  readonly session: string;
  /** `''`: it was issued to no client. */
  readonly client: string;
}

export interface CredentialsOptions {
  readonly ledger: LedgerView;
  readonly tokens: VerifiedTokens;
  readonly passwords: PasswordVerdicts;
  readonly wait: PositionWait;
  readonly proofs: KeyProofs;
  readonly clock: Clock;
}

const wrongEpoch: Recognised = Object.freeze({ kind: 'REFUSED', reason: 'TOKEN_WRONG_EPOCH' });
const nobody: readonly string[] = Object.freeze([]);

/** Tells API keys, tokens and passwords apart from what only looks like them. */
export class Credentials {
  readonly #options: CredentialsOptions;

  constructor(options: CredentialsOptions) {
    this.#options = options;
  }

  /**
   * Recognises a credential. `tenants` says which tenants the asker may know of: a password is not
   * even tried for another one. Rejects NOT_YET_KNOWN for a token from ahead of this authorizer.
   */
  recognise(
    credential: Credential,
    deadlineMs: number,
    tenants: (tenant: string) => boolean,
  ): AtOnce<Recognised> {
    switch (credential.kind) {
      case 'API_KEY':
        return recogniseApiKey(credential.text);
      case 'TOKEN':
        return isSessionToken(credential.text)
          ? this.#session(credential.text, deadlineMs)
          : this.#token(credential, deadlineMs);
      case 'SESSION':
        return this.#session(credential.text, deadlineMs);
      case 'BASIC':
        return this.#password(credential, deadlineMs, tenants);
    }
  }

  #token(
    { text, proof }: Extract<Credential, { kind: 'TOKEN' }>,
    deadlineMs: number,
  ): AtOnce<Recognised> {
    const { ledger, tokens, wait, clock, proofs } = this.#options;
    const token = tokens.verify(text, ledger.view, clock.wallMs());
    if (typeof token === 'string') return { kind: 'REFUSED', reason: token };
    if (token.epoch !== ledger.requireCluster().epoch) {
      return wrongEpoch;
    }
    if (token.confirmation !== undefined) {
      const reason = proofs.judge(text, token.confirmation, proof, clock.wallMs());
      if (reason !== undefined) return { kind: 'REFUSED', reason };
    }
    const recognised: Recognised = { kind: 'TOKEN', token };
    const { position, sessionPosition } = token;
    if (position <= ledger.position && sessionPosition <= ledger.sessionPosition) {
      return recognised;
    }
    return wait
      .forToken(position, sessionPosition, deadlineMs)
      .then(() => (token.epoch === ledger.requireCluster().epoch ? recognised : wrongEpoch));
  }

  /** One that nobody has may have been given out a moment ago. */
  #session(text: string, deadlineMs: number): AtOnce<Recognised> {
    const { ledger, wait } = this.#options;
    const sha256 = sessionTokenSha256(text);
    if (sha256 === undefined) return { kind: 'REFUSED', reason: 'SESSION_UNKNOWN' };
    const recognised: Recognised = { kind: 'SESSION', sha256 };
    if (ledger.sessions?.findByToken(sha256) !== undefined) return recognised;
    return wait.forSession(deadlineMs).then(() => recognised);
  }

  #password(
    basic: Extract<Credential, { kind: 'BASIC' }>,
    deadlineMs: number,
    tenants: (tenant: string) => boolean,
  ): AtOnce<Recognised> {
    const { ledger, passwords, clock } = this.#options;
    const { view } = ledger;
    const tenant = view.findTenant(basic.tenant) ?? view.tenantsBySlug.get(basic.tenant);
    const rejected: Recognised = { kind: 'REFUSED', reason: 'PASSWORD_REJECTED' };
    if (tenant === undefined || !tenants(tenant.id)) return rejected;
    const { username, password } = basic;
    const leftMs = Math.max(1, Math.min(limits.identityCallMs, deadlineMs - clock.wallMs()));
    const verdict = passwords.check({ tenant: tenant.id, username, password }, leftMs);
    return andThen(verdict, (answer) => {
      if (answer === 'REJECTED') return rejected;
      // Identity may be ahead of this view: "not yet" is never "no".
      const row = ledger.view.principalRow(answer.tenant, answer.principal);
      const known = row < 0 ? 0 : ledger.view.principals.passwordOf(row);
      if (known < answer.version) throw cannotDecide('NOT_YET_KNOWN');
      return { kind: 'PASSWORD', password: answer };
    });
  }
}

export function recogniseApiKey(text: string): Recognised {
  const sha256 = apiKeySha256(text);
  if (sha256 === undefined) return { kind: 'REFUSED', reason: 'CREDENTIAL_UNKNOWN' };
  return { kind: 'API_KEY', sha256 };
}

/** Whose it is, and whether it is good at `nowMs`. Nothing of this is ever kept. */
export function holderOf(ledger: Judging, recognised: Recognised, nowMs: number): Holder {
  const { view } = ledger;
  switch (recognised.kind) {
    case 'API_KEY':
      return apiKeyHolder(view, recognised.sha256, nowMs);
    case 'TOKEN':
      return tokenHolder(ledger, recognised.token, nowMs);
    case 'SESSION':
      return sessionHolder(ledger, recognised.sha256, nowMs);
    case 'PASSWORD':
      return passwordHolder(view, recognised.password, nowMs);
    case 'REFUSED':
      return unknownHolder(recognised.reason, 'TOKEN');
  }
}

function apiKeyHolder(view: ViewState, sha256: string, nowMs: number): Holder {
  const key = findApiKey(view, sha256);
  if (key === undefined) return unknownHolder(reasonName(unknownApiKey(view, sha256)), 'API_KEY');
  return {
    reason: reasonName(apiKeyStatus(view, key, nowMs)),
    tenant: view.tenants[key.tenant]?.id ?? '',
    principal: view.principals.idOf(key.principal),
    row: key.principal,
    limits: key.limits,
    scopes: key.limits.scopes,
    kind: 'API_KEY',
    credential: key.credential,
    amr: nobody,
    acr: '',
    authTimeMs: Number.NaN,
    session: '',
    client: '',
  };
}

/** How strongly its principal has authenticated is what its session says now: a step-up counts at once. */
function tokenHolder({ view, sessions }: Judging, token: VerifiedToken, nowMs: number): Holder {
  const { facts, limits: own } = token;
  const { tenant, principal, client, place } = facts;
  const session = sessionOf(sessions, facts);
  const end = tokenEnd(view, session, facts);
  const { acr, amr, authTimeMs } = session ?? token;
  const scopes = scopePatterns(view, view.findTenant(tenant), own.scopes);
  const same = scopes === own.scopes && end === own.expiresAtMs;
  const status = tokenStatus(view, sessions, facts, nowMs);
  return {
    reason: reasonName(status === ALLOW && scopes === undefined ? QUARANTINED : status),
    tenant,
    principal,
    row: view.principalRow(tenant, principal),
    limits: same ? own : { ...own, scopes: scopes ?? nothing, expiresAtMs: end },
    scopes: own.scopes,
    kind: 'TOKEN',
    credential: '',
    amr,
    acr,
    authTimeMs,
    session: place.session,
    client,
  };
}

function sessionHolder({ view, sessions }: Judging, sha256: string, nowMs: number): Holder {
  const row = sessions?.findByToken(sha256);
  if (sessions === undefined || row === undefined) {
    const why =
      sessions === undefined ? 'SESSION_UNKNOWN' : reasonName(unknownSession(sessions, sha256));
    return unknownHolder(why, 'SESSION');
  }
  const { tenant, principal, credential, acr, amr, authTimeMs, session, client } = row;
  return {
    reason: reasonName(sessionStatus(view, sessions, row, nowMs)),
    tenant,
    principal,
    row: view.principalRow(tenant, principal),
    limits: { ...unlimited, expiresAtMs: sessionEnd(view, row) },
    scopes: nobody,
    kind: 'SESSION',
    credential,
    amr,
    acr,
    authTimeMs,
    session,
    client,
  };
}

const passwordMethod: readonly string[] = Object.freeze(['pwd']);

/** The password was sent with this very request: the authentication is as new as it can be. */
function passwordHolder(view: ViewState, password: VerifiedPassword, nowMs: number): Holder {
  const { tenant, principal, credential } = password;
  return {
    reason: reasonName(passwordStatus(view, password, nowMs)),
    tenant,
    principal,
    row: view.principalRow(tenant, principal),
    limits: unlimited,
    scopes: nobody,
    kind: 'PASSWORD',
    credential,
    amr: passwordMethod,
    acr: oneFactor,
    authTimeMs: nowMs,
    session: '',
    client: '',
  };
}

function unknownHolder(reason: Reason, kind: Holder['kind']): Holder {
  return {
    reason,
    tenant: '',
    principal: '',
    row: -1,
    limits: unlimited,
    scopes: nobody,
    kind,
    credential: '',
    amr: nobody,
    acr: '',
    authTimeMs: Number.NaN,
    session: '',
    client: '',
  };
}

const whatNobodyKnows = {
  PASSWORD: 'PASSWORD_REJECTED',
  SESSION: 'SESSION_UNKNOWN',
  API_KEY: 'CREDENTIAL_UNKNOWN',
  TOKEN: 'CREDENTIAL_UNKNOWN',
} as const satisfies Record<Holder['kind'], Reason>;

/** A credential of a tenant that the asker may not know of is one that nobody knows. */
export function withoutForeign(holder: Holder, tenants: (tenant: string) => boolean): Holder {
  if (holder.tenant === '' || tenants(holder.tenant)) return holder;
  return unknownHolder(whatNobodyKnows[holder.kind], holder.kind);
}

/** True when a principal's credential is good: the only test for it. */
export function isGood(holder: Holder): boolean {
  return holder.reason === reasonName(ALLOW);
}
