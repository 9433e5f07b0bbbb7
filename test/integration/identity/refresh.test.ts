import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEmbeddedStore } from '#libs/ledger/embedded/embedded-store.js';
import { ledgerName } from '#libs/ledger/ledger-place.js';
import { SessionServiceService as Sessions } from '#proto/ledgate/identity/v1/session.js';
import {
  TenantServiceService as Tenants,
  TenantSettings,
} from '#proto/ledgate/identity/v1/tenant.js';
import { TokenServiceService as Tokens } from '#proto/ledgate/identity/v1/token.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import { rotateFamily, startFamily } from '#services/identity/app/refresh-families.js';
import { refreshTokens } from '#services/identity/app/session-tokens.js';
import { findSession, visitSession } from '#services/identity/app/sessions.js';
import { SettableClock } from '../../support/authorizer/settable-clock.js';
import { refusal } from '../../support/identity/refusal.js';
import {
  startWorld,
  temporaryFolder,
  testConfig,
  type World,
} from '../../support/identity/running-identity.js';
import {
  begun,
  cellKeys,
  openInstance,
  type SessionInstance,
} from '../../support/identity/session-instance.js';
import { setUpApiKey, setUpTenant } from '../../support/identity/tenant-setup.js';

const grant = { client: '', scopes: ['a:read', 'b:*'], audience: '' };
const folders = [1, 2, 3, 4].map(() => temporaryFolder());
const [atLedger = '', here = '', there = '', anew = ''] = folders.map(({ path }) => path);
const clock = new SettableClock(Date.now());
const store = openEmbeddedStore(atLedger);
const stores = {
  log: store.log(ledgerName(testConfig(here))),
  sessionLog: store.log(ledgerName(testConfig(here), 'S')),
  vault: store.vault(),
};
let world: World;
let other: SessionInstance;
let admin = '';

beforeAll(async () => {
  const founding = { ...stores, bootstrap: true, clock };
  world = await startWorld(testConfig(here, cellKeys), founding);
  other = await openInstance(testConfig(there, cellKeys), { ...stores, clock });
  const acme = await setUpTenant(world, 'acme');
  // A key, as the clock of these tests outruns tokens.
  ({ apiKey: admin } = await setUpApiKey(world, acme.admin, acme.adminId));
});
afterAll(async () => {
  await other.close();
  await world.close();
  await store.close();
  for (const folder of folders) folder.remove();
});

async function family(over: object = {}) {
  const { session, sessionToken } = await begun(other, 'acme');
  const started = await startFamily(other.parts, { session, ...grant, ...over });
  return { session, sessionToken, ...started };
}
const refresh = (refreshToken: string, scopes: string[] = []) =>
  world.call(Tokens.refreshToken, { refreshToken, scopes });
const later = (ms: number): void => clock.set(clock.wallMs() + ms);
const isGood = async (token: string): Promise<boolean> =>
  (await world.call(Tokens.introspectToken, { token }, admin)).active;
const positionOfS = (): number => other.parts.sessions.reader.position;

/** The same instance, for which the ledgers have been out of reach for so long. */
function outOfReach(parts: IdentityParts, forMs: number): IdentityParts {
  const reader = new Proxy(parts.sessions.reader, {
    get: (it, name): unknown => (name === 'stalenessMs' ? () => forMs : Reflect.get(it, name, it)),
  });
  const sessions = new Proxy(parts.sessions, {
    get: (it, name): unknown => (name === 'reader' ? reader : Reflect.get(it, name, it)),
  });
  return { ...parts, sessions };
}

