import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '#libs/errors/failure.js';
import { chainStart, nextChain } from '#libs/ledger/chain.js';
import { identify } from '#libs/ledger/judge.js';
import { SimulatedVault } from '#libs/ledger/simulated/simulated-vault.js';
import { openEmbeddedLog } from '#libs/ledger/embedded/embedded-store.js';
import { exportLedger } from '#services/ledgate/operate/ledger-file/export-ledger.js';
import {
  decodeFrame,
  decodeHeader,
  encodeFrame,
  encodeHeader,
  type FileHeader,
  type Frame,
  type RecordFrame,
} from '#services/ledgate/operate/ledger-file/file-format.js';
import { openLedgerFile } from '#services/ledgate/operate/ledger-file/ledger-file.js';
import { verifyFile } from '#services/ledgate/operate/ledger-file/verify-file.js';
import { auditKey, changedStatement, sampleLedger } from '../../support/ledger/sample-ledger.js';
import { SeededRandom } from '../../support/ledger/seeded-random.js';

const rounds = Number(process.env['LEDGATE_MANIPULATIONS'] ?? 1_000);
const firstSeed = Number(process.env['LEDGATE_SEED'] ?? 1);

interface Parts {
  header: FileHeader;
  frames: Frame[];
  statement: Uint8Array;
  signature: Uint8Array;
}

type Random = SeededRandom;
const pick = (random: Random, below: number): number => random.below(below);

let folder: string;
let whole: Buffer;
let contentEnd: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ledgate-file-'));
  const log = openEmbeddedLog({ path: join(folder, 'log'), name: 'auth.ledger.v1' });
  const vault = new SimulatedVault();
  const { signer } = await sampleLedger(log, vault, 125);
  const path = join(folder, 'whole');
  await exportLedger({ log, vault, signer, path });
  await log.close();
  whole = await readFile(path);
  contentEnd = whole.length - whole.readUInt32BE(whole.length - 8);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What `verify` finds; a file that cannot even be opened is found, too. */
async function findings(bytes: Buffer): Promise<readonly string[]> {
  const path = join(folder, 'changed');
  await writeFile(path, bytes);
  try {
    const file = await openLedgerFile(path);
    const found = await verifyFile(file, { publicKey: auditKey });
    return found.findings;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [error.message];
  }
}

function parse(): Parts {
  const content = gunzipSync(whole.subarray(0, contentEnd));
  const trailer = whole.subarray(contentEnd);
  const length = trailer.readUInt32BE(4);
  const [header, from] = decodeHeader(content) ?? [undefined, 0];
  if (header === undefined) throw new Error('no header');
  const frames: Frame[] = [];
  for (let at = from; at < content.length;) {
    const decoded = decodeFrame(content, at);
    if (decoded === undefined) throw new Error('no frame');
    frames.push(decoded[0]);
    [, at] = decoded;
  }
  const end = 8 + length;
  return {
    header,
    frames,
    statement: trailer.subarray(8, end),
    signature: trailer.subarray(end, end + 64),
  };
}

