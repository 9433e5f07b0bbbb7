import { expect, it } from 'vitest';
import { AccessView } from '#libs/access/projection/access-view.js';
import { SessionView } from '#libs/access/sessions/session-view.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import { keyHash } from '#libs/events/keys.js';
import { signAccessToken } from '#libs/tokens/sign-access-token.js';
import { generateSigningKey, type SigningKey } from '#libs/tokens/signing-key.js';
import { CallerGate } from '#services/identity/app/caller.js';
import type { LedgerSession } from '#services/identity/app/ledger-session.js';
import type { SessionFold } from '#services/identity/app/session-fold.js';
import { VerifiedTexts } from '#services/identity/app/verified-texts.js';

const [issuer, tenant, subject] = ['https://i.test', 't', 'alice'];
const nowMs = 1_800_000_000_000;
const ttlS = 50;

const ledgers = (key: SigningKey) => {
  const view = new AccessView(keyHash);
  const apply = (of: string, event: DomainEvent): void => {
    const actor = { tenant: 'system', principal: '' };
    view.apply(event, { tenant: of, actor, position: view.position + 1, atMs: 0, reason: '' });
  };
  const blob = { id: 'blob', sha256: 'none' };
  const published = { kid: key.kid, issuer, algorithm: 'EdDSA', publicJwk: key.publicJwk } as const;
  const more = { privateKey: blob, activateNotBeforeMs: 0 };
  apply('system', { type: 'SigningKeyPublished', ...published, ...more });
  apply('system', { type: 'SigningKeyActivated', kid: key.kid, issuer });
  const created = { slug: 't', displayName: 'T', settings: undefined, blindIndexKey: blob };
  apply(tenant, { type: 'TenantCreated', ...created });
  const person = { kind: 'USER', profile: undefined, loginNames: [], origin: 'ADMIN' } as const;
  apply(tenant, { type: 'PrincipalRegistered', principal: subject, ...person });
  const reader = { waitFor: async () => true };
  const fold = { view, cluster: { clusterId: 'c', epoch: 1 } };
  const ledger = { fold, reader } as unknown as LedgerSession;
  const sessionFold = { view: new SessionView(keyHash) };
  const sessions = { fold: sessionFold, reader } as unknown as LedgerSession<SessionFold>;
  return { ledger, sessions, apply };
};

const tokenOf = (key: SigningKey): Promise<string> =>
  signAccessToken(key, {
    issuer,
    subject,
    tenant,
    audience: 'https://a.test',
    issuedAtS: nowMs / 1000,
    expiresAtS: nowMs / 1000 + ttlS,
    tokenId: 'one',
    scopes: undefined,
    amr: ['pwd'],
    authTimeS: nowMs / 1000,
    ledger: { epoch: 1, position: 0, authPosition: 4, credential: 'password' },
  });

const refused = { reason: 'CALLER_UNAUTHENTICATED' };

it('what was verified is remembered, and is judged anew at each use', async () => {
  const key = await generateSigningKey('EdDSA');
  const { apply, ...its } = ledgers(key);
  const verified = new VerifiedTexts();
  const gate = (audience: string) => new CallerGate(its, issuer, [audience], false, verified);
  const own = gate('https://a.test');
  const token = await tokenOf(key);
  const { view } = its.ledger.fold;
  expect(verified.find(token, view, nowMs)).toBeUndefined();
  await own.admit(token, nowMs, 0);
  expect(verified.find(token, view, nowMs)).toMatchObject({ kid: key.kid });
  await own.admit(token, nowMs, 0);
  // For somebody else; a little wrong; over; of whoever is suspended.
  await expect(gate('https://b.test').admit(token, nowMs, 0)).rejects.toMatchObject(refused);
  const wrong = `${token.slice(0, -2)}${token.endsWith('AA') ? 'BA' : 'AA'}`;
  await expect(own.admit(wrong, nowMs, 0)).rejects.toMatchObject(refused);
  await expect(own.admit(token, nowMs + ttlS * 1000, 0)).rejects.toMatchObject(refused);
  await own.admit(token, nowMs, 0);
  apply(tenant, { type: 'PrincipalSuspended', principal: subject, admin: false });
  await expect(own.admit(token, nowMs, 0)).rejects.toMatchObject(refused);
});

it('what was verified by the keys of one ledger is not by those of another', async () => {
  const [key, other] = [await generateSigningKey('EdDSA'), await generateSigningKey('EdDSA')];
  const verified = new VerifiedTexts();
  const token = await tokenOf(key);
  const gate = (its: ReturnType<typeof ledgers>) =>
    new CallerGate(its, issuer, ['https://a.test'], false, verified);
  await gate(ledgers(key)).admit(token, nowMs, 0);
  await expect(gate(ledgers(other)).admit(token, nowMs, 0)).rejects.toMatchObject(refused);
});
