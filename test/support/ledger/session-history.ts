import type { DomainEvent } from '#libs/events/catalogue.js';
import { encodeCommandPayload } from '#libs/events/codec.js';
import { genesisCodec } from '#libs/events/control-codec.js';
import { hashOf, keysOf } from '#libs/events/keys.js';
import { auditPublicKey } from '#libs/ledger/audit-key.js';
import { checkpointFacts, encodeCheckpoint, signCheckpoint } from '#libs/ledger/checkpoint.js';
import { Judge } from '#libs/ledger/judge.js';
import { MacKeys } from '#libs/ledger/mac.js';
import { encodeSigned, RecordKind, sha256 } from '#libs/ledger/record.js';
import { SimulatedLog } from '#libs/ledger/simulated/simulated-log.js';
import { SimulatedStore } from '#libs/ledger/simulated/simulated-store.js';
import { VerdictWindow } from '#libs/ledger/verdict-window.js';
import { systemClock } from '#libs/runtime/clock.js';

export const sessionLedger = 'auth.session.v1';
export const sessionKeys = new MacKeys(
  sessionLedger,
  new Map([[1, new Uint8Array(32).map((_, i) => i)]]),
);
export const sessionCluster = 'cluster-1';
const seed = new Uint8Array(32).map((_, i) => 255 - i);
export const sessionAuditKey = auditPublicKey(seed);
export const dayMs = 86_400_000;

/** A ledger S in the making: a record a day, under a rule with a small window. */
export class SessionHistory {
  readonly store = new SimulatedStore(() => this.#nowMs);
  readonly log = new SimulatedLog(sessionLedger, this.store, systemClock);
  readonly windowSize: number;
  readonly #judge: Judge;
  #nowMs = dayMs;

  constructor(windowSize: number) {
    this.windowSize = windowSize;
    this.#judge = new Judge(sessionKeys, { window: new VerdictWindow(windowSize), sealed: false });
    const genesis = genesisCodec.encode({
      clusterId: sessionCluster,
      ledger: sessionLedger,
      format: 1,
      macKeyCheck: Buffer.alloc(8),
      auditPublicKey: sessionAuditKey,
      createdBy: 'a test',
    });
    this.#append(RecordKind.GENESIS, [], genesis);
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  get trust() {
    const { log, windowSize } = this;
    return {
      log,
      publicKey: sessionAuditKey,
      clusterId: sessionCluster,
      ledger: sessionLedger,
      windowSize,
    };
  }

  command(event: DomainEvent): void {
    const payload = encodeCommandPayload({
      tenant: 't1',
      actor: { tenant: 't1', principal: 'p1' },
      command: 'Test',
      commandId: '',
      requestDigest: '',
      reason: '',
      traceparent: '',
      events: [{ known: true, event }],
    });
    this.#append(RecordKind.COMMAND, keysOf(event, 't1').map(hashOf), payload);
  }

  checkpoint(): void {
    const { window, announced, sealed } = this.#judge;
    const facts = checkpointFacts(window, window.position, {
      clusterId: sessionCluster,
      ledger: sessionLedger,
      epoch: 1,
      announced,
      sealed,
      featureLevel: 1,
      atMs: 0,
    });
    if (facts === undefined) throw new RangeError('the window does not hold the position');
    this.#append(RecordKind.CHECKPOINT, [], encodeCheckpoint(signCheckpoint(facts, seed)));
  }

  /** Revocations of tokens, one a day, a checkpoint after each `every` of them. */
  revokeTokens(count: number, every: number): void {
    for (let n = 0; n < count; n++) {
      const position = this.store.length;
      this.command({
        type: 'TokenRevoked',
        jti: `j${position}`,
        principal: 'p1',
        expiresAtMs: this.#nowMs + 365 * dayMs,
        cause: 'ADMIN',
      });
      if ((n + 1) % every === 0) this.checkpoint();
    }
  }

  #append(kind: number, writes: readonly Uint8Array[], payload: Uint8Array): void {
    const basedOn = this.#judge.window.position;
    const chain = (this.#judge.window.chainAt(basedOn) ?? new Uint8Array(32)).subarray(0, 16);
    const header = {
      kind,
      flags: 0,
      recordId: Buffer.from(String(basedOn + 1).padStart(16, '0')),
      writerId: new Uint8Array(8),
      tenantHash: new Uint8Array(16),
      basedOn,
      chain,
      atMs: this.#nowMs,
      macKeyId: 1,
      reads: [],
      writes,
    };
    const signed = encodeSigned(header, payload);
    const value = Buffer.concat([signed, sessionKeys.mac(1, sha256(signed))]);
    const position = this.store.append([value]);
    const judged = this.#judge.judge({
      position,
      value,
      control: false,
      appendedAtMs: this.#nowMs,
    });
    if (!judged.accepted) throw new Error(`position ${position} is void: ${judged.why}`);
    this.#nowMs += dayMs;
  }
}
