import { MacKeys } from '#libs/ledger/mac.js';
import { Judge } from '#libs/ledger/judge.js';
import type { LogRecord } from '#libs/ledger/event-log.js';
import { encodeSigned, RecordKind, sha256, type RecordHeader } from '#libs/ledger/record.js';
import { VerdictWindow } from '#libs/ledger/verdict-window.js';

export const ledger = 'auth.ledger.v1';
export const secret = Uint8Array.from({ length: 32 }, (_, i) => i);
export const macKeys = new MacKeys(ledger, new Map([[1, secret]]));

/** A 16-byte key from one letter. */
export function key(letter: string): Uint8Array {
  return new Uint8Array(16).fill(letter.charCodeAt(0));
}

export function header(change: Partial<RecordHeader> = {}): RecordHeader {
  return {
    kind: RecordKind.COMMAND,
    flags: 0,
    recordId: new Uint8Array(16).fill(0x11),
    writerId: new Uint8Array(8).fill(0x22),
    tenantHash: new Uint8Array(16).fill(0x33),
    basedOn: -1,
    chain: new Uint8Array(16),
    atMs: 1_700_000_000_123,
    macKeyId: 1,
    reads: [],
    writes: [],
    ...change,
  };
}

export function sealed(
  head: RecordHeader,
  payload: Uint8Array = new Uint8Array(0),
  keys = macKeys,
): Buffer {
  const signed = encodeSigned(head, payload);
  return Buffer.concat([signed, keys.mac(head.macKeyId, sha256(signed))]);
}

export function newJudge(windowSize?: number): Judge {
  return new Judge(macKeys, { window: new VerdictWindow(windowSize), sealed: false });
}

export function entry(position: number, value: Uint8Array | null): LogRecord {
  return { position, value, control: false, appendedAtMs: 0 };
}

/** A record decided on the judge's state at `basedOn` (default: the newest). */
export function after(
  judge: Judge,
  change: Partial<RecordHeader>,
  payload?: Uint8Array,
  keys?: MacKeys,
): Buffer {
  const basedOn = change.basedOn ?? judge.window.position;
  const chain = (judge.window.chainAt(basedOn) ?? new Uint8Array(32)).subarray(0, 16);
  return sealed(header({ chain, ...change, basedOn }), payload, keys);
}
