import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventFormats } from '#libs/events/event-formats.js';
import { keyHash } from '#libs/events/keys.js';
import {
  AuthorizerServiceService as Authorizer,
  Decision,
} from '#proto/ledgate/authorizer/v1/authorizer.js';
import { CredentialServiceService as Credentials } from '#proto/ledgate/identity/v1/credential.js';
import { LedgerServiceService as Ledger } from '#proto/ledgate/identity/v1/ledger.js';
import { RoleServiceService as Roles } from '#proto/ledgate/identity/v1/role.js';
import { logIn, setUpApiKey, setUpUser } from '../../support/identity/tenant-setup.js';
import { temporaryFolder } from '../../support/identity/running-identity.js';
import {
  appendRecord,
  commandWith,
  whenRead,
  type RawEvent,
} from '../../support/ledgate/append-record.js';
import {
  byKey,
  byToken,
  bySubject,
  startPair,
  type Pair,
} from '../../support/ledgate/running-pair.js';
import { setUpShop, type Shop } from '../../support/ledgate/shop.js';

const password = 'seven quiet lanterns';
const folder = temporaryFolder();
let pair: Pair;
let shop: Shop;
let root: string;
let alice: string;
let bob: string;
/** Alice's, which nobody touches; and the one of bob, which will be poisoned. */
let healthy: string;
let poisoned: string;
let revokedKey: string;
let deadToken: string;

const question = (principalId: string) => ({
  who: bySubject(shop.tenantId, principalId),
  action: 'orders:read',
  resource: 'a',
});
/** What the authorizer decides; UNSPECIFIED: that it cannot. */
const decide = (principalId: string): Promise<Decision> =>
  pair.authorize(question(principalId), shop.backend).then(
    ({ decision }) => decision,
    () => Decision.DECISION_UNSPECIFIED,
  );
const statusOf = async () => {
  const identity = await pair.call(Ledger.getStatus, { stateHash: true }, root);
  const request = { stateHash: true };
  const authorizer = await pair.authorizer.call(Authorizer.getStatus, request, root);
  return { identity, authorizer };
};

beforeAll(async () => {
  pair = await startPair({ dataDir: folder.path });
  ({ root } = pair);
  shop = await setUpShop(pair, 'acme');
  alice = await setUpUser(pair, shop.admin, 'alice', password);
  bob = await setUpUser(pair, shop.admin, 'bob');
  healthy = await shop.role('healthy', ['orders:read']);
  poisoned = await shop.role('poisoned', ['orders:read']);
  await shop.grant(alice, healthy);
  await shop.grant(bob, poisoned);
  const key = await setUpApiKey(pair, shop.admin, alice);
  revokedKey = key.apiKey;
  deadToken = await logIn(pair, 'acme', 'alice', password);
  const { credentialId } = key;
  await pair.call(Credentials.revokeApiKey, { credentialId }, shop.admin);
  const set = { principalId: alice, password: 'eight quiet lanterns' };
  await pair.call(Credentials.setPassword, set, shop.admin);
});
afterAll(async () => {
  await pair.close();
  folder.remove();
});

/** Everything that nobody poisoned goes on; what was, is never allowed. */
async function expectHealth(): Promise<void> {
  expect(await decide(alice)).toBe(Decision.DECISION_ALLOW);
  expect(await decide(bob)).not.toBe(Decision.DECISION_ALLOW);
  for (const who of [byKey(revokedKey), byToken(deadToken)]) {
    expect((await pair.authenticate(who, shop.backend)).authenticated).toBe(false);
  }
  const renamed = { roleId: healthy, name: `healthy-${randomBytes(4).toString('hex')}` };
  await pair.call(Roles.renameRole, renamed, shop.admin);
}

