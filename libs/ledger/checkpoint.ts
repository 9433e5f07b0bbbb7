import { checkpointCodec } from '#libs/events/control-codec.js';
import type { Checkpoint, CheckpointFacts } from '#libs/events/control-codec.js';
import type { Decoded } from '#libs/events/codec.js';
import type { Announced } from './announcements.js';
import { auditSignature, isAuditSignature } from './audit-key.js';
import { keyBytes } from './record.js';
import { windowSize, type VerdictWindow } from './verdict-window.js';

/** What a checkpoint says that the window does not know. */
export interface CheckpointContext {
  readonly clusterId: string;
  readonly ledger: string;
  readonly epoch: number;
  readonly announced: Announced;
  readonly sealed: boolean;
  readonly featureLevel: number;
  readonly atMs: number;
}

/**
 * The facts of a position of the window, which must be what `context` is about: as many verdicts as
 * the window holds up to it. `undefined`: the position lies too far back, or is not judged yet.
 */
export function checkpointFacts(
  window: VerdictWindow,
  position: number,
  context: CheckpointContext,
): CheckpointFacts | undefined {
  const chain = window.chainAt(position);
  const verdictHash = window.verdictHash(position);
  if (chain === undefined || verdictHash === undefined) return undefined;
  const oldest = Math.max(0, window.position - window.size + 1);
  const verdictCount = position - oldest + 1;
  const verdicts = new Uint8Array(Math.ceil(verdictCount / 8));
  let accepted = window.acceptedCount;
  for (let i = 0; i < verdictCount; i++) {
    const bit = window.acceptedAt(oldest + i) ? 1 << (i & 7) : 0;
    verdicts[i >> 3] = (verdicts[i >> 3] ?? 0) | bit;
  }
  for (let p = position + 1; p <= window.position; p++) if (window.acceptedAt(p)) accepted--;
  const { announced, ...rest } = context;
  return {
    ...rest,
    position,
    chain: Uint8Array.from(chain),
    accepted,
    verdictCount,
    verdicts,
    verdictHash: Uint8Array.from(verdictHash),
    macKey: Buffer.from(announced.macKey, 'latin1'),
    formats: announced.formats.map((format) => Buffer.from(format, 'latin1')),
  };
}

/** Signs what is stated about a position. `seed`: 32 bytes, `masterKeys.derive('audit signature')`. */
export function signCheckpoint(facts: CheckpointFacts, seed: Uint8Array): Checkpoint {
  return { ...facts, signature: auditSignature(checkpointStatement(facts), seed) };
}

/** The payload of a CHECKPOINT record. */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  return checkpointCodec.encode(checkpoint);
}

/**
 * Decodes the payload of a CHECKPOINT, or a signed head, and checks its signature with the public key
 * that GENESIS names (32 bytes). Whose cluster and ledger it is about is for the caller to compare.
 */
export function verifyCheckpoint(payload: Uint8Array, publicKey: Uint8Array): Decoded<Checkpoint> {
  const decoded = checkpointCodec.decode(payload);
  if (!decoded.ok) return decoded;
  const problem = problemOf(decoded.value, publicKey);
  return problem === undefined ? decoded : { ok: false, problem };
}

function problemOf(value: Checkpoint, publicKey: Uint8Array): string | undefined {
  const { verdictCount, verdicts, position } = value;
  const wellFormed =
    value.chain.length === 32 &&
    value.verdictHash.length === 32 &&
    [value.macKey, ...value.formats].every((key) => key.length === keyBytes) &&
    verdictCount <= Math.min(windowSize, position + 1) &&
    verdicts.length === Math.ceil(verdictCount / 8) &&
    value.clusterId.length <= 255 &&
    value.ledger.length <= 255 &&
    value.formats.length <= 255;
  if (!wellFormed) return 'a field of the checkpoint has an impossible length';
  const statement = checkpointStatement(value);
  if (isAuditSignature(statement, value.signature, publicKey)) return undefined;
  return 'the signature of the checkpoint is not by the audit key';
}

/**
 * What is signed; frozen, golden vectors hold it. Integers are big-endian, texts UTF-8 with their byte
 * length (2) in front:
 *
 * "LGC1" ‖ text cluster id ‖ text ledger ‖ epoch (4) ‖ position (8) ‖ chain (32) ‖ accepted (8) ‖
 * verdict count (4) ‖ verdicts (⌈count/8⌉) ‖ verdict hash (32) ‖ mac key (16) ‖ number of formats (2) ‖
 * formats (16 each) ‖ sealed (1) ‖ feature level (4) ‖ at (8)
 */
export function checkpointStatement(facts: CheckpointFacts): Uint8Array {
  return Buffer.concat([
    Buffer.from('LGC1', 'latin1'),
    text(facts.clusterId),
    text(facts.ledger),
    integer(facts.epoch, 4),
    integer(facts.position, 8),
    facts.chain,
    integer(facts.accepted, 8),
    integer(facts.verdictCount, 4),
    facts.verdicts,
    facts.verdictHash,
    facts.macKey,
    integer(facts.formats.length, 2),
    ...facts.formats,
    integer(facts.sealed ? 1 : 0, 1),
    integer(facts.featureLevel, 4),
    integer(facts.atMs, 8),
  ]);
}

/** The verdict of a position by a checkpoint; `undefined`: it does not say. */
export function verdictBy(checkpoint: CheckpointFacts, position: number): boolean | undefined {
  const { verdictCount, verdicts } = checkpoint;
  const i = position - (checkpoint.position - verdictCount + 1);
  if (i < 0 || i >= verdictCount) return undefined;
  return ((verdicts[i >> 3] ?? 0) & (1 << (i & 7))) !== 0;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([integer(bytes.length, 2), bytes]);
}

function integer(value: number, size: 1 | 2 | 4 | 8): Buffer {
  const out = Buffer.alloc(size);
  if (size === 8) out.writeBigUInt64BE(BigInt(value));
  else out.writeUIntBE(value, 0, size);
  return out;
}
