import { createHash, timingSafeEqual } from 'node:crypto';
import type { JudgeState } from './judge.js';
import { writes, writesLength } from './last-writers.js';
import type { MacKeys } from './mac.js';
import { VerdictWindow, windowSize, type SavedWindow } from './verdict-window.js';

const magic = Buffer.from('LGSNAP1\n', 'latin1');
const digestBytes = 32;
const macBytes = 32;
/** Hashed between two turns of the event loop: about 2 ms of work. */
const hashedAtOnce = 1 << 20;

/** Which state a snapshot holds. */
export interface SnapshotName {
  /** Name of the ledger. */
  readonly ledger: string;
  /** Form of the state: another one is passed over. */
  readonly projection: string;
}

/** A whole state at one position, copied: the log may go on while it is written. */
export interface Capture {
  readonly clusterId: string;
  readonly epoch: number;
  readonly window: SavedWindow;
  readonly sealed: boolean;
  readonly announced: NonNullable<JudgeState['announced']>;
  /** The state, in pieces. */
  readonly state: readonly Uint8Array[];
}

/** What was read back: belongs to whoever asked for it. */
export interface Snapshot {
  readonly clusterId: string;
  readonly epoch: number;
  readonly judge: Required<JudgeState>;
  readonly state: Uint8Array;
  /** Length of the file. */
  readonly bytes: number;
}

/** A snapshot that cannot be used, and why. */
export class SnapshotRefused extends Error {
  override readonly name = 'SnapshotRefused';
}

interface Header extends SnapshotName {
  readonly byteOrder: string;
  readonly clusterId: string;
  readonly epoch: number;
  readonly position: number;
  /** Hex. */
  readonly chain: string;
  readonly acceptedCount: number;
  readonly sealed: boolean;
  readonly announced: { readonly macKey: string; readonly formats: readonly string[] };
  readonly lengths: readonly [chains: number, verdicts: number, writes: number];
  readonly stateBytes: number;
}

/** Typed arrays are stored as they lie in memory. */
const byteOrder = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 'little' : 'big';

/**
 * Bytes of a snapshot, piece by piece: magic, length of the header (uint32), header (JSON), chains,
 * verdicts and last writers of the window, state, SHA-256 of all that, MAC of the digest.
 */
export function* snapshotPieces(
  name: SnapshotName,
  capture: Capture,
  macKeys: MacKeys,
): Generator<Uint8Array> {
  const hash = createHash('sha256');
  for (const piece of bodyOf(name, capture)) {
    for (let from = 0; from < piece.length; from += hashedAtOnce) {
      const part = piece.subarray(from, from + hashedAtOnce);
      hash.update(part);
      yield part;
    }
  }
  const digest = hash.digest();
  yield digest;
  yield macKeys.snapshotMac(digest);
}

function* bodyOf({ ledger, projection }: SnapshotName, capture: Capture): Generator<Uint8Array> {
  const { clusterId, epoch, sealed, announced, window, state } = capture;
  const { position, acceptedCount, chains, verdicts, oldest, writers } = window;
  const chain = VerdictWindow.chainIn(window);
  const header: Header = {
    ledger,
    projection,
    byteOrder,
    clusterId,
    epoch,
    position,
    chain: Buffer.from(chain).toString('hex'),
    acceptedCount,
    sealed,
    announced,
    lengths: [chains.length, verdicts.length, writesLength(writers, oldest)],
    stateBytes: state.reduce((sum, piece) => sum + piece.length, 0),
  };
  const text = Buffer.from(JSON.stringify(header), 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  yield Buffer.concat([magic, length, text]);
  yield chains;
  yield verdicts;
  yield* writes(writers, oldest);
  yield* state;
}

/**
 * Reads a snapshot that this very ledger key vouches for. Nothing of the bytes is looked into before
 * their MAC was found right. Rejects SnapshotRefused.
 */
export async function readSnapshot(
  bytes: Uint8Array,
  name: SnapshotName,
  macKeys: MacKeys,
): Promise<Snapshot> {
  const signed = bytes.subarray(0, Math.max(0, bytes.length - digestBytes - macBytes));
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (signed.length < magic.length + 4 || !file.subarray(0, magic.length).equals(magic)) {
    throw new SnapshotRefused('not a snapshot of this format');
  }
  const digest = await digestOf(signed);
  const trailer = file.subarray(signed.length);
  if (!digest.equals(trailer.subarray(0, digestBytes))) {
    throw new SnapshotRefused('damaged: its SHA-256 differs');
  }
  if (!timingSafeEqual(macKeys.snapshotMac(digest), trailer.subarray(digestBytes))) {
    throw new SnapshotRefused('its MAC is not of the ledger key in use here');
  }
  return openBody(file.subarray(0, signed.length), name, bytes.length);
}

async function digestOf(bytes: Uint8Array): Promise<Buffer> {
  const hash = createHash('sha256');
  for (let from = 0; from < bytes.length; from += hashedAtOnce) {
    hash.update(bytes.subarray(from, from + hashedAtOnce));
    await new Promise((resolve) => void setImmediate(resolve));
  }
  return hash.digest();
}

function openBody(body: Buffer, name: SnapshotName, bytes: number): Snapshot {
  const start = magic.length + 4;
  const end = start + body.readUInt32LE(magic.length);
  const header = JSON.parse(body.toString('utf8', start, end)) as Header;
  requireSame('ledger', header.ledger, name.ledger);
  requireSame('form of the state', header.projection, name.projection);
  requireSame('byte order', header.byteOrder, byteOrder);
  const { position, acceptedCount, clusterId, epoch, sealed, announced } = header;
  let at = end;
  const part = (length: number): Uint8Array => {
    at += length;
    return new Uint8Array(body.buffer, body.byteOffset + at - length, length);
  };
  const [chains, verdicts, written] = header.lengths.map(part) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const saved = { position, acceptedCount, chains, verdicts };
  const judge = { window: VerdictWindow.load(saved, written, windowSize), sealed, announced };
  requireSame('chain', Buffer.from(judge.window.chain).toString('hex'), header.chain);
  return { clusterId, epoch, judge, state: part(header.stateBytes), bytes };
}

function requireSame(what: string, found: string, wanted: string): void {
  if (found !== wanted) throw new SnapshotRefused(`another ${what}: ${found}, not ${wanted}`);
}
