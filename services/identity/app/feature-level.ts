import { Failure, invalid } from '#libs/errors/failure.js';
import { featureLevelCodec } from '#libs/events/control-codec.js';
import { newestLevel } from '#libs/events/feature-levels.js';
import { featureLevelKey, hashOf } from '#libs/events/keys.js';
import { RecordKind } from '#libs/ledger/record.js';
import type { LedgerSession } from '#services/identity/app/ledger-session.js';

const ATTEMPTS = 4;

/**
 * Raises what writers may use. Resolves with the position of the FEATURE_LEVEL record, `undefined` when
 * the ledger is at that level already. Throws INVALID_ARGUMENT for a level that this build does not
 * know, WRONG_STATE for one below the present: what was written stays written.
 */
export async function raiseFeatureLevel(
  ledger: LedgerSession,
  level: number,
): Promise<number | undefined> {
  if (!Number.isInteger(level) || level < 1 || level > newestLevel) {
    const description = `must be 1 to ${newestLevel}, the newest that this build knows`;
    throw invalid({ field: 'level', description });
  }
  const key = hashOf(featureLevelKey);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { featureLevel } = ledger.fold;
    if (level === featureLevel) return undefined;
    if (level < featureLevel) {
      throw new Failure(
        'WRONG_STATE',
        `the ledger is at level ${featureLevel}: there is no way back`,
      );
    }
    const outcome = await ledger.writer.submit({
      kind: RecordKind.FEATURE_LEVEL,
      tenantHash: new Uint8Array(16),
      basedOn: ledger.reader.position,
      reads: [key],
      writes: [key],
      payload: featureLevelCodec.encode({ level }),
    });
    if (outcome.verdict === 'accepted') return outcome.position;
    if (outcome.why === 'sealed') {
      throw new Failure('LEDGER_SEALED', 'the ledger is sealed and takes no more records');
    }
  }
  throw new Failure('CONFLICT', 'the level was changed by somebody else at the same time');
}
