import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Failure } from '#libs/errors/failure.js';
import { SimulatedVault } from '#libs/ledger/simulated/simulated-vault.js';
import type { Vault } from '#libs/ledger/vault.js';
import { TenantServiceService as Tenants } from '#proto/ledgate/identity/v1/tenant.js';
import { exportLedger } from '#services/ledgate/operate/ledger-file/export-ledger.js';
import {
  importLedger,
  type Imported,
} from '#services/ledgate/operate/ledger-file/import-ledger.js';
import { openLedgerFile } from '#services/ledgate/operate/ledger-file/ledger-file.js';
import { setUpTenant } from '../../support/identity/tenant-setup.js';
import {
  copyMovesTheLedger,
  restoreKillsWhatWasIssued,
  statesOnTheWay,
} from '../../support/ledgate/ledger-file-story.js';
import {
  embeddedPlace,
  serveIdentity,
  signerOf,
  type Place,
} from '../../support/ledgate/ledger-place.js';

const opened: Place[] = [];
const place = async (): Promise<Place> => {
  const made = await embeddedPlace();
  opened.push(made);
  return made;
};
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

describe('a ledger in a file, embedded', () => {
  it('restored: tokens, keys and consistency tokens of before are dead, passwords and grants are not', async () => {
    const refusals = await restoreKillsWhatWasIssued(await place(), await place());
    expect(refusals).toEqual(['ISSUED_BEFORE_RESTORE', 'TOKEN_WRONG_EPOCH']);
  });

  it('copied while it is written to: all that was answered is there, and what was issued stays good', async () => {
    const copied = await copyMovesTheLedger(await place(), await place());
    expect(copied.position).toBe(copied.sealedAt - 1);
  });

  it('exported and imported is the same state', async () => {
    const states = await statesOnTheWay([await place(), await place()]);
    expect(states).toEqual(states.map(() => states[0]));
  });

  it('is finished by another attempt when one was cut short right behind OPEN', async () => {
    const [from, to] = [await place(), await place()];
    const reopen = await backUpAndImport(from, to);
    const full: Vault = {
      ...unchanged(to.vault),
      put: () => Promise.reject(new Failure('LEDGER_UNAVAILABLE', 'the disk is full')),
    };
    await expect(serveIdentity({ ...to, vault: full }, { reopen })).rejects.toThrow('full');
    expect(await to.log.end()).toBe(reopen.position + 2);
    const world = await serveIdentity(to, { reopen });
    expect(world.root).not.toBe('');
    await expect(world.call(Tenants.listTenants, {}, world.root)).resolves.toBeDefined();
    await world.close();
  });

  it('is refused without the vault, and before anything is written', async () => {
    const [from, to] = [await place(), await place()];
    const reopen = await backUpAndImport(from, to, new SimulatedVault());
    const attempt = serveIdentity(to, { reopen });
    await expect(attempt).rejects.toMatchObject({ reason: 'MISCONFIGURED' });
    expect(await to.log.end()).toBe(reopen.position + 1);
  });

  it('is refused when the ledger went on after the backup', async () => {
    const [from, to] = [await place(), await place()];
    const reopen = await backUpAndImport(from, to);
    const world = await serveIdentity(to);
    const root = readFileSync(join(from.dataDir, 'bootstrap-api-key'), 'utf8').trim();
    await setUpTenant({ ...world, root }, 'meanwhile');
    await world.close();
    const attempt = serveIdentity(to, { reopen });
    await expect(attempt).rejects.toMatchObject({ reason: 'WRONG_STATE' });
  });
});

async function backUpAndImport(from: Place, to: Place, vault = to.vault): Promise<Imported> {
  const world = await serveIdentity(from, { bootstrap: true });
  const path = join(from.dataDir, 'backup');
  const signer = signerOf(world, world.root);
  await exportLedger({ log: from.log, vault: from.vault, signer, path });
  await world.close();
  return importLedger({ file: await openLedgerFile(path), log: to.log, vault });
}

function unchanged(vault: Vault): Vault {
  return {
    put: (id, blob) => vault.put(id, blob),
    get: (id, timeoutMs) => vault.get(id, timeoutMs),
    erase: (id) => vault.erase(id),
    list: () => vault.list(),
    erasedAt: (id) => vault.erasedAt(id),
    goneAfterMs: vault.goneAfterMs,
    close: () => vault.close(),
  };
}
