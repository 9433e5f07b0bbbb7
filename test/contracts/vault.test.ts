import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedVault } from '#libs/ledger/embedded/embedded-store.js';
import { SimulatedVault } from '#libs/ledger/simulated/simulated-vault.js';
import type { Vault } from '#libs/ledger/vault.js';
import type { VaultUnderTest } from './vault-contract.js';
import { vaultContract } from './vault-contract.js';

async function embedded(): Promise<VaultUnderTest> {
  const path = await mkdtemp(join(tmpdir(), 'ledgate-vault-'));
  const opened: Vault[] = [];
  const openVault = (): Vault => {
    const vault = openEmbeddedVault({ path });
    opened.push(vault);
    return vault;
  };
  const vault = openVault();
  return {
    vault,
    openAnother: async () => openVault(),
    restart: async () => {
      await opened.shift()?.close();
      return openVault();
    },
    close: async () => {
      for (const open of opened) await open.close();
      await rm(path, { recursive: true, force: true });
    },
  };
}

vaultContract('embedded', embedded);

async function simulated(): Promise<VaultUnderTest> {
  const blobs = new Map<string, Uint8Array | null>();
  return {
    vault: new SimulatedVault(blobs),
    openAnother: async () => new SimulatedVault(blobs),
    restart: async () => new SimulatedVault(blobs),
    close: async () => {},
  };
}

vaultContract('simulated', simulated);