describe('refresh tokens', () => {
  it('are exchanged once each; a lost reply is given again for 10 s, without a record', async () => {
    const { refreshToken } = await family();
    const first = await refresh(refreshToken);
    expect(first).toMatchObject({ scopes: grant.scopes, outage: false });
    const before = positionOfS();
    later(10_000);
    const again = await refresh(refreshToken);
    expect(again.refreshToken).toBe(first.refreshToken);
    expect(positionOfS()).toBe(before);
    const second = await refresh(first.refreshToken);
    expect(second.refreshToken).not.toBe(first.refreshToken);
    expect(await isGood(second.accessToken)).toBe(true);
  });

  it('shown again later: the family is dead, with all of its access tokens; its session is not', async () => {
    const { refreshToken, sessionToken } = await family();
    const next = await refresh(refreshToken);
    later(10_001);
    const reused = await refusal(refresh(refreshToken));
    expect(reused.reason).toBe('GRANT_REJECTED');
    expect((await refusal(refresh(next.refreshToken))).reason).toBe('GRANT_REJECTED');
    expect(await isGood(next.accessToken)).toBe(false);
    expect(await findSession(other.parts, sessionToken)).toBeDefined();
  });

  it('give no more scopes than were granted, and are not used up by asking for more', async () => {
    const { refreshToken } = await family();
    const beyond = await refusal(refresh(refreshToken, ['a:read', 'c:read']));
    expect(beyond.violations).toMatchObject([{ field: 'scopes[1]' }]);
    const fewer = await refresh(refreshToken, ['b:write']);
    expect(fewer.scopes).toEqual(['b:write']);
    expect((await refresh(fewer.refreshToken)).scopes).toEqual(grant.scopes);
  });

  it('of a client are not for somebody else, who learns and ends nothing', async () => {
    const { refreshToken } = await family({ client: 'some-client' });
    const before = positionOfS();
    expect((await refusal(refresh(refreshToken))).reason).toBe('GRANT_REJECTED');
    expect(positionOfS()).toBe(before);
  });

  it('that are none of ours append nothing', async () => {
    const { refreshToken } = await family();
    const before = positionOfS();
    for (const at of [0, 5, 20, 50, 90, refreshToken.length - 1]) {
      const other = refreshToken[at] === 'A' ? 'B' : 'A';
      const changed = refreshToken.slice(0, at) + other + refreshToken.slice(at + 1);
      for (const text of [changed, refreshToken.slice(0, at)]) {
        expect((await refusal(refresh(text))).reason).toBe('GRANT_REJECTED');
      }
    }
    expect(positionOfS()).toBe(before);
  });

  it('end with their session, when it is ended and when it was idle', async () => {
    const one = await family();
    await world.call(Sessions.endSession, {}, one.sessionToken);
    expect((await refusal(refresh(one.refreshToken))).reason).toBe('GRANT_REJECTED');
    const two = await family();
    later(11 * 3_600_000);
    const kept = await refresh(two.refreshToken);
    later(11 * 3_600_000);
    const still = await refresh(kept.refreshToken);
    later(12 * 3_600_000);
    expect((await refusal(refresh(still.refreshToken))).reason).toBe('GRANT_REJECTED');
  });

  it('are revoked by whoever holds one, with the access tokens of the family (RFC 7009)', async () => {
    const { refreshToken } = await family();
    const { accessToken, refreshToken: next } = await refresh(refreshToken);
    await world.call(Tokens.revokeToken, { token: next });
    expect((await refusal(refresh(next))).reason).toBe('GRANT_REJECTED');
    expect(await isGood(accessToken)).toBe(false);
    expect(await world.call(Tokens.revokeToken, { token: next })).toEqual({});
  });

  it('an instance that reads the ledgers anew knows what is revoked, and where each chain is', async () => {
    const [dead, alive] = [await family(), await family()];
    await refresh(dead.refreshToken);
    const next = await refresh(alive.refreshToken);
    later(10_001);
    await refusal(refresh(dead.refreshToken));
    const third = await openInstance(testConfig(anew, cellKeys), { ...stores, clock });
    const use = (refreshToken: string) => rotateFamily(third.parts, { refreshToken, client: '' });
    await expect(use(dead.refreshToken)).rejects.toMatchObject({ reason: 'GRANT_REJECTED' });
    expect((await use(next.refreshToken)).family.generation).toBe(2);
    await third.close();
  });
});

describe('a page that is opened', () => {
  it('keeps its session from going idle, with a record every five minutes at most', async () => {
    const { sessionToken, session } = await family();
    const visit = () => visitSession(other.parts, sessionToken);
    const idleUntil = async () => (await findSession(other.parts, sessionToken))?.idleUntilMs;
    const before = positionOfS();
    await visit();
    later(299_999);
    await visit();
    expect(positionOfS()).toBe(before);
    later(1);
    await visit();
    await expect.poll(idleUntil).toBe(session.idleUntilMs + 300_000);
    await visit();
    expect(positionOfS()).toBe(before + 1);
  });
});

describe('while the session ledger is out of reach', () => {
  const use = (parts: IdentityParts, refreshToken: string) =>
    refreshTokens(parts, { refreshToken, client: '', scopes: [] });

  it('the same generation is given again, marked, and so is the access token', async () => {
    const { refreshToken } = await family();
    const before = positionOfS();
    const answer = await use(outOfReach(other.parts, 60_000), refreshToken);
    expect(answer.outage).toBe(true);
    expect(positionOfS()).toBe(before);
    const payload = Buffer.from(answer.accessToken.split('.')[1] ?? '', 'base64url');
    expect(JSON.parse(payload.toString('utf8'))).toMatchObject({ lg: { x: 1 } });
    const after = await refresh(answer.refreshToken);
    expect(after.outage).toBe(false);
  });

  it('a rotation that counted after all is a lost reply to who was given the mark', async () => {
    const { refreshToken } = await family();
    const marked = await use(outOfReach(other.parts, 60_000), refreshToken);
    const counted = await refresh(refreshToken);
    later(600_000);
    expect((await refresh(marked.refreshToken)).refreshToken).toBe(counted.refreshToken);
    const newer = await refresh(counted.refreshToken);
    expect((await refusal(refresh(marked.refreshToken))).reason).toBe('GRANT_REJECTED');
    expect((await refusal(refresh(newer.refreshToken))).reason).toBe('GRANT_REJECTED');
  });

  it('only of a session that was good when it was last heard of', async () => {
    const { refreshToken, sessionToken } = await family();
    await world.call(Sessions.endSession, {}, sessionToken);
    await other.parts.sessions.seeEnd(1000);
    await expect(use(outOfReach(other.parts, 60_000), refreshToken)).rejects.toMatchObject({
      reason: 'GRANT_REJECTED',
    });
  });

  it('not for longer than the tenant forgives, and not at all where it says 0', async () => {
    const { refreshToken } = await family();
    const asked = (ms: number) => use(outOfReach(other.parts, ms), refreshToken);
    await expect(asked(900_001)).rejects.toMatchObject({ reason: 'LEDGER_UNAVAILABLE' });
    expect((await asked(899_999)).outage).toBe(true);
    const settings = TenantSettings.fromPartial({ outageGraceMs: 0n });
    await world.call(Tenants.updateTenantSettings, { settings }, admin);
    await other.parts.ledger.seeEnd(1000);
    await expect(asked(60_000)).rejects.toMatchObject({ reason: 'LEDGER_UNAVAILABLE' });
  });
});
