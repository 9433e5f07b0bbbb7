import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Judge } from '#libs/ledger/judge.js';
import { MacKeys } from '#libs/ledger/mac.js';
import { decodeRecord, encodeSigned } from '#libs/ledger/record.js';
import { VerdictWindow } from '#libs/ledger/verdict-window.js';
import { arbitrate } from '../../support/ledger/arbiter.js';

interface GoldenHeader {
  readonly kind: number;
  readonly flags: number;
  readonly recordId: string;
  readonly writerId: string;
  readonly tenantHash: string;
  readonly basedOn: number;
  readonly chain: string;
  readonly atMs: number;
  readonly macKeyId: number;
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}
interface GoldenRecord {
  readonly name: string;
  readonly value: string | null;
  readonly verdict: string;
  readonly hash: string;
  readonly mac: string;
  readonly chain: string;
  readonly header?: GoldenHeader;
  readonly payload?: string;
}
interface Golden {
  readonly ledger: string;
  readonly secret: string;
  /** One log: the record at index n is at position n. */
  readonly records: readonly GoldenRecord[];
}

const golden = JSON.parse(
  readFileSync(new URL('format-1.json', import.meta.url), 'utf8'),
) as Golden;
const bytes = (text: string): Buffer => Buffer.from(text, 'hex');
const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');
const value = (record: GoldenRecord): Buffer | null =>
  record.value === null ? null : bytes(record.value);
const macKeys = new MacKeys(golden.ledger, new Map([[1, bytes(golden.secret)]]));

describe('record format 1, frozen', () => {
  const judge = new Judge(macKeys, { window: new VerdictWindow(), sealed: false });
  golden.records.forEach((record, position) => {
    it(`position ${position} is judged as ever: ${record.name}`, () => {
      const entry = { position, value: value(record), control: false, appendedAtMs: 0 };
      const judged = judge.judge(entry);
      expect({
        verdict: judged.why ?? 'accepted',
        hash: hex(judged.hash),
        mac: hex(judged.mac),
        chain: hex(judged.chain),
      }).toEqual({
        verdict: record.verdict,
        hash: record.hash,
        mac: record.mac,
        chain: record.chain,
      });
    });
  });

  it.each(golden.records.filter((record) => record.header))('decodes to the field: $name', (it) => {
    const decoded = decodeRecord(value(it) ?? new Uint8Array(0));
    if (typeof decoded === 'string') throw new Error(decoded);
    const { header, payload } = decoded;
    const text = {
      ...header,
      recordId: hex(header.recordId),
      writerId: hex(header.writerId),
      tenantHash: hex(header.tenantHash),
      chain: hex(header.chain),
      reads: header.reads.map(hex),
      writes: header.writes.map(hex),
    };
    expect(text).toEqual(it.header);
    expect(hex(payload)).toBe(it.payload);
    expect(hex(encodeSigned(header, payload))).toBe(it.value?.slice(0, -32));
  });

  it('agrees with the arbiter that was written independently', () => {
    const values = golden.records.map(value);
    const verdicts = arbitrate(values, bytes(golden.secret), golden.ledger, 65_536);
    expect(verdicts.map((one) => one.accepted)).toEqual(
      golden.records.map((record) => record.verdict === 'accepted'),
    );
  });
});