describe('OpenFGA CVE-2025-46331: roles cannot inherit in circles', () => {
  it('also when both halves of a circle are drawn at the same moment', async () => {
    for (let round = 0; round < 20; round++) {
      const [a, b] = [await shop.role(`a-${round}`, []), await shop.role(`b-${round}`, [])];
      const outcomes = await Promise.allSettled([
        pair.call(Roles.changeRoleParents, { roleId: a, addRoleIds: [b] }, shop.admin),
        pair.call(Roles.changeRoleParents, { roleId: b, addRoleIds: [a] }, shop.admin),
      ]);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      const refused = outcomes.find((one) => one.status === 'rejected');
      expect(String(refused?.reason)).toContain('FAILED_PRECONDITION');
    }
  });
});

describe('Google Cloud 2025-06-12: a record that makes no sense stops nobody', () => {
  it('without the ledger key nothing counts: noise, cut, changed and repeated records', async () => {
    const before = await statusOf();
    const real = (await pair.log.read(Number(before.identity.position)))?.value ?? Buffer.alloc(0);
    const changed = Buffer.from(real);
    changed[changed.length - 20]! ^= 1;
    const values = [
      Buffer.from([0]),
      randomBytes(500),
      Buffer.from('{"policy":null}'),
      real.subarray(0, -1),
      Buffer.concat([real, Buffer.from([0])]),
      changed,
      Buffer.from(real),
    ];
    await pair.log.append(values);
    await whenRead(pair, before.identity.position + BigInt(values.length) - 1n);
    const after = await statusOf();
    for (const service of ['identity', 'authorizer'] as const) {
      expect(after[service].voidRecords - before[service].voidRecords).toBe(BigInt(values.length));
      expect(after[service].quarantinedKeys).toBe(0n);
    }
    expect(after.authorizer.stateHash).toBe(before.authorizer.stateHash);
    await pair.call(Roles.renameRole, { roleId: healthy, name: 'healthy-2' }, shop.admin);
    expect(await decide(bob)).toBe(Decision.DECISION_ALLOW);
  });

  it('with it: blank, broken and endless fields of every event; only what they wrote is closed', async () => {
    // Of another tenant: some of it is understood, and whoever has the key may say it.
    const { tenantId } = await setUpShop(pair, 'gamma');
    const text = (field: number) =>
      Buffer.concat([Buffer.from([(field << 3) | 2, 0xd0, 0x0f]), Buffer.alloc(2_000, 0x61)]);
    const long = Buffer.concat([1, 2, 3].map(text));
    const bodies = [Buffer.alloc(0), Buffer.from('0affffffff0f', 'hex'), long];
    const key = keyHash(shop.tenantId, 'role', poisoned);
    for (const { wireType } of Object.values(eventFormats)) {
      for (const data of bodies) {
        const event: RawEvent = { type: wireType, critical: true, data };
        await appendRecord(pair, tenantId, [key], commandWith(tenantId, [event]));
      }
    }
    for (const payload of [
      Buffer.alloc(0),
      randomBytes(100),
      commandWith('', []),
      commandWith(tenantId, [{ type: 'ledgate.role.Bent.v9', critical: true, data: long }]),
      commandWith(tenantId, [{ type: '', critical: true, data: Buffer.alloc(0) }]),
    ]) {
      await appendRecord(pair, tenantId, [key], payload);
    }
    expect(await decide(bob)).toBe(Decision.DECISION_UNSPECIFIED);
    await expectHealth();
    const { identity, authorizer } = await statusOf();
    expect([identity.quarantinedKeys, authorizer.quarantinedKeys]).toEqual([1n, 1n]);
  });

  it('Keycloak CVE-2026-9802: and after a restart, and with its state lost, all is as it was', async () => {
    const live = await statusOf();
    for (const lost of [false, true]) {
      await pair.close();
      if (lost) rmSync(join(folder.path, 'identity-state'), { recursive: true });
      pair = await startPair({ dataDir: folder.path });
      // The start appends what its tests need (a key of the authorizer): all else is the same.
      expect((await statusOf()).identity.quarantinedKeys).toBe(live.identity.quarantinedKeys);
      expect(await decide(bob)).toBe(Decision.DECISION_UNSPECIFIED);
      await expectHealth();
    }
  });
});
