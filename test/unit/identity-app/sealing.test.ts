import { describe, expect, it } from 'vitest';
import { Failure, type Reason } from '#libs/errors/failure.js';
import { systemClock } from '#libs/runtime/clock.js';
import { createIds, systemRandom } from '#libs/runtime/ids.js';
import { createLogger } from '#libs/runtime/log.js';
import { MasterKeys } from '#libs/runtime/master-keys.js';
import { Secret } from '#libs/runtime/secret.js';
import { SealedVault } from '#services/identity/adapters/sealed-vault.js';
import type { Executed, IdentityParts } from '#services/identity/app/identity-parts.js';
import { sealing } from '#services/identity/app/sealing.js';
import { MemoryVault } from './memory-vault.js';

const place = { class: 'PROFILE', tenant: 't', principal: 'p' } as const;
const executed = (replayed: boolean): Executed => ({
  position: 1,
  events: [{ type: 'TenantSuspended' }],
  replayed,
  consistencyToken: '',
});

/** The number of blobs that are left after an attempt that ended like this. */
async function left(outcome: () => Executed): Promise<number> {
  const vault = new MemoryVault();
  const keys = MasterKeys.parse(new Secret('ab12'.repeat(16)));
  const secrets = new SealedVault(vault, keys, createIds(systemClock, systemRandom));
  const log = createLogger({ service: 'test', level: 'silent' });
  const parts = { secrets, log, clock: systemClock } as unknown as IdentityParts;
  await sealing(parts, async (sealed) => {
    await sealed.secrets.seal(Buffer.from('name'), place);
    await sealed.secrets.sealJson({ displayName: 'x' }, place);
    return outcome();
  }).catch(() => undefined);
  await new Promise((resolve) => void setImmediate(resolve));
  expect(vault.blobs.size).toBe(2);
  return [...vault.blobs.values()].filter((blob) => blob !== undefined).length;
}

const failing = (reason: Reason) => (): Executed => {
  throw new Failure(reason, 'no');
};

describe('what was sealed for a command', () => {
  it('stays when the command counts', async () => {
    expect(await left(() => executed(false))).toBe(2);
  });

  it('is erased when it surely does not', async () => {
    expect(await left(() => executed(true))).toBe(0);
    expect(await left(() => ({ ...executed(false), events: [] }))).toBe(0);
    for (const reason of [
      'NAME_TAKEN',
      'PERMISSION_DENIED',
      'CONFLICT',
      'COMMAND_ID_REUSED',
    ] as const) {
      expect([reason, await left(failing(reason))]).toEqual([reason, 0]);
    }
  });

  it('stays when nobody knows: a record that counts may name it', async () => {
    for (const reason of ['NOT_READY', 'DIVERGED', 'INTERNAL', 'DEADLINE_EXCEEDED'] as const) {
      expect([reason, await left(failing(reason))]).toEqual([reason, 2]);
    }
    const unexpected = (): Executed => {
      throw new TypeError('bug');
    };
    expect(await left(unexpected)).toBe(2);
  });
});
