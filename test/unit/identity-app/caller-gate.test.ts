import { expect, it } from 'vitest';
import { AccessView } from '#libs/access/projection/access-view.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import { keyHash } from '#libs/events/keys.js';
import { signAccessToken } from '#libs/tokens/sign-access-token.js';
import { generateSigningKey } from '#libs/tokens/signing-key.js';
import { CallerGate } from '#services/identity/app/caller.js';
import type { LedgerSession } from '#services/identity/app/ledger-session.js';
import type { SessionFold } from '#services/identity/app/session-fold.js';
import { SessionView } from '#libs/access/sessions/session-view.js';

const [issuer, audience, tenant, subject] = ['https://i.test', 'https://a.test', 't', 'alice'];
const nowMs = 1_800_000_000_000;

// Google Cloud 2025-06-12: a blank policy field crashed every instance.
it('a signing key that cannot be read verifies nothing, and keeps no other from it', async () => {
  const key = await generateSigningKey('EdDSA');
  const view = new AccessView(keyHash);
  const published = (kid: string, publicJwk: string): DomainEvent => ({
    type: 'SigningKeyPublished',
    kid,
    issuer,
    algorithm: 'EdDSA',
    publicJwk,
    privateKey: { id: 'blob', sha256: 'none' },
    activateNotBeforeMs: 0,
  });
  const apply = (of: string, event: DomainEvent): void => {
    const actor = { tenant: 'system', principal: '' };
    view.apply(event, { tenant: of, actor, position: view.position + 1, atMs: 0, reason: '' });
  };
  apply('system', published('blank', ''));
  apply('system', published('not-its-name', key.publicJwk));
  apply('system', published(key.kid, key.publicJwk));
  apply('system', { type: 'SigningKeyActivated', kid: key.kid, issuer });
  const blob = { id: 'blob', sha256: 'none' };
  const created = { slug: 't', displayName: 'T', settings: undefined, blindIndexKey: blob };
  apply(tenant, { type: 'TenantCreated', ...created });
  const person = { kind: 'USER', profile: undefined, loginNames: [], origin: 'ADMIN' } as const;
  apply(tenant, { type: 'PrincipalRegistered', principal: subject, ...person });
  const ledger = {
    fold: { view, cluster: { clusterId: 'c', epoch: 1 } },
    reader: { waitFor: async () => true },
  } as unknown as LedgerSession;
  const sessions = {
    fold: { view: new SessionView(keyHash) },
    reader: { waitFor: async () => true },
  } as unknown as LedgerSession<SessionFold>;
  const gate = new CallerGate({ ledger, sessions }, issuer, [audience]);
  const token = await signAccessToken(key, {
    issuer,
    subject,
    tenant,
    audience,
    issuedAtS: nowMs / 1000,
    expiresAtS: nowMs / 1000 + 600,
    tokenId: 'one',
    scopes: undefined,
    amr: ['pwd'],
    authTimeS: nowMs / 1000,
    ledger: { epoch: 1, position: view.position, authPosition: view.position, credential: 'p' },
  });
  expect(await gate.admit(token, nowMs, 1000)).toMatchObject({ tenant, principal: subject });
});
