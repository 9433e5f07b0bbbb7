import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { CheckpointFacts } from '#libs/events/control-codec.js';
import { auditPublicKey } from '#libs/ledger/audit-key.js';
import {
  checkpointStatement,
  encodeCheckpoint,
  signCheckpoint,
  verifyCheckpoint,
} from '#libs/ledger/checkpoint.js';

interface GoldenCheckpoint {
  readonly name: string;
  readonly facts: Omit<
    CheckpointFacts,
    'chain' | 'verdicts' | 'verdictHash' | 'macKey' | 'formats'
  > & {
    readonly chain: string;
    readonly verdicts: string;
    readonly verdictHash: string;
    readonly macKey: string;
    readonly formats: readonly string[];
  };
  readonly statement?: string;
  readonly statementSha256: string;
  readonly signature: string;
  readonly payload: string;
}

const golden = JSON.parse(readFileSync(new URL('lgc1.json', import.meta.url), 'utf8')) as {
  readonly seed: string;
  readonly publicKey: string;
  readonly checkpoints: readonly GoldenCheckpoint[];
};
const bytes = (text: string): Buffer => Buffer.from(text, 'hex');
const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');
const seed = bytes(golden.seed);
const publicKey = bytes(golden.publicKey);

function factsOf({ facts }: GoldenCheckpoint): CheckpointFacts {
  return {
    ...facts,
    chain: bytes(facts.chain),
    verdicts: bytes(facts.verdicts),
    verdictHash: bytes(facts.verdictHash),
    macKey: bytes(facts.macKey),
    formats: facts.formats.map(bytes),
  };
}

/** The layout, written a second time: a script over lists of bytes. */
function statementByHand(facts: CheckpointFacts): Buffer {
  const wide = (value: number, size: number): number[] =>
    Array.from({ length: size }, (_, i) => Math.floor(value / 256 ** (size - 1 - i)) % 256);
  const text = (value: string): number[] => {
    const utf8 = [...new TextEncoder().encode(value)];
    return [...wide(utf8.length, 2), ...utf8];
  };
  return Buffer.from(
    [
      [76, 71, 67, 49],
      text(facts.clusterId),
      text(facts.ledger),
      wide(facts.epoch, 4),
      wide(facts.position, 8),
      [...facts.chain],
      wide(facts.accepted, 8),
      wide(facts.verdictCount, 4),
      [...facts.verdicts],
      [...facts.verdictHash],
      [...facts.macKey],
      wide(facts.formats.length, 2),
      facts.formats.flatMap((format) => [...format]),
      [facts.sealed ? 1 : 0],
      wide(facts.featureLevel, 4),
      wide(facts.atMs, 8),
    ].flat(),
  );
}

describe('the checkpoint statement LGC1, frozen', () => {
  it('names the public key of its seed', () => {
    expect(hex(auditPublicKey(seed))).toBe(golden.publicKey);
  });

  it.each(golden.checkpoints)('is signed to the byte: $name', (one) => {
    const facts = factsOf(one);
    const statement = checkpointStatement(facts);
    expect(hex(statement)).toBe(hex(statementByHand(facts)));
    expect([undefined, hex(statement)]).toContain(one.statement);
    expect(createHash('sha256').update(statement).digest('hex')).toBe(one.statementSha256);
    const signed = signCheckpoint(facts, seed);
    expect(hex(signed.signature)).toBe(one.signature);
    expect(hex(encodeCheckpoint(signed))).toBe(one.payload);
  });

  it.each(golden.checkpoints)('is verified from its bytes: $name', (one) => {
    const verified = verifyCheckpoint(bytes(one.payload), publicKey);
    if (!verified.ok) throw new Error(verified.problem);
    expect(verified.value).toEqual({ ...factsOf(one), signature: bytes(one.signature) });
    const x = publicKey.toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    expect(verify(null, statementByHand(factsOf(one)), key, bytes(one.signature))).toBe(true);
  });

  it('does not verify after any single flipped bit', () => {
    const payload = bytes(golden.checkpoints[0]?.payload ?? '');
    for (let bit = 0; bit < payload.length * 8; bit++) {
      const flipped = Uint8Array.from(payload);
      flipped[bit >> 3] = (payload[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(verifyCheckpoint(flipped, publicKey).ok, `bit ${bit}`).toBe(false);
    }
  });

  it('does not verify with another key, or a key of another length', () => {
    const payload = bytes(golden.checkpoints[0]?.payload ?? '');
    const other = auditPublicKey(new Uint8Array(32).fill(9));
    for (const key of [other, publicKey.subarray(1), new Uint8Array(0)]) {
      expect(verifyCheckpoint(payload, key).ok).toBe(false);
    }
  });
});
