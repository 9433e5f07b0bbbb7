import {
  apiKeyStatus,
  findApiKey,
  passwordStatus,
  tokenStatus,
  unknownApiKey,
  type VerifiedPassword,
} from '#libs/access/evaluate/credential-status.js';
import { tokenEnd } from '#libs/access/evaluate/decide.js';
import { unlimited, type CredentialLimits } from '#libs/access/projection/api-key.js';
import type { ViewState } from '#libs/access/projection/view-state.js';
import { ALLOW, reasonName } from '#libs/access/reason-code.js';
import type { Clock } from '#libs/runtime/clock.js';
import { apiKeySha256 } from '#libs/tokens/api-key.js';
import { andThen, type AtOnce } from './at-once.js';
import type { LedgerView } from './ledger-view.js';
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
  | { readonly kind: 'PASSWORD'; readonly password: VerifiedPassword }
  | { readonly kind: 'REFUSED'; readonly reason: Reason };

/** Whose credential it is, and whether it is good at this moment (`reason === 'ALLOWED'`). */
export interface Holder {
  readonly reason: Reason;
  /** `''` when it belongs to nobody. */
  readonly tenant: string;
  readonly principal: string;
  /** Row of the principal in the view; -1: none. */
  readonly row: number;
  readonly limits: CredentialLimits;
  readonly kind: 'API_KEY' | 'TOKEN' | 'PASSWORD';
  /** `''` for a token. */
  readonly credential: string;
  readonly amr: readonly string[];
}

export interface CredentialsOptions {
  readonly ledger: LedgerView;
  readonly tokens: VerifiedTokens;
  readonly passwords: PasswordVerdicts;
  readonly wait: PositionWait;
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
        return this.#token(credential.text, deadlineMs);
      case 'BASIC':
        return this.#password(credential, deadlineMs, tenants);
    }
  }

  #token(text: string, deadlineMs: number): AtOnce<Recognised> {
    const { ledger, tokens, wait, clock } = this.#options;
    const token = tokens.verify(text, ledger.view, clock.wallMs());
    if (typeof token === 'string') return { kind: 'REFUSED', reason: token };
    if (token.epoch !== ledger.requireCluster().epoch) {
      return wrongEpoch;
    }
    const recognised: Recognised = { kind: 'TOKEN', token };
    if (token.position <= ledger.position) return recognised;
    return wait
      .forToken(token.position, deadlineMs)
      .then(() => (token.epoch === ledger.requireCluster().epoch ? recognised : wrongEpoch));
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
export function holderOf(view: ViewState, recognised: Recognised, nowMs: number): Holder {
  switch (recognised.kind) {
    case 'API_KEY':
      return apiKeyHolder(view, recognised.sha256, nowMs);
    case 'TOKEN':
      return tokenHolder(view, recognised.token, nowMs);
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
    kind: 'API_KEY',
    credential: key.credential,
    amr: nobody,
  };
}

function tokenHolder(view: ViewState, token: VerifiedToken, nowMs: number): Holder {
  const { facts, limits: own, amr } = token;
  const end = tokenEnd(view, facts);
  return {
    reason: reasonName(tokenStatus(view, facts, nowMs)),
    tenant: facts.tenant,
    principal: facts.principal,
    row: view.principalRow(facts.tenant, facts.principal),
    limits: end === own.expiresAtMs ? own : { ...own, expiresAtMs: end },
    kind: 'TOKEN',
    credential: '',
    amr,
  };
}

const passwordMethod: readonly string[] = Object.freeze(['pwd']);

function passwordHolder(view: ViewState, password: VerifiedPassword, nowMs: number): Holder {
  const { tenant, principal, credential } = password;
  return {
    reason: reasonName(passwordStatus(view, password, nowMs)),
    tenant,
    principal,
    row: view.principalRow(tenant, principal),
    limits: unlimited,
    kind: 'PASSWORD',
    credential,
    amr: passwordMethod,
  };
}

function unknownHolder(reason: Reason, kind: Holder['kind']): Holder {
  return {
    reason,
    tenant: '',
    principal: '',
    row: -1,
    limits: unlimited,
    kind,
    credential: '',
    amr: nobody,
  };
}

/** A credential of a tenant that the asker may not know of is one that nobody knows. */
export function withoutForeign(holder: Holder, tenants: (tenant: string) => boolean): Holder {
  if (holder.tenant === '' || tenants(holder.tenant)) return holder;
  const reason = holder.kind === 'PASSWORD' ? 'PASSWORD_REJECTED' : 'CREDENTIAL_UNKNOWN';
  return unknownHolder(reason, holder.kind);
}

/** True when a principal's credential is good: the only test for it. */
export function isGood(holder: Holder): boolean {
  return holder.reason === reasonName(ALLOW);
}
