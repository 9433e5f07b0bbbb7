import type { Announced } from '#libs/ledger/announcements.js';
import { formatAnnouncement, macKeyAnnouncement } from '#libs/ledger/announcements.js';
import { auditPublicKey } from '#libs/ledger/audit-key.js';
import { checkpointFacts, encodeCheckpoint, signCheckpoint } from '#libs/ledger/checkpoint.js';
import { Judge, type Judged } from '#libs/ledger/judge.js';
import { MacKeys } from '#libs/ledger/mac.js';
import { encodeSigned, RecordKind, sha256, type RecordHeader } from '#libs/ledger/record.js';
import { VerdictWindow } from '#libs/ledger/verdict-window.js';
import { SeededRandom } from './seeded-random.js';

export const historyLedger = 'test.ledger.v1';
export const historyCluster = 'cluster-1';
export const historyKeys = new MacKeys(
  historyLedger,
  new Map([
    [1, new Uint8Array(32).map((_, i) => i)],
    [2, new Uint8Array(32).map((_, i) => i + 1)],
  ]),
);
export const auditSeed = new Uint8Array(32).map((_, i) => 255 - i);
export const historyAuditKey = auditPublicKey(auditSeed);

export interface HistoryOptions {
  readonly seed: number;
  readonly records: number;
  /** Of the rule; small ones reach the edges more often. */
  readonly windowSize: number;
  /** Records between two checkpoints. */
  readonly checkpointEvery: number;
  /** With a SEAL near the end. */
  readonly sealed: boolean;
}

/** A random log, and what a reader from 0 makes of it. */
export interface CheckpointedHistory {
  readonly values: readonly Uint8Array[];
  readonly judged: readonly Judged[];
  readonly verdictHashes: readonly (Uint8Array | undefined)[];
  readonly announced: readonly Announced[];
}

const noKeys: readonly Uint8Array[] = [];
const keyOf = (n: number): Uint8Array => {
  const key = Buffer.alloc(16, 7);
  key.writeUInt32LE(n, 0);
  return key;
};

/**
 * Commands on few keys with snapshots of any age, copies, noise, records under wrong keys and macs, a
 * rotation of the mac key, announcements, checkpoints and (maybe) a seal.
 */
export function checkpointedHistory(options: HistoryOptions): CheckpointedHistory {
  const random = new SeededRandom(options.seed);
  const window = new VerdictWindow(options.windowSize);
  const judge = new Judge(historyKeys, { window, sealed: false });
  const values: Uint8Array[] = [];
  const judged: Judged[] = [];
  const verdictHashes: (Uint8Array | undefined)[] = [];
  const announced: Announced[] = [];
  const rotateAt = random.below(options.records);
  const sealAt = options.sealed ? options.records - 1 - random.below(options.windowSize) : -1;
  const chains: Uint8Array[] = [];
  for (let position = 0; position < options.records; position++) {
    const value = nextValue(position);
    values.push(value);
    const one = judge.judge({ position, value, control: false, appendedAtMs: position });
    judged.push({ ...one, chain: Uint8Array.from(one.chain) });
    chains.push(Uint8Array.from(one.chain));
    verdictHashes.push(window.verdictHash(position));
    announced.push(judge.announced);
  }
  return { values, judged, verdictHashes, announced };

  function nextValue(position: number): Uint8Array {
    const last = position - 1;
    if (position % options.checkpointEvery === 0 && position > 0) return checkpoint(last);
    if (position === rotateAt) {
      return record(last, { kind: RecordKind.KEY, writes: [macKeyAnnouncement(2)] });
    }
    if (position === sealAt) return record(last, { kind: RecordKind.SEAL });
    if (random.chance(0.01)) {
      const writes = [formatAnnouncement(0x41 + random.below(20))];
      return record(last, { kind: RecordKind.FEATURE_LEVEL, writes });
    }
    if (random.chance(0.03)) return random.bytes(random.below(200));
    if (random.chance(0.03) && position > 0) {
      return Uint8Array.from(values[random.below(position)] ?? []);
    }
    const far = position - options.windowSize - 2 + random.below(5);
    const near = last - random.below(4);
    const basedOn = Math.max(-1, random.chance(0.7) ? near : Math.min(far, last));
    const reads = [keyOf(random.below(60))];
    const writes = [keyOf(random.below(60)), keyOf(random.below(1e6))];
    const wrong = random.chance(0.03) ? { macKeyId: 1 + random.below(2) } : {};
    const value = record(basedOn, { reads, writes, ...wrong });
    if (random.chance(0.03)) value[value.length - 1] = (value.at(-1) ?? 0) ^ 1;
    return value;
  }

  function record(
    basedOn: number,
    change: Partial<RecordHeader>,
    payload: Uint8Array = new Uint8Array(0),
  ): Uint8Array {
    const header: RecordHeader = {
      kind: RecordKind.COMMAND,
      flags: 0,
      recordId: random.bytes(16),
      writerId: random.bytes(8),
      tenantHash: new Uint8Array(16),
      basedOn,
      chain: (chains[basedOn] ?? new Uint8Array(32)).subarray(0, 16),
      atMs: 1_700_000_000_000,
      macKeyId: judge.macKeyId ?? 1,
      reads: noKeys,
      writes: noKeys,
      ...change,
    };
    const signed = encodeSigned(header, payload);
    return Buffer.concat([signed, historyKeys.mac(header.macKeyId, sha256(signed))]);
  }

  function checkpoint(about: number): Uint8Array {
    const facts = checkpointFacts(window, about, {
      clusterId: historyCluster,
      ledger: historyLedger,
      epoch: 1,
      announced: judge.announced,
      sealed: judge.sealed,
      featureLevel: 1,
      atMs: 0,
    });
    if (facts === undefined) throw new Error(`nothing can be stated about ${about}`);
    const payload = encodeCheckpoint(signCheckpoint(facts, auditSeed));
    return record(about, { kind: RecordKind.CHECKPOINT }, payload);
  }
}
