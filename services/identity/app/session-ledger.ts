import { genesisCodec, openCodec } from '#libs/events/control-codec.js';
import { Failure } from '#libs/errors/failure.js';
import { genesisKey, hashOf } from '#libs/events/keys.js';
import { sessionLedgerSince } from '#libs/decider/ledger-rules.js';
import { foundingMacKeyId } from '#libs/ledger/announcements.js';
import { RecordKind } from '#libs/ledger/record.js';
import type { MacKeys } from '#libs/ledger/mac.js';
import { announceMacKey } from '#services/identity/app/announce-mac-key.js';
import { requireLedgerKey } from '#services/identity/app/check-keys.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';

const EPOCH_ATTEMPTS = 4;

type Cell = Pick<IdentityParts, 'ledger' | 'sessions' | 'log'>;

export interface SessionGenesis {
  /** Name of ledger S. */
  readonly ledger: string;
  readonly macKeys: MacKeys;
}

/**
 * Follows ledger S, and founds it where it is empty, once the cell is at the level that allows it: at
 * once, or as soon as the level is raised. Resolves when this instance serves sessions, or may not yet.
 * Rejects MISCONFIGURED when S belongs to another cluster than L.
 */
export async function startSessions(cell: Cell, genesis: SessionGenesis): Promise<() => void> {
  const { ledger, log } = cell;
  if (ledger.fold.featureLevel >= sessionLedgerSince) {
    await followSessions(cell, genesis);
    return () => {};
  }
  const stop = ledger.reader.onJudged(() => {
    if (ledger.fold.featureLevel < sessionLedgerSince) return;
    stop();
    followSessions(cell, genesis).catch((error: unknown) => {
      log.error({ err: error }, 'the session ledger cannot be followed: start again');
    });
  });
  return stop;
}

async function followSessions(cell: Cell, genesis: SessionGenesis): Promise<void> {
  const { ledger, sessions, log } = cell;
  await sessions.start();
  requireLedgerKey(sessions);
  if (sessions.fold.cluster === undefined) await foundSessions(cell, genesis);
  sessions.requireServing();
  const announced = await announceMacKey(sessions, genesis.macKeys);
  if (announced !== undefined)
    log.warn({ macKeyId: announced }, 'a new key of ledger S is in force');
  const [inL, inS] = [ledger.fold.cluster?.clusterId, sessions.fold.cluster?.clusterId];
  if (inL === inS) return openEpoch(cell);
  throw new Failure(
    'MISCONFIGURED',
    `ledger S belongs to cluster ${inS}, and ledger L to ${inL}: restore the ledger that is missing, ` +
      'or, where L was founded anew, make the topic of S anew too',
  );
}

/**
 * Follows L into the epoch that a restore began: positions of L are given out again there, so whatever S
 * holds from before rests on positions that mean something else now.
 */
async function openEpoch({ ledger, sessions }: Cell): Promise<void> {
  const epoch = ledger.fold.cluster?.epoch ?? 1;
  for (let attempt = 0; attempt < EPOCH_ATTEMPTS; attempt += 1) {
    if ((sessions.fold.cluster?.epoch ?? 1) >= epoch) return;
    const { position, window } = sessions.reader;
    const key = hashOf(genesisKey);
    await sessions.writer.submit({
      kind: RecordKind.OPEN,
      tenantHash: new Uint8Array(16),
      basedOn: position,
      reads: [key],
      writes: [key],
      payload: openCodec.encode({
        epoch,
        restoredFromPosition: position,
        restoredFromChain: Uint8Array.from(window.chain),
      }),
    });
  }
  throw new Failure('NOT_READY', 'ledger S could not be opened in the epoch of L: start again');
}

/** Only one GENESIS counts: another instance may have been faster. */
async function foundSessions({ ledger, sessions }: Cell, genesis: SessionGenesis): Promise<void> {
  const { cluster } = ledger.fold;
  if (cluster === undefined) throw new Failure('NOT_READY', 'ledger L has no GENESIS yet');
  if (!genesis.macKeys.has(foundingMacKeyId)) {
    const why = `ledger S begins under ledger key ${foundingMacKeyId}: keep it until S is founded`;
    throw new Failure('MISCONFIGURED', why);
  }
  const key = hashOf(genesisKey);
  const outcome = await sessions.writer.submit({
    kind: RecordKind.GENESIS,
    tenantHash: new Uint8Array(16),
    basedOn: sessions.reader.position,
    reads: [key],
    writes: [key],
    payload: genesisCodec.encode({
      clusterId: cluster.clusterId,
      ledger: genesis.ledger,
      format: 1,
      macKeyCheck: Buffer.from(genesis.macKeys.checkValue(foundingMacKeyId), 'hex'),
      auditPublicKey: cluster.auditPublicKey,
      createdBy: 'ledgate identity',
    }),
  });
  if (outcome.verdict === 'accepted' || outcome.why === 'conflict') return;
  throw new Failure(
    'NOT_READY',
    `the first record of S did not count (${outcome.why}): start again`,
  );
}
