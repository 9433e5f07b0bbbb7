import { encodeCommandPayload } from '#libs/events/codec.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import { checkpointCodec, genesisCodec } from '#libs/events/control-codec.js';
import { genesisKey, hashOf, keyHash } from '#libs/events/keys.js';
import { auditPublicKey } from '#libs/ledger/audit-key.js';
import { checkpointFacts, encodeCheckpoint, signCheckpoint } from '#libs/ledger/checkpoint.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import { signFile } from '#libs/ledger/file-signature.js';
import { Judge } from '#libs/ledger/judge.js';
import { MacKeys } from '#libs/ledger/mac.js';
import { encodeSigned, RecordKind, sha256, type RecordHeader } from '#libs/ledger/record.js';
import type { Vault } from '#libs/ledger/vault.js';
import { VerdictWindow } from '#libs/ledger/verdict-window.js';
import type { FileSigner } from '#services/ledgate/operate/ledger-file/export-ledger.js';
import { SeededRandom } from './seeded-random.js';

export const auditSeed = new Uint8Array(32).fill(9);
export const auditKey = auditPublicKey(auditSeed);
export const clusterId = '01936f5e-bbbb-7000-8000-000000000002';
const secret = Uint8Array.from({ length: 32 }, (_, i) => i * 7 + 1);

export interface SampleLedger {
  readonly signer: FileSigner;
  readonly macKeys: MacKeys;
  readonly end: number;
}

/**
 * Fills a log with records of every sort: commands that name vault blobs, conflicts, records that no
 * key holder wrote, garbage, ticks of nobody, and signed checkpoints.
 */
export async function sampleLedger(
  log: EventLog,
  vault: Vault,
  records: number,
): Promise<SampleLedger> {
  const sample = new Sample(log, vault);
  await sample.fill(records);
  return {
    signer: sample.signer(),
    macKeys: sample.macKeys,
    end: await log.end(),
  };
}

class Sample {
  readonly macKeys: MacKeys;
  readonly #log: EventLog;
  readonly #vault: Vault;
  readonly #judge: Judge;
  readonly #random = new SeededRandom(1);
  #record = 0;

  constructor(log: EventLog, vault: Vault) {
    this.#log = log;
    this.#vault = vault;
    this.macKeys = new MacKeys(log.name, new Map([[1, secret]]));
    this.#judge = new Judge(this.macKeys, { window: new VerdictWindow(), sealed: false });
  }

  async fill(records: number): Promise<void> {
    const genesis = genesisCodec.encode({
      clusterId,
      ledger: this.#log.name,
      format: 1,
      macKeyCheck: Buffer.from(this.macKeys.checkValue(1), 'hex'),
      auditPublicKey: auditKey,
      createdBy: 'test',
    });
    const key = hashOf(genesisKey);
    await this.#write({ kind: RecordKind.GENESIS, reads: [key], writes: [key] }, genesis);
    for (let i = 1; i < records; i++) await this.#next(i);
  }

  async #next(i: number): Promise<void> {
    const luck = this.#random.next();
    if (i % 60 === 59) return this.#checkpoint();
    if (luck < 0.04) return this.#put(Buffer.from(`garbage ${i}`));
    if (luck < 0.08) return this.#command(i, { forged: true });
    if (luck < 0.2) return this.#command(i, { basedOn: Math.max(0, i - 3) });
    return this.#command(i, {});
  }

  async #command(i: number, how: { forged?: boolean; basedOn?: number }): Promise<void> {
    const principal = `p${Math.floor(this.#random.next() * 20)}`;
    const blob = Buffer.from(`sealed ${i} ${this.#random.next()}`);
    const ref = { id: `blob-${i}`, sha256: sha256(blob).toString('base64url') };
    await this.#vault.put(ref.id, blob);
    const event: DomainEvent = { type: 'ProfileChanged', principal, profile: ref };
    const payload = encodeCommandPayload({
      tenant: 't',
      actor: { tenant: 't', principal: '' },
      command: 'Test',
      commandId: '',
      requestDigest: '',
      reason: '',
      traceparent: '',
      events: [{ known: true, event }],
    });
    const keys = [keyHash('t', 'profile', principal)];
    await this.#write({ reads: keys, writes: keys, ...how }, payload, how.forged);
  }

  async #checkpoint(): Promise<void> {
    const payload = this.head();
    const key = keyHash('', 'checkpoint', '');
    await this.#write({ kind: RecordKind.CHECKPOINT, reads: [key], writes: [key] }, payload);
  }

  head(): Uint8Array {
    const { window, announced, sealed } = this.#judge;
    const facts = checkpointFacts(window, window.position, {
      clusterId,
      ledger: this.#log.name,
      epoch: 1,
      announced,
      sealed,
      featureLevel: 1,
      atMs: 1_700_000_000_000,
    });
    if (facts === undefined) throw new Error('the sample is too long');
    return encodeCheckpoint(signCheckpoint(facts, auditSeed));
  }

  signer(): FileSigner {
    return {
      signHead: async () => this.head(),
      signFile: async (digest) =>
        signFile({ clusterId, ledger: this.#log.name }, digest, auditSeed),
    };
  }

  async #write(change: Partial<RecordHeader>, payload: Uint8Array, forged = false): Promise<void> {
    const basedOn = change.basedOn ?? this.#judge.window.position;
    const chain = this.#judge.window.chainAt(basedOn) ?? new Uint8Array(32);
    const recordId = Buffer.alloc(16);
    recordId.writeUInt32BE(this.#record++, 0);
    const { kind = RecordKind.COMMAND, reads = [], writes = [] } = change;
    const head: RecordHeader = {
      kind,
      flags: 0,
      recordId,
      writerId: new Uint8Array(8).fill(5),
      tenantHash: new Uint8Array(16),
      basedOn,
      chain: chain.subarray(0, 16),
      atMs: 1_700_000_000_000 + this.#record,
      macKeyId: 1,
      reads,
      writes,
    };
    const signed = encodeSigned(head, payload);
    const mac = forged ? new Uint8Array(16) : this.macKeys.mac(1, sha256(signed));
    await this.#put(Buffer.concat([signed, mac]));
  }

  async #put(value: Uint8Array): Promise<void> {
    const position = await this.#log.append([value]);
    this.#judge.judge({ position, value, control: false, appendedAtMs: 0 });
  }
}

/** A statement that was decoded, changed and encoded again, with the signature it had. */
export function changedStatement(statement: Uint8Array): Uint8Array {
  const decoded = checkpointCodec.decode(statement);
  if (!decoded.ok) throw new Error(decoded.problem);
  return checkpointCodec.encode({ ...decoded.value, accepted: decoded.value.accepted + 1 });
}
