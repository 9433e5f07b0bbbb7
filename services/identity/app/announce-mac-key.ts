import { keyAddedCodec } from '#libs/events/control-codec.js';
import { Failure } from '#libs/errors/failure.js';
import { genesisKey, hashOf } from '#libs/events/keys.js';
import { macKeyAnnouncement } from '#libs/ledger/announcements.js';
import type { MacKeys } from '#libs/ledger/mac.js';
import { RecordKind } from '#libs/ledger/record.js';
import type { AnyLedgerSession } from '#services/identity/app/ledger-session.js';

/**
 * Rotation of the ledger key: when this process holds a key with a higher id than the current one, a
 * KEY record under the current one announces it. From the record after that on only the new key
 * counts. Every other process must hold the new key before; one that does not stops and says so.
 *
 * Resolves with the id that was announced now. Rejects NOT_READY when the record did not count.
 */
export async function announceMacKey(
  ledger: AnyLedgerSession,
  macKeys: MacKeys,
): Promise<number | undefined> {
  const { reader, writer } = ledger;
  const newest = Math.max(...macKeys.ids);
  const current = reader.macKeyId;
  if (current === undefined || newest <= current) return undefined;
  const key = hashOf(genesisKey);
  const outcome = await writer.submit({
    kind: RecordKind.KEY,
    tenantHash: new Uint8Array(16),
    basedOn: reader.position,
    reads: [key],
    writes: [macKeyAnnouncement(newest), key],
    payload: keyAddedCodec.encode({
      macKeyId: newest,
      check: Buffer.from(macKeys.checkValue(newest), 'hex'),
      validFrom: reader.position + 1,
    }),
  });
  if (outcome.verdict === 'accepted') return newest;
  // Another instance was faster, or commands came in between: the next start looks again.
  if (reader.macKeyId === newest) return undefined;
  throw new Failure(
    'NOT_READY',
    `the new ledger key was not announced (${outcome.why}): start again`,
  );
}
