import { randomBytes } from 'node:crypto';
import { encodeCommandPayload } from '#libs/events/codec.js';
import { featureLevelCodec, genesisCodec } from '#libs/events/control-codec.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import type { Actor } from '#libs/events/envelope.js';
import {
  featureLevelKey,
  genesisKey,
  hashOf,
  keyHash,
  keysOf,
  type Key,
} from '#libs/events/keys.js';
import { encodeConsistencyToken } from '#libs/ledger/consistency-token.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import { Judge } from '#libs/ledger/judge.js';
import { MacKeys } from '#libs/ledger/mac.js';
import { encodeSigned, RecordKind, sha256 } from '#libs/ledger/record.js';
import { VerdictWindow } from '#libs/ledger/verdict-window.js';

/** What a test says of a record beside its events. */
export interface Origin {
  readonly tenant: string;
  readonly actor?: Actor;
  readonly reason?: string;
  readonly atMs?: number;
}

interface Content {
  readonly kind: RecordKind;
  readonly tenant: string;
  readonly writes: readonly Uint8Array[];
  readonly payload: Uint8Array;
  readonly atMs: number;
}

export const clusterId = '01936f5e-aaaa-7000-8000-000000000001';
/** 32 bytes, hex: the ledger key of tests. */
export const ledgerKey = '5a'.repeat(16) + 'c3'.repeat(16);

/** Most records (and bytes) of one append. */
const batchRecords = 512;
const batchBytes = 800 * 1024;

/**
 * Writes a ledger as its only writer, in the production format: every record is based on the one
 * before it, so all of them count. For histories that no command brings about, and for large ones.
 */
export class LedgerSeed {
  readonly log: EventLog;
  readonly #macKeys: MacKeys;
  readonly #judge: Judge;
  #pending: Buffer[] = [];
  #pendingBytes = 0;

  private constructor(log: EventLog, secret: Buffer = Buffer.from(ledgerKey, 'hex')) {
    this.log = log;
    this.#macKeys = new MacKeys(log.name, new Map([[1, secret]]));
    this.#judge = new Judge(this.#macKeys, { window: new VerdictWindow(), sealed: false });
  }

  /** Begins an empty log with GENESIS. */
  static async begin(log: EventLog): Promise<LedgerSeed> {
    const seed = new LedgerSeed(log);
    const payload = genesisCodec.encode({
      clusterId,
      ledger: log.name,
      format: 1,
      macKeyCheck: Buffer.from(seed.#macKeys.checkValue(1), 'hex'),
      auditPublicKey: new Uint8Array(32),
      createdBy: 'test',
    });
    seed.#add({
      kind: RecordKind.GENESIS,
      tenant: '',
      writes: [hashOf(genesisKey)],
      payload,
      atMs: Date.now(),
    });
    await seed.flush();
    return seed;
  }

  /** A record that raises what writers may use: from level 3 on there is a ledger S. */
  async raise(level: number): Promise<void> {
    const payload = featureLevelCodec.encode({ level });
    const writes = [hashOf(featureLevelKey)];
    const kind = RecordKind.FEATURE_LEVEL;
    this.#add({ kind, tenant: '', writes, payload, atMs: Date.now() });
    await this.flush();
  }

  /** Goes on behind what a service wrote under its own ledger key; nobody else may write. */
  static async resume(log: EventLog, secret: Buffer): Promise<LedgerSeed> {
    const seed = new LedgerSeed(log, secret);
    const end = await log.end();
    const done = new AbortController();
    for await (const { records } of log.tail(0, done.signal)) {
      for (const record of records) seed.#judge.judge(record);
      if (seed.position >= end - 1) break;
    }
    done.abort();
    return seed;
  }

  /** Position of the last record. */
  get position(): number {
    return this.#judge.window.position;
  }

  /** Consistency token of the last record. */
  token(): string {
    const chain = Buffer.from(this.#judge.window.chain.subarray(0, 8)).toString('hex');
    return encodeConsistencyToken({ clusterId, epoch: 1, position: this.position, chain });
  }

  /** One record with these events; resolves with its position once it is durable. */
  async append(events: readonly DomainEvent[], origin: Origin): Promise<number> {
    this.put(events, origin);
    await this.flush();
    return this.position;
  }

  /** The same without waiting: `flush` makes it durable. */
  put(events: readonly DomainEvent[], origin: Origin): void {
    const { tenant, actor = { tenant, principal: '' }, reason = '', atMs = Date.now() } = origin;
    const payload = encodeCommandPayload({
      tenant,
      actor,
      command: 'Test',
      commandId: '',
      requestDigest: '',
      reason,
      traceparent: '',
      events: events.map((event) => ({ known: true, event })),
    });
    const keys = events.flatMap((event) => keysOf(event, tenant));
    const writes = [...new Map(keys.map((key) => [JSON.stringify(key), key])).values()];
    this.#add({ kind: RecordKind.COMMAND, tenant, writes: writes.map(hashOf), payload, atMs });
  }

  /** A record that counts, writes these keys, and cannot be understood. */
  async poison(
    keys: readonly Key[],
    payload: Uint8Array = Buffer.from('0affffffff'),
  ): Promise<void> {
    this.#add({
      kind: RecordKind.COMMAND,
      tenant: '',
      writes: keys.map(hashOf),
      payload,
      atMs: Date.now(),
    });
    await this.flush();
  }

  async flush(): Promise<void> {
    const values = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    let from = 0;
    while (from < values.length) {
      let to = from;
      for (let bytes = 0; to < values.length && to - from < batchRecords; to++) {
        bytes += values[to]!.length;
        if (to > from && bytes > batchBytes) break;
      }
      await this.log.append(values.slice(from, to));
      from = to;
    }
  }

  /** Bytes that wait for `flush`. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  #add({ kind, tenant, writes, payload, atMs }: Content): void {
    const { window } = this.#judge;
    const signed = encodeSigned(
      {
        kind,
        flags: 0,
        recordId: randomBytes(16),
        writerId: Buffer.alloc(8, 1),
        tenantHash: keyHash(tenant, 'tenant', tenant),
        basedOn: window.position,
        chain: window.chain.subarray(0, 16),
        atMs,
        macKeyId: 1,
        reads: [],
        writes,
      },
      payload,
    );
    const value = Buffer.concat([signed, this.#macKeys.mac(1, sha256(signed))]);
    const position = window.position + 1;
    const judged = this.#judge.judge({ position, value, control: false, appendedAtMs: atMs });
    if (!judged.accepted) throw new Error(`the seed wrote a void record: ${judged.why}`);
    this.#pending.push(value);
    this.#pendingBytes += value.length;
  }
}
