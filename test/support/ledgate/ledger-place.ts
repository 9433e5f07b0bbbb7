import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalLines } from '#libs/access/canonical-lines.js';
import { openEmbeddedStore } from '#libs/ledger/embedded/embedded-store.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import { openKafkaLog } from '#libs/ledger/kafka/kafka-log.js';
import { openKafkaVault } from '#libs/ledger/kafka/kafka-vault.js';
import { parseLedgerSecrets } from '#libs/ledger/ledger-secrets.js';
import { MacKeys } from '#libs/ledger/mac.js';
import { Reader } from '#libs/ledger/reader.js';
import type { Vault } from '#libs/ledger/vault.js';
import { systemClock } from '#libs/runtime/clock.js';
import { Secret } from '#libs/runtime/secret.js';
import { LedgerServiceService as Operator } from '#proto/ledgate/operator/v1/ledger.js';
import { LedgerServiceService as Ledger } from '#proto/ledgate/identity/v1/ledger.js';
import { AccessFold } from '#services/authorizer/app/access-fold.js';
import { startAuthorizer } from '#services/authorizer/main.js';
import type { IdentityInjection } from '#services/identity/main.js';
import type { FileSigner } from '#services/ledgate/operate/ledger-file/export-ledger.js';
import {
  clientOf,
  testConfig as authorizerConfig,
  type AuthorizerClient,
} from '../authorizer/running-authorizer.js';
import { startWorld, testConfig, type World } from '../identity/running-identity.js';
import { freshLedgerTopic, freshVaultTopic } from '../kafka/fresh-topic.js';

const ledgerSecret = new Secret('7c3d'.repeat(15) + 'c2d3');
const keys = { masterKey: new Secret('5e1f'.repeat(15) + 'a0b1'), ledgerKey: ledgerSecret };
export const ledger = 'auth.ledger.v1';
export const macKeys = new MacKeys(ledger, parseLedgerSecrets(ledgerSecret));

/** Where a ledger and its vault can be, empty at first. */
export interface Place {
  readonly log: EventLog;
  readonly vault: Vault;
  /** Data folder of whoever serves it. */
  readonly dataDir: string;
  close(): Promise<void>;
}

export type MakePlace = () => Promise<Place>;

export async function embeddedPlace(): Promise<Place> {
  const dataDir = mkdtempSync(join(tmpdir(), 'ledgate-place-'));
  const store = openEmbeddedStore(join(dataDir, 'ledger'));
  return {
    log: store.log(ledger),
    vault: store.vault(),
    dataDir,
    close: async () => {
      await store.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export const kafkaPlace =
  (brokers: readonly string[]): MakePlace =>
  async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'ledgate-place-'));
    const topic = await freshLedgerTopic(brokers);
    const vaultTopic = await freshVaultTopic(brokers);
    const log = openKafkaLog({ brokers, topic, onTrouble: () => {} });
    const cacheDir = join(dataDir, 'vault-cache');
    const vault = openKafkaVault({ brokers, topic: vaultTopic, cacheDir });
    return {
      log,
      vault,
      dataDir,
      close: async () => {
        await log.close();
        await vault.close();
        rmSync(dataDir, { recursive: true, force: true });
      },
    };
  };

/** Identity alone. */
export function serveIdentity(
  { log, vault, dataDir }: Place,
  injection: Pick<IdentityInjection, 'bootstrap' | 'reopen'> = { bootstrap: false },
): Promise<World> {
  return startWorld(testConfig(dataDir, keys), { log, vault, ...injection });
}

export async function serveAuthorizer({
  log,
  dataDir,
}: Place): Promise<AuthorizerClient & { stop(): Promise<void> }> {
  const config = authorizerConfig({ dataDir, ledgerKey: ledgerSecret });
  const running = await startAuthorizer(config, { log });
  const client = clientOf(running.address);
  return {
    ...client,
    stop: async () => {
      client.close();
      await running.close();
    },
  };
}

export function signerOf(world: World, bearer: string): FileSigner {
  return {
    signHead: async () => (await world.call(Operator.signHead, {}, bearer)).statement,
    signFile: async (sha256) => {
      const request = { sha256: Buffer.from(sha256) };
      return (await world.call(Operator.signFile, request, bearer)).signature;
    },
  };
}

/** What identity has in its documents, by its own hash. */
export async function documentsHash(world: World, bearer: string): Promise<string> {
  return (await world.call(Ledger.getStatus, { stateHash: true }, bearer)).stateHash;
}

/** What an authorizer makes of a log, from position 0 to its end. */
export async function viewHash({ log }: Pick<Place, 'log'>): Promise<string> {
  const fold = new AccessFold();
  const reader = new Reader({ log, clock: systemClock, macKeys, fold });
  await reader.start();
  await reader.stop();
  const hash = createHash('sha256');
  for (const line of canonicalLines(fold.view, 0)) hash.update(`${line}\n`);
  return hash.digest('hex');
}