function assemble({ header, frames, statement, signature }: Parts): Buffer {
  const content = Buffer.concat([encodeHeader(header), ...frames.map(encodeFrame)]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(statement.length);
  const total = Buffer.alloc(4);
  total.writeUInt32BE(8 + statement.length + 64 + 8);
  return Buffer.concat([
    gzipSync(content),
    Buffer.from('LGXT'),
    length,
    statement,
    signature,
    total,
    Buffer.from('LGXE'),
  ]);
}

/** The cunning sort: whatever the format itself says of the records is made to fit again. */
function mended(parts: Parts): Parts {
  let chain: Uint8Array = chainStart;
  let position = -1;
  let blobs = 0;
  const frames = parts.frames.map((frame): Frame => {
    if (frame.kind === 'blob') blobs += 1;
    if (frame.kind === 'end') return { ...frame, records: position + 1, blobs };
    if (frame.kind !== 'record') return frame;
    position += 1;
    const { hash, mac } = identify(frame.control ? null : frame.value);
    chain = nextChain(chain, position, hash, mac);
    return { ...frame, position, chain };
  });
  const hex = Buffer.from(chain).toString('hex');
  return { ...parts, header: { ...parts.header, end: position + 1, chain: hex }, frames };
}

function flipped(bytes: Uint8Array, bit: number): Buffer {
  const out = Buffer.from(bytes);
  out[bit >> 3]! ^= 1 << (bit & 7);
  return out;
}

/** Changes the file, and tells the first position that is no longer what it was. */
type Manipulation = (random: Random) => { bytes: Buffer; at?: number };

function onRecords(
  change: (records: RecordFrame[], at: number, random: Random) => RecordFrame[],
): (random: Random, mend: boolean) => { bytes: Buffer; at: number } {
  return (random, mend) => {
    const parts = parse();
    const records = parts.frames.filter((frame) => frame.kind === 'record');
    const rest = parts.frames.filter((frame) => frame.kind !== 'record');
    const at = 1 + pick(random, records.length - 2);
    const changed = { ...parts, frames: [...change(records, at, random), ...rest] };
    return { bytes: assemble(mend ? mended(changed) : changed), at };
  };
}

const contentChanges = {
  'a bit of a record': onRecords((records, at, random) =>
    records.with(at, withBit(records[at] as RecordFrame, random)),
  ),
  'a removed record': onRecords((records, at) => records.toSpliced(at, 1)),
  'a doubled record': onRecords((records, at) =>
    // The first of the two still fits: it is the one after it that does not.
    records.toSpliced(at, 0, records[at - 1] as RecordFrame),
  ),
  'two swapped records': onRecords((records, at) => [
    ...records.slice(0, at),
    records[at + 1] as RecordFrame,
    records[at] as RecordFrame,
    ...records.slice(at + 2),
  ]),
  'a truncated tail': onRecords((records, at) => records.slice(0, Math.max(1, at))),
  'another time': onRecords((records, at) => {
    const record = records[at] as RecordFrame;
    return records.with(at, { ...record, appendedAtMs: record.appendedAtMs + 1 });
  }),
  'a control record': onRecords((records, at) =>
    records.with(at, { ...(records[at] as RecordFrame), control: true }),
  ),
};

function withBit(record: RecordFrame, random: Random): RecordFrame {
  const value = record.value ?? new Uint8Array(0);
  return { ...record, value: flipped(value, pick(random, value.length * 8)) };
}

const others: readonly Manipulation[] = [
  (random) => ({ bytes: flipped(whole, pick(random, whole.length * 8)) }),
  (random) => ({ bytes: flipped(whole, pick(random, whole.length * 8)) }),
  (random) => ({ bytes: whole.subarray(0, pick(random, whole.length)) }),
  (random) => ({
    bytes: Buffer.concat([whole, Buffer.alloc(1 + pick(random, 40), pick(random, 256))]),
  }),
  (random) => {
    const at = pick(random, whole.length - 20);
    return {
      bytes: Buffer.concat([whole.subarray(0, at), whole.subarray(at + 1 + pick(random, 9))]),
    };
  },
  (random) => {
    const content = gunzipSync(whole.subarray(0, contentEnd));
    const changed = gzipSync(flipped(content, pick(random, content.length * 8)));
    return { bytes: Buffer.concat([changed, whole.subarray(contentEnd)]) };
  },
  () => ({
    bytes: Buffer.concat([
      gzipSync(gunzipSync(whole.subarray(0, contentEnd)), { level: 1 }),
      whole.subarray(contentEnd),
    ]),
  }),
  (random) => {
    const parts = parse();
    const changes: Partial<FileHeader>[] = [
      { epoch: 2 },
      { clusterId: '01936f5e-0000-7000-8000-000000000000' },
      { ledger: 'other.ledger.v1' },
      { end: parts.header.end + 1 },
      { chain: '00'.repeat(32) },
      { vault: false },
      { auditPublicKey: Buffer.alloc(32, 3).toString('base64url') },
    ];
    const header = { ...parts.header, ...changes[pick(random, changes.length)] };
    return { bytes: assemble({ ...parts, header }) };
  },
  (random) => {
    const parts = parse();
    const change = pick(random, 3);
    if (change === 0) parts.statement = changedStatement(parts.statement);
    if (change === 1) parts.signature = flipped(parts.signature, pick(random, 512));
    if (change === 2)
      parts.statement = flipped(parts.statement, pick(random, parts.statement.length * 8));
    return { bytes: assemble(parts) };
  },
  (random) => {
    const parts = parse();
    const blobs = parts.frames.flatMap((frame, i) => (frame.kind === 'blob' ? [i] : []));
    const at = blobs[pick(random, blobs.length)] ?? 0;
    const frame = parts.frames[at];
    if (frame?.kind !== 'blob') throw new Error('no blob');
    const blob = flipped(frame.blob, pick(random, frame.blob.length * 8));
    const frames = random.chance(0.5)
      ? parts.frames.toSpliced(at, 1)
      : parts.frames.with(at, { ...frame, blob });
    return { bytes: assemble(mended({ ...parts, frames })) };
  },
];

function manipulated(seed: number): { bytes: Buffer; at?: number; named?: boolean } {
  const random = new SeededRandom(seed);
  const changes = Object.entries(contentChanges);
  const choice = pick(random, changes.length + others.length);
  const other = others[choice - changes.length];
  if (other !== undefined) return other(random);
  const [name, change] = changes[choice] as (typeof changes)[number];
  const mend = random.chance(0.5);
  const { bytes, at } = change(random, mend);
  // Where it was done clumsily the first bad position is told exactly.
  return { bytes, at, named: !mend && name !== 'another time' && name !== 'a truncated tail' };
}

describe('ledgate verify FILE', () => {
  it('proves what was exported, with the public key alone', async () => {
    expect(await findings(whole)).toEqual([]);
    const file = await openLedgerFile(join(folder, 'changed'));
    const found = await verifyFile(file);
    expect(found).toMatchObject({ findings: [], pinned: false, position: 124, unstated: 0 });
    expect(found.auditPublicKey).toBe(Buffer.from(auditKey).toString('base64url'));
    expect(found.checkpoints).toBe(2);
    expect(found.void['stated']).toBeGreaterThan(4);
    expect(found.missingBlobs).toBe(0);
  });

  it(`finds ${rounds} random manipulations, and names the place of the clumsy ones`, async () => {
    const original = createHash('sha256').update(whole).digest('hex');
    const missed: number[] = [];
    const unnamed: (readonly unknown[])[] = [];
    for (let seed = firstSeed; seed < firstSeed + rounds; seed++) {
      const { bytes, at, named } = manipulated(seed);
      const same = createHash('sha256').update(bytes).digest('hex') === original;
      const found = same ? ['nothing was changed'] : await findings(bytes);
      if (found.length === 0) missed.push(seed);
      if (named && !found[0]?.startsWith(`position ${at}:`)) unnamed.push([seed, at, found[0]]);
    }
    expect({ missed, unnamed }).toEqual({ missed: [], unnamed: [] });
  }, 120_000);

  it('does not take the key of another cluster', async () => {
    await writeFile(join(folder, 'changed'), whole);
    const file = await openLedgerFile(join(folder, 'changed'));
    const found = await verifyFile(file, { publicKey: new Uint8Array(32).fill(4) });
    expect(found.findings.join('\n')).toContain('not by the audit key');
  });
});
