import { sealCodec } from '#libs/events/control-codec.js';
import { Failure } from '#libs/errors/failure.js';
import { genesisKey, hashOf, writerKey } from '#libs/events/keys.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import type { Judged } from '#libs/ledger/judge.js';
import type { MacKeys } from '#libs/ledger/mac.js';
import { Reader } from '#libs/ledger/reader.js';
import { RecordKind } from '#libs/ledger/record.js';
import { Writer } from '#libs/ledger/writer.js';
import { systemClock } from '#libs/runtime/clock.js';
import { createIds, systemRandom } from '#libs/runtime/ids.js';

const attempts = 8;

/**
 * Seals a ledger: from the SEAL on nothing counts, for anyone, whatever is appended. Resolves with its
 * position: all that comes before it, and nothing else, is the ledger that goes on elsewhere. One that
 * was sealed before stays as it is.
 */
export async function sealLedger(
  log: EventLog,
  macKeys: MacKeys,
  successor: string,
): Promise<number> {
  let sealedAt: number | undefined;
  const fold = {
    resume: () => undefined,
    apply: (batch: readonly Judged[]) => {
      sealedAt ??= batch.find(
        ({ accepted, header }) => accepted && header?.kind === RecordKind.SEAL,
      )?.position;
    },
    reset: () => {
      sealedAt = undefined;
    },
  };
  const reader = new Reader({ log, clock: systemClock, macKeys, fold });
  const writer = writerOf(log, macKeys, reader);
  try {
    await reader.start();
    for (let attempt = 0; attempt < attempts && !reader.sealed; attempt++) {
      await submitSeal(reader, writer, successor);
    }
  } finally {
    writer.stop();
    await reader.stop();
  }
  if (sealedAt !== undefined) return sealedAt;
  throw new Failure('CONFLICT', 'the SEAL did not count: try again');
}

async function submitSeal(reader: Reader, writer: Writer, successor: string): Promise<void> {
  const { position, window } = reader;
  const key = hashOf(genesisKey);
  await writer.submit({
    kind: RecordKind.SEAL,
    tenantHash: new Uint8Array(16),
    basedOn: position,
    reads: [key],
    writes: [key],
    payload: sealCodec.encode({ successor, position, chain: Uint8Array.from(window.chain) }),
  });
}

function writerOf(log: EventLog, macKeys: MacKeys, reader: Reader): Writer {
  const writerId = Uint8Array.from(systemRandom.bytes(8));
  const ids = createIds(systemClock, systemRandom);
  return new Writer({
    log,
    reader,
    clock: systemClock,
    macKeys,
    writerId,
    writerKey: hashOf(writerKey(Buffer.from(writerId).toString('hex'))),
    newRecordId: () => Buffer.from(ids.uuid().replaceAll('-', ''), 'hex'),
    random: () => Buffer.from(systemRandom.bytes(4)).readUInt32BE(0) / 2 ** 32,
  });
}
