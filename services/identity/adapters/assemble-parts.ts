import { availableParallelism } from 'node:os';
import type { DocumentReader } from '#libs/decider/documents.js';
import type { VaultRef } from '#libs/events/catalogue.js';
import type { Clock } from '#libs/runtime/clock.js';
import { createIds, systemRandom } from '#libs/runtime/ids.js';
import type { Logger } from '#libs/runtime/log.js';
import type { MasterKeys } from '#libs/runtime/master-keys.js';
import type { Shutdown } from '#libs/runtime/shutdown.js';
import { Argon2Hasher } from '#services/identity/adapters/argon2-hasher.js';
import { BlindIndexes } from '#services/identity/adapters/blind-indexes.js';
import { commonPasswords } from '#services/identity/adapters/common-passwords.js';
import type { OutboxMessage } from '#services/identity/adapters/delivery/dev-outbox.js';
import {
  openDelivery,
  type OpenDelivery,
} from '#services/identity/adapters/delivery/open-delivery.js';
import { GuessLimits } from '#services/identity/adapters/guess-limits.js';
import {
  openLedgers,
  openStores,
  type LedgerKeys,
  type LedgerStores,
} from '#services/identity/adapters/open-ledgers.js';
import { openProofs } from '#services/identity/adapters/open-proofs.js';
import { SealedVault } from '#services/identity/adapters/sealed-vault.js';
import { RevocationJournalFile } from '#services/identity/adapters/revocation-journal-file.js';
import { MasterKeySessionSecrets } from '#services/identity/adapters/session-secrets.js';
import { hashThreads } from '#services/identity/adapters/thread-pool.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import { AttemptRecords } from '#services/identity/app/attempt-records.js';
import { CallerGate } from '#services/identity/app/caller.js';
import { HeldAccess } from '#services/identity/app/held-access.js';
import { HeldRevocations } from '#services/identity/app/held-revocations.js';
import { HeldSessionEnds } from '#services/identity/app/held-session-ends.js';
import {
  appendSession,
  execute,
  type IdentityParts,
} from '#services/identity/app/identity-parts.js';
import { SigningKeys } from '#services/identity/app/signing-keys.js';
import type { IdentityConfig } from '#services/identity/config.js';
import { keyrings, signingKeys } from '#services/identity/domain/signing-key/state.js';
import { tenants } from '#services/identity/domain/tenant/state.js';

/** What a process that runs more than identity shares with it; whoever injects it closes it. */
export interface SharedParts extends Partial<LedgerStores> {
  /** Told of each message that the outbox of a development installation keeps. */
  readonly onOutbox?: (message: OutboxMessage) => void;
}

export interface Surroundings {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly shutdown: Shutdown;
  /** Called with every alarm of a reader. */
  readonly onAlarm: Set<() => void>;
}

export interface AssembledParts {
  readonly parts: IdentityParts;
  readonly hasher: Argon2Hasher;
  readonly delivery: OpenDelivery;
}

/** Opens the stores and puts the parts together; the ledger is not read yet. */
export function assembleParts(
  config: IdentityConfig,
  shared: SharedParts,
  { clock, logger, shutdown, onAlarm }: Surroundings,
  masterKeys: MasterKeys,
  macKeys: LedgerKeys,
): AssembledParts {
  const ids = createIds(clock, systemRandom);
  const stores = openStores(config, shared, { logger, shutdown });
  const { ledger, sessions } = openLedgers(config, stores, macKeys, {
    clock,
    logger,
    shutdown,
    ids,
    onAlarm,
  });
  const { vault } = stores;
  const documents = documentsOf(ledger.state);
  const secrets = new SealedVault(vault, masterKeys, ids);
  const hasher = hasherOf(config, clock, logger);
  const { issuer, audiences, maxStalenessMs } = config;
  const { dataDir } = config;
  const { onOutbox } = shared;
  const allowPrivate = config.upstreamPrivate === true || issuer.startsWith('http:');
  const ways = { clock, ids, log: logger, dataDir, onOutbox, allowPrivate };
  const delivery = openDelivery(config.delivery, ways);
  shutdown.add('delivery', () => delivery.close());
  const attempts = new AttemptRecords(() => parts);
  shutdown.add('attempts', () => attempts.close());
  const given = { clock, ids, log: logger };
  const revocations = heldRevocations(dataDir, { ledger, sessions }, given, () => parts);
  shutdown.add('held revocations', () => revocations.close());
  const parts: IdentityParts = {
    ledger,
    sessions,
    revocations,
    gate: new CallerGate({ ledger, sessions }, issuer, audiences),
    secrets,
    proofs: openProofs(config, { clock, ids, masterKeys }),
    sessionSecrets: new MasterKeySessionSecrets(masterKeys),
    blobs: vault,
    loginNames: new BlindIndexes(secrets, (tenant) => tenantKey(documents, tenant)),
    hasher,
    limits: limitsOf(config, clock),
    attempts,
    blockList: commonPasswords,
    delivery,
    signingKeys: new SigningKeys(secrets, () => {
      const kid = keyrings.read(documents, '', issuer)?.active;
      const key = kid === undefined ? undefined : signingKeys.read(documents, '', kid);
      return kid === undefined || key === undefined ? undefined : { ...key, kid };
    }),
    clock,
    ids,
    random: systemRandom,
    log: logger,
    issuer,
    audiences,
    maxStalenessMs,
  };
  return { parts, hasher, delivery };
}

/** `parts` are there when the first is settled or taken up. */
function heldRevocations(
  dataDir: string,
  { ledger, sessions }: Pick<IdentityParts, 'ledger' | 'sessions'>,
  given: Pick<IdentityParts, 'clock' | 'ids' | 'log'>,
  parts: () => IdentityParts,
): HeldRevocations {
  return new HeldRevocations({
    ...given,
    journal: new RevocationJournalFile(dataDir),
    denies: sessions.fold.early,
    ends: new HeldSessionEnds(documentsOf(sessions.state), given.clock),
    access: new HeldAccess(ledger, given.clock),
    execute: (call, command) => appendSession(parts(), call, command),
    executeAccess: (call, command) => execute(parts(), call, command),
  });
}

function tenantKey(documents: DocumentReader, tenant: string): VaultRef | undefined {
  return tenants.read(documents, tenant, tenant)?.blindIndexKey;
}

function hasherOf({ argon2 }: IdentityConfig, clock: Clock, logger: Logger): Argon2Hasher {
  const { parallel, advice } = hashThreads(
    availableParallelism(),
    process.env['UV_THREADPOOL_SIZE'],
  );
  if (advice !== undefined) logger.warn(advice);
  const { memoryKib: memoryCost, passes: timeCost } = argon2;
  return new Argon2Hasher({ clock, parallel, cost: { memoryCost, timeCost, parallelism: 1 } });
}

function limitsOf(config: IdentityConfig, clock: Clock): GuessLimits {
  return new GuessLimits({
    clock,
    sourceBurst: config.loginsPerSource.burst,
    sourcePerSecond: config.loginsPerSource.perSecond,
    accountBurst: config.guessesPerAccount.burst,
    accountPerSecond: config.guessesPerAccount.perMinute / 60,
  });
}
