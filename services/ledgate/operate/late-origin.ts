import { Failure } from '#libs/errors/failure.js';
import { genesisCodec } from '#libs/events/control-codec.js';
import type { CheckpointTrust } from '#libs/ledger/checkpoint-pair.js';
import type { Resume } from '#libs/ledger/fold.js';
import type { Judged } from '#libs/ledger/judge.js';
import { lateStart } from '#libs/ledger/late-start.js';
import { ledgerName } from '#libs/ledger/ledger-place.js';
import { openLog } from '#libs/ledger/open-ledger.js';
import { decodeRecord, RecordKind } from '#libs/ledger/record.js';
import type { LedgerAccess } from './place.js';

/** How many of the first records may be what instances left that outlived their ledger. */
const genesisWithin = 4_096;

/** Where to begin in a ledger that has lost its beginning. */
export interface LateOrigin {
  readonly resume: Resume;
  /** That GENESIS of L names, 32 bytes. */
  readonly auditKey: Uint8Array;
}

/**
 * Behind two checkpoints; `undefined`: the ledger begins at 0. `take` is handed the records before, whose
 * verdicts are known. Rejects like `lateStart`.
 */
export async function lateOrigin(
  access: LedgerAccess,
  take?: (judged: Judged) => void,
): Promise<LateOrigin | undefined> {
  if ((await access.log.start()) === 0) return undefined;
  const trust = await trustOf(access);
  return { resume: await lateStart(trust, take), auditKey: trust.publicKey };
}

/** Whose checkpoints count: by the audit key that GENESIS of L names. Rejects NOT_FOUND without one. */
export async function trustOf({ place, ledger, log }: LedgerAccess): Promise<CheckpointTrust> {
  const state = ledger === 'L' ? log : openLog(place, () => {}, 'L');
  try {
    for (let position = 0; position < genesisWithin; position++) {
      const record = await state.read(position);
      if (record === undefined) break;
      const decoded = decodeRecord(record.value ?? new Uint8Array(0));
      if (typeof decoded === 'string' || decoded.header.kind !== RecordKind.GENESIS) continue;
      const genesis = genesisCodec.decode(decoded.payload);
      if (!genesis.ok) continue;
      const { clusterId, auditPublicKey: publicKey } = genesis.value;
      return { log, publicKey, clusterId, ledger: ledgerName(place, ledger) };
    }
  } finally {
    if (state !== log) await state.close();
  }
  throw new Failure('NOT_FOUND', 'ledger L has no GENESIS: whose checkpoints count is not known');
}
