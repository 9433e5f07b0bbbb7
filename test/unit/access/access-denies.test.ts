import { describe, expect, it } from 'vitest';
import { canonicalLines } from '#libs/access/canonical-lines.js';
import { check } from '#libs/access/evaluate/check.js';
import {
  apiKeyStatus,
  findApiKey,
  passwordStatus,
  tokenStatus,
} from '#libs/access/evaluate/credential-status.js';
import { decide } from '#libs/access/evaluate/decide.js';
import { listPermissions } from '#libs/access/evaluate/list-permissions.js';
import { sessionStatus } from '#libs/access/evaluate/session-status.js';
import type { TokenFacts } from '#libs/access/evaluate/token-facts.js';
import {
  AccessDenies,
  endless,
  type AccessDeny,
  type AccessDenyKind,
} from '#libs/access/projection/access-denies.js';
import { unlimited } from '#libs/access/projection/api-key.js';
import { reasonName } from '#libs/access/reason-code.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import {
  andThen,
  apiKey,
  client,
  given,
  grant,
  permission,
  principal,
  role,
  signingKey,
  tenant,
} from './given.js';
import { foldS, inT, started } from './sessions/session-events.js';

const nowMs = 1_000;
const password: DomainEvent = {
  type: 'PasswordSet',
  principal: 'ann',
  credential: 'password',
  version: 1,
  hash: { id: 'v', sha256: 'h' },
  params: '',
  cause: 'ADMIN',
  mustChange: false,
};

/** Ann, who may read, with a session, a token of a client in it, an API key and a password. */
function world() {
  const view = given(tenant, principal('ann'), principal('service'), permission('orders:read'));
  andThen(
    view,
    role('reader', ['orders:read']),
    grant('ann', 'reader'),
    apiKey('key', 'ann'),
    password,
    client('shop', 'service'),
    ...signingKey('k'),
  );
  const authPosition = view.position;
  const sessions = foldS(inT(started('s1', { authPosition })));
  const place = { tokenId: 'j', issuedAt: authPosition, session: 's1', family: '', position: 0 };
  const token: TokenFacts = {
    tenant: 't',
    principal: 'ann',
    client: 'shop',
    kid: 'k',
    credential: 'password',
    authPosition,
    expiresAtMs: 8_000,
    place,
  };
  const early = new AccessDenies();
  view.early = early;
  const key = [...view.apiKeys.values()][0];
  if (key === undefined) throw new Error('ann has a key');
  const row = view.principalRow('t', 'ann');
  const question = { tenant: 't', principal: 'ann', action: 'orders:read', resource: '', nowMs };
  const asks = {
    token: () => tokenStatus(view, sessions, token, nowMs),
    session: () => sessionStatus(view, sessions, sessions.find('t', 's1'), nowMs),
    key: () => apiKeyStatus(view, findApiKey(view, key.sha256) ?? key, nowMs),
    password: () =>
      passwordStatus(
        view,
        { tenant: 't', principal: 'ann', credential: 'password', version: 1 },
        nowMs,
      ),
    subject: () => check(view, row, 'orders:read', '', nowMs, unlimited),
    decided: () => decide(view, question).code,
    listed: () => listPermissions(view, question).code,
  };
  const answers = (): Record<string, string> =>
    Object.fromEntries(Object.entries(asks).map(([name, ask]) => [name, reasonName(ask())]));
  return { view, early, answers, credential: key.credential, token, sessions };
}

const deny = (kind: AccessDenyKind, id: string, more: Partial<AccessDeny> = {}): AccessDeny => ({
  tenant: 't',
  kind,
  id,
  untilMs: endless,
  hold: 'h1',
  ...more,
});

const all = (reason: string) => ({
  token: reason,
  session: reason,
  key: reason,
  password: reason,
  subject: reason,
  decided: reason,
  listed: reason,
});
const good = all('ALLOWED');

describe('access that was taken away before the ledger says it', () => {
  it('is there without an early deny', () => {
    expect(world().answers()).toEqual(good);
  });

  it.each([
    ['TENANT', 't', all('TENANT_SUSPENDED')],
    ['PRINCIPAL', 'ann', all('PRINCIPAL_SUSPENDED')],
    ['CLIENT', 'shop', { ...good, token: 'CLIENT_SUSPENDED' }],
    [
      'CREDENTIAL',
      'password',
      {
        ...good,
        token: 'CREDENTIAL_REVOKED',
        session: 'CREDENTIAL_REVOKED',
        password: 'CREDENTIAL_BLOCKED',
      },
    ],
  ] as const)('of a %s', (kind, id, expected) => {
    const { early, answers } = world();
    early.add(deny(kind, id));
    expect(answers()).toEqual(expected);
    early.lift('h1', 7);
    early.settle(6);
    expect(answers()).toEqual(expected);
    early.settle(7);
    expect(answers()).toEqual(good);
  });

  it('of an API key', () => {
    const { early, answers, credential } = world();
    early.add(deny('CREDENTIAL', credential));
    expect(answers()).toEqual({ ...good, key: 'CREDENTIAL_REVOKED' });
  });

  it('is of its own tenant and kind only', () => {
    const { early, answers } = world();
    early.add(deny('PRINCIPAL', 'ann', { tenant: 'other' }));
    early.add(deny('TENANT', 'other', { tenant: 'other', hold: 'h2' }));
    early.add(deny('CLIENT', 'ann', { hold: 'h3' }));
    early.add(deny('PRINCIPAL', 'service', { hold: 'h4' }));
    expect(answers()).toEqual(good);
  });

  it('ends by itself where the revocation does', () => {
    const { early, answers, view } = world();
    early.add(deny('PRINCIPAL', 'ann', { untilMs: nowMs + 1 }));
    expect(answers()).toEqual(all('PRINCIPAL_SUSPENDED'));
    const question = { tenant: 't', principal: 'ann', action: 'orders:read', resource: '' };
    expect(decide(view, { ...question, nowMs: nowMs + 1 }).code).toBe(1);
    early.sweep(nowMs + 2);
    expect(early.size).toBe(0);
  });

  it('is no part of what two states are compared by, nor of a snapshot', () => {
    const { early, view } = world();
    const before = [[...canonicalLines(view, nowMs)], view.save()];
    early.add(deny('PRINCIPAL', 'ann'));
    expect([[...canonicalLines(view, nowMs)], view.save()]).toEqual(before);
  });

  it('stays while one of two revocations is not lifted', () => {
    const { early, answers } = world();
    early.add(deny('PRINCIPAL', 'ann'));
    early.add(deny('PRINCIPAL', 'ann', { hold: 'h2' }));
    early.lift('h1', 1);
    early.settle(9);
    expect(answers()).toEqual(all('PRINCIPAL_SUSPENDED'));
    // Told again meanwhile: the other one is in force after all.
    early.lift('h2', 12);
    early.add(deny('PRINCIPAL', 'ann', { hold: 'h2' }));
    early.settle(12);
    expect(answers()).toEqual(all('PRINCIPAL_SUSPENDED'));
    early.lift('h2', 12);
    early.settle(12);
    expect([answers(), early.size]).toEqual([good, 0]);
  });

  it('can be laid aside for one look, also one that throws', () => {
    const { early, answers } = world();
    early.add(deny('PRINCIPAL', 'ann'));
    expect(early.aside(answers)).toEqual(good);
    expect(() =>
      early.aside(() => {
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(answers()).toEqual(all('PRINCIPAL_SUSPENDED'));
  });
});
