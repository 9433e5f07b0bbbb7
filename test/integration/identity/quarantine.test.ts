import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyHash } from '#libs/events/keys.js';
import { openEmbeddedStore } from '#libs/ledger/embedded/embedded-store.js';
import { parseLedgerSecrets } from '#libs/ledger/ledger-secrets.js';
import { MacKeys } from '#libs/ledger/mac.js';
import { encodeSigned, RecordKind, sha256 } from '#libs/ledger/record.js';
import { Secret } from '#libs/runtime/secret.js';
import { LedgerServiceService as Ledger } from '#proto/ledgate/identity/v1/ledger.js';
import { RoleServiceService as Roles } from '#proto/ledgate/identity/v1/role.js';
import { CommandPayload } from '#proto/ledgate/ledger/v1/payload.js';
import { refusal } from '../../support/identity/refusal.js';
import {
  startWorld,
  temporaryFolder,
  testConfig,
  type World,
} from '../../support/identity/running-identity.js';
import { setUpTenant, type TenantSetup } from '../../support/identity/tenant-setup.js';

const name = 'auth.ledger.v1';
const folder = temporaryFolder();
let store: ReturnType<typeof openEmbeddedStore>;
let world: World;
let acme: TenantSetup;
let root: string;

async function start(): Promise<void> {
  store = openEmbeddedStore(join(folder.path, 'shared'));
  world = await startWorld(testConfig(folder.path), {
    log: store.log(name),
    vault: store.vault(),
  });
}

async function stop(): Promise<void> {
  await world.close();
  await store.close();
}

beforeAll(async () => {
  await start();
  ({ root } = world);
  acme = await setUpTenant(world, 'acme');
});
afterAll(async () => {
  await stop();
  folder.remove();
});

const statusNow = () => world.call(Ledger.getStatus, { stateHash: true }, root);

/** A record that counts, as a newer build would write it: this one cannot read its event. */
async function appendFromTheFuture(writes: readonly Uint8Array[]): Promise<void> {
  const { position, chain } = await statusNow();
  const text = readFileSync(join(folder.path, 'keys', 'ledger.key'), 'utf8').trim();
  const keys = new MacKeys(name, parseLedgerSecrets(new Secret(text)));
  const { tenantId } = acme;
  const payload = CommandPayload.encode({
    tenant: tenantId,
    actorTenant: 'system',
    actorPrincipal: '',
    command: 'BendRole',
    commandId: '',
    requestDigest: '',
    reason: '',
    traceparent: '',
    events: [{ type: 'ledgate.role.RoleBent.v9', critical: true, data: Buffer.from([1]) }],
  }).finish();
  const signed = encodeSigned(
    {
      kind: RecordKind.COMMAND,
      flags: 0,
      recordId: randomBytes(16),
      writerId: randomBytes(8),
      tenantHash: keyHash(tenantId, 'tenant', tenantId),
      basedOn: Number(position),
      chain: Buffer.from(chain, 'hex').subarray(0, 16),
      atMs: Date.now(),
      macKeyId: 1,
      reads: [],
      writes,
    },
    payload,
  );
  const mac = keys.mac(1, sha256(signed));
  const log = store.log(name);
  await log.append([Buffer.concat([signed, mac])]);
  while ((await statusNow()).position === position) {
    await new Promise((resolve) => void setTimeout(resolve, 5));
  }
}

describe('a record of a newer build', () => {
  it('makes what it wrote undecidable, and nothing else, also after a rebuild', async () => {
    const poisoned = await world.call(Roles.createRole, { name: 'poisoned' }, acme.admin);
    const healthy = await world.call(Roles.createRole, { name: 'healthy' }, acme.admin);
    const { roleId } = poisoned;
    await appendFromTheFuture([keyHash(acme.tenantId, 'role', roleId)]);
    const check = async (): Promise<void> => {
      const rename = { add: ['*'] };
      const refused = await refusal(
        world.call(Roles.changeRolePermissions, { ...rename, roleId }, acme.admin),
      );
      expect(refused.code).toBe(status.UNAVAILABLE);
      const { roleId: other } = healthy;
      await expect(
        world.call(Roles.changeRolePermissions, { ...rename, roleId: other }, acme.admin),
      ).resolves.toBeDefined();
      await world.call(Roles.changeRolePermissions, { remove: ['*'], roleId: other }, acme.admin);
    };
    await check();
    const before = await statusNow();
    expect(before).toMatchObject({ quarantinedKeys: 1n, voidRecords: 0n });

    await stop();
    await start();
    expect(await statusNow()).toMatchObject({ quarantinedKeys: 1n, stateHash: before.stateHash });
    await check();
    const again = await statusNow();

    await stop();
    rmSync(join(folder.path, 'identity-state'), { recursive: true });
    await start();
    expect(await statusNow()).toMatchObject({ quarantinedKeys: 1n, stateHash: again.stateHash });
    await check();
  });
});
