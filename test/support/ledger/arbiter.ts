import { createHash, createHmac, hkdfSync } from 'node:crypto';

/**
 * The rule once more, written from the design text alone and as plainly as possible: it looks at the
 * whole log, decodes with a DataView, keeps everything, and compares every pair. It shares no code
 * with libs/ledger; both must agree on every record.
 */
export interface Judgement {
  readonly accepted: boolean;
  readonly writes: readonly string[];
  readonly payload: Uint8Array;
  readonly kind: number;
}

export function arbitrate(
  values: readonly (Uint8Array | null)[],
  secret: Uint8Array,
  ledger: string,
  window: number,
): Judgement[] {
  const macKey = Buffer.from(hkdfSync('sha256', secret, '', `ledgate/ledger-mac/v1/${ledger}`, 32));
  const chains: Buffer[] = [];
  const judged: Judgement[] = [];
  let sealed = false;
  values.forEach((value, position) => {
    const record = value === null ? undefined : parse(value);
    const mac = record?.mac ?? Buffer.alloc(16);
    const hash = sha(record?.signed ?? value ?? new Uint8Array(0));
    const place = Buffer.alloc(8);
    place.writeBigUInt64BE(BigInt(position));
    const before = chains[position - 1] ?? Buffer.alloc(32);
    chains.push(sha(Buffer.concat([before, place, hash, mac])));
    const nothing = { accepted: false, writes: [], payload: new Uint8Array(0), kind: 0 };
    if (!record) return void judged.push(nothing);
    const expected = createHmac('sha256', macKey).update(hash).digest().subarray(0, 16);
    const on = record.basedOn;
    const chain = on === -1 ? Buffer.alloc(32) : chains[on];
    const touched = new Set([...record.reads, ...record.writes]);
    const accepted =
      record.macKeyId === 1 &&
      expected.equals(mac) &&
      on >= -1 &&
      on < position &&
      on >= position - window &&
      chain?.subarray(0, 16).toString('hex') === record.chain &&
      !judged.slice(on + 1).some((one) => one.accepted && one.writes.some((w) => touched.has(w))) &&
      !sealed;
    sealed ||= accepted && record.kind === 6;
    judged.push({ accepted, writes: record.writes, payload: record.payload, kind: record.kind });
  });
  return judged;
}

interface Parsed {
  readonly kind: number;
  readonly basedOn: number;
  readonly macKeyId: number;
  readonly chain: string;
  readonly reads: string[];
  readonly writes: string[];
  readonly payload: Uint8Array;
  readonly signed: Uint8Array;
  readonly mac: Buffer;
}

function parse(value: Uint8Array): Parsed | undefined {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const hex = (from: number, size: number): string =>
    Buffer.from(value.subarray(from, from + size)).toString('hex');
  if (value.length < 103 || hex(0, 3) !== '4c4731' || value.length > 262_144) return undefined;
  const counts = [view.getUint16(79), view.getUint16(81)] as const;
  if (counts[0] + counts[1] > 256) return undefined;
  const keys = Array.from({ length: counts[0] + counts[1] }, (_, i) => hex(83 + 16 * i, 16));
  const payloadAt = 83 + 16 * keys.length + 4;
  if (payloadAt > value.length) return undefined;
  const end = payloadAt + view.getUint32(payloadAt - 4);
  if (end + 16 !== value.length) return undefined;
  return {
    kind: view.getUint8(3),
    basedOn: Number(view.getBigInt64(45)),
    macKeyId: view.getUint16(77),
    chain: hex(53, 16),
    reads: keys.slice(0, counts[0]),
    writes: keys.slice(counts[0]),
    payload: value.subarray(payloadAt, end),
    signed: value.subarray(0, end),
    mac: Buffer.from(value.subarray(end)),
  };
}

function sha(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
