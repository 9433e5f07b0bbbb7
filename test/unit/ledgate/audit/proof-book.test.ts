import { describe, expect, it } from 'vitest';
import { genesisCodec } from '#libs/events/control-codec.js';
import { auditPublicKey } from '#libs/ledger/audit-key.js';
import { encodeCheckpoint, signCheckpoint } from '#libs/ledger/checkpoint.js';
import type { Judged } from '#libs/ledger/judge.js';
import { RecordKind } from '#libs/ledger/record.js';
import { VerdictWindow } from '#libs/ledger/verdict-window.js';
import { ProofBook } from '#services/ledgate/operate/audit/proof-book.js';

const seed = Buffer.alloc(32, 7);
const clusterId = '01936f5e-aaaa-7000-8000-000000000001';
const ledger = 'auth.ledger.v1';

function control(kind: RecordKind, position: number, payload: Uint8Array): Judged {
  const header = { kind } as NonNullable<Judged['header']>;
  const nothing = new Uint8Array(32);
  const rest = { hash: nothing, mac: nothing, chain: nothing, appendedAtMs: 0 };
  return { position, accepted: true, why: undefined, header, payload, ...rest };
}

const facts = {
  clusterId,
  ledger,
  epoch: 1,
  // Of a position that the window does not hold: only the signature is looked at here.
  position: 70_000,
  chain: new Uint8Array(32),
  accepted: 70_000,
  verdictCount: 8,
  verdicts: new Uint8Array([255]),
  verdictHash: new Uint8Array(32),
  macKey: new Uint8Array(16),
  formats: [],
  sealed: false,
  featureLevel: 2,
  atMs: 1_800_000_000_000,
};

function bookWith(payload: Uint8Array): ProofBook {
  const book = new ProofBook();
  const genesis = genesisCodec.encode({
    clusterId,
    ledger,
    format: 1,
    macKeyCheck: new Uint8Array(8),
    auditPublicKey: auditPublicKey(seed),
    createdBy: 'test',
  });
  book.apply(control(RecordKind.GENESIS, 0, genesis), new VerdictWindow());
  book.apply(control(RecordKind.CHECKPOINT, 9, payload), new VerdictWindow());
  return book;
}

describe('checkpoints in the evidence', () => {
  it('are verified with the key that GENESIS names', () => {
    const book = bookWith(encodeCheckpoint(signCheckpoint(facts, seed)));
    expect([book.findings, book.checkpoints]).toEqual([
      [],
      [{ position: 9, about: 70_000, atMs: facts.atMs }],
    ]);
  });

  it('by another key, of another ledger or damaged are findings', () => {
    const byOther = signCheckpoint(facts, Buffer.alloc(32, 8));
    const ofOther = signCheckpoint({ ...facts, ledger: 'other' }, seed);
    for (const payload of [
      encodeCheckpoint(byOther),
      encodeCheckpoint(ofOther),
      Buffer.from('x'),
    ]) {
      const book = bookWith(payload);
      expect(book.checkpoints).toEqual([]);
      expect(book.findings).toEqual([expect.stringMatching(/^position 9: /)]);
    }
  });
});
