import { describe, expect, it } from 'vitest';
import { canonicalLines } from '#libs/access/canonical-lines.js';
import {
  apiKeyStatus,
  passwordStatus,
  signingKeyStatus,
  tokenStatus,
} from '#libs/access/evaluate/credential-status.js';
import { decide, decideWithApiKey } from '#libs/access/evaluate/decide.js';
import type { TokenFacts } from '#libs/access/evaluate/token-facts.js';
import { reasonName } from '#libs/access/reason-code.js';
import type { AccessView } from '#libs/access/projection/access-view.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import { andThen, given, permission, principal, role, tenant } from './given.js';

const nowMs = 1_000;

const apiKey = (id: string): DomainEvent => ({
  type: 'ApiKeyCreated',
  credential: id,
  principal: 'ann',
  prefix: id,
  sha256: `hash of ${id}`,
  name: id,
  scopes: [],
});

const signingKey = (kid: string): DomainEvent[] => [
  {
    type: 'SigningKeyPublished',
    kid,
    issuer: 'us',
    algorithm: 'EdDSA',
    publicJwk: '{}',
    privateKey: { id: 'v', sha256: 'h' },
    activateNotBeforeMs: 0,
  },
];

function before(): AccessView {
  return given(
    tenant,
    permission('orders:read'),
    role('clerk', ['orders:read']),
    principal('ann'),
    {
      type: 'PasswordSet',
      principal: 'ann',
      credential: 'pw',
      version: 1,
      hash: { id: 'v', sha256: 'h' },
      params: '',
      cause: 'ADMIN',
      mustChange: false,
    },
    {
      type: 'RoleGranted',
      grant: 'g',
      subjectKind: 'PRINCIPAL',
      subject: 'ann',
      role: 'clerk',
      resourcePrefix: '',
      admin: false,
    },
    ...signingKey('old'),
    { type: 'SigningKeyActivated', kid: 'old', issuer: 'us' },
    apiKey('old'),
  );
}

const token = (authPosition: number, kid = 'new'): TokenFacts => ({
  tenant: 't',
  principal: 'ann',
  client: '',
  kid,
  credential: '',
  authPosition,
  expiresAtMs: 10_000,
});

function restored(): AccessView {
  const view = before();
  view.open(2, view.position + 1);
  andThen(
    view,
    ...signingKey('new'),
    { type: 'SigningKeyActivated', kid: 'new', issuer: 'us', previousKid: 'old' },
    apiKey('new'),
  );
  return view;
}

const keyReason = (view: AccessView, id: string): string => {
  const key = view.apiKeys.get(`hash of ${id}`);
  if (key === undefined) throw new Error('no such key');
  return reasonName(apiKeyStatus(view, key, nowMs));
};

describe('a ledger that was restored', () => {
  it('kills the API keys of before, with a reason of its own, and takes new ones', () => {
    expect(keyReason(before(), 'old')).toBe('ALLOWED');
    const view = restored();
    expect(keyReason(view, 'old')).toBe('ISSUED_BEFORE_RESTORE');
    expect(keyReason(view, 'new')).toBe('ALLOWED');
    const ask = { action: 'orders:read', resource: '', nowMs };
    expect(decideWithApiKey(view, 'hash of old', ask).reason).toBe('ISSUED_BEFORE_RESTORE');
    expect(decideWithApiKey(view, 'hash of new', ask).reason).toBe('ALLOWED');
  });

  it('kills the tokens of before, and those without a position', () => {
    const view = restored();
    const reason = (facts: TokenFacts): string =>
      reasonName(tokenStatus(view, undefined, facts, nowMs));
    expect(reason(token(view.openedAt - 1))).toBe('ISSUED_BEFORE_RESTORE');
    expect(reason(token(Number.NaN))).toBe('ISSUED_BEFORE_RESTORE');
    expect(reason(token(view.openedAt))).toBe('ALLOWED');
  });

  it('trusts no signing key of before, however a token says that it is new', () => {
    const view = restored();
    expect(reasonName(signingKeyStatus(view, 'old', nowMs))).toBe('ISSUED_BEFORE_RESTORE');
    expect(reasonName(tokenStatus(view, undefined, token(view.position, 'old'), nowMs))).toBe(
      'ISSUED_BEFORE_RESTORE',
    );
    expect(reasonName(signingKeyStatus(view, 'new', nowMs))).toBe('ALLOWED');
  });

  it('keeps principals, passwords, roles and grants', () => {
    const view = restored();
    const question = { tenant: 't', principal: 'ann', action: 'orders:read', resource: '', nowMs };
    expect(decide(view, question).reason).toBe('ALLOWED');
    const password = { tenant: 't', principal: 'ann', credential: 'pw', version: 1 };
    expect(reasonName(passwordStatus(view, password, nowMs))).toBe('ALLOWED');
  });

  it('is another state, and an OPEN that raises no epoch is none', () => {
    const [one, other] = [before(), before()];
    const lines = (view: AccessView): string => [...canonicalLines(view, nowMs)].join('\n');
    expect(lines(one)).toBe(lines(other));
    other.open(1, other.position + 1);
    expect(lines(one)).toBe(lines(other));
    other.open(2, other.position + 1);
    expect(lines(one)).not.toBe(lines(other));
    other.open(2, other.position + 5);
    expect(other.openedAt).toBe(other.position - 5);
  });
});
