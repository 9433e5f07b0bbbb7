import { foldCommand } from '#libs/decider/fold-event.js';
import { handleCommand } from '#libs/decider/handle-command.js';
import type { CommandPorts, CommandResult, Draft, Outcome } from '#libs/decider/handle-command.js';
import { sessionLedgerRules } from '#libs/decider/ledger-rules.js';
import type { MemoryStore } from '#libs/decider/memory-store.js';
import { Failure } from '#libs/errors/failure.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import { decodeCommandPayload } from '#libs/events/codec.js';
import { hashOf } from '#libs/events/keys.js';
import type { Key } from '#libs/events/keys.js';
import { decideSession } from '#services/identity/domain/decide-session.js';
import { evolve } from '#services/identity/domain/evolve.js';
import type { SessionCommand } from '#services/identity/domain/session-commands.js';
import { nowMs } from './scenario.js';
import { storeOf } from './scenario.js';

const actor = { tenant: 't1', principal: 'p1' };

/**
 * A ledger that obeys rule 4 of the ledger and nothing else, and instances that never wait for their own
 * open records: everything that is asked for at the same time is decided on the same old state.
 */
export class RacingLedger {
  readonly #forgotten: ReadonlySet<string>;
  readonly #lastWrite = new Map<string, number>();
  readonly #past: readonly DomainEvent[];
  /** By position; undefined: void. */
  readonly accepted: (Uint8Array | undefined)[] = [];

  /** `forgotten`: keys that the table is taken to lack. */
  constructor(past: readonly DomainEvent[], forgotten: readonly Key[]) {
    this.#past = past;
    this.#forgotten = new Set(forgotten.map((key) => hex(hashOf(key))));
  }

  instance(): Instance {
    return new Instance(this, storeOf(this.#past));
  }

  append({ reads, writes, basedOn, payload }: Draft): Outcome & { readonly position: number } {
    const position = this.accepted.length;
    const known = (keys: readonly Uint8Array[]) =>
      keys.map(hex).filter((key) => !this.#forgotten.has(key));
    const written = known(writes);
    const clash = [...known(reads), ...written].some(
      (key) => (this.#lastWrite.get(key) ?? -1) > basedOn,
    );
    this.accepted.push(clash ? undefined : payload);
    if (clash) return { verdict: 'void', reason: 'conflict', position };
    for (const key of written) this.#lastWrite.set(key, position);
    return { verdict: 'accepted', position };
  }
}

class Instance {
  readonly #ledger: RacingLedger;
  readonly #store: MemoryStore;
  #position = -1;

  constructor(ledger: RacingLedger, store: MemoryStore) {
    this.#ledger = ledger;
    this.#store = store;
  }

  run(command: SessionCommand): Promise<CommandResult> {
    const head = { commandId: '', requestDigest: '', reason: '', traceparent: '' };
    return handleCommand<SessionCommand>(this.#ports(), command, { tenant: 't1', actor, ...head });
  }

  #ports(): CommandPorts<SessionCommand> {
    return {
      rules: sessionLedgerRules,
      store: this.#store,
      quarantined: () => false,
      position: () => this.#position,
      logTimeMs: () => nowMs,
      wallMs: () => nowMs,
      featureLevel: () => 3,
      authorise: () => ({ permittedBy: [] }),
      decide: decideSession,
      evolve,
      clear: () => undefined,
      confirm: () => {
        const behind = this.#position + 1 < this.#ledger.accepted.length;
        this.#catchUp();
        return Promise.resolve(!behind);
      },
      submit: async (draft) => {
        for (let turn = 0; turn < 3; turn += 1) await Promise.resolve();
        const outcome = this.#ledger.append(draft);
        await Promise.resolve();
        this.#catchUp();
        return outcome;
      },
      recorded: () => Promise.reject(new Failure('INTERNAL', 'not asked for')),
      sleep: () => Promise.resolve(),
      random: () => 0.5,
    };
  }

  #catchUp(): void {
    const { accepted } = this.#ledger;
    for (let at = this.#position + 1; at < accepted.length; at += 1) {
      const payload = accepted[at];
      this.#position = at;
      if (payload === undefined) continue;
      const decoded = decodeCommandPayload(payload);
      if (!decoded.ok) throw new TypeError(decoded.problem);
      const context = { tenant: 't1', actor, reason: '', position: at, atMs: nowMs };
      foldCommand(this.#store, evolve, decoded.value, context);
    }
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
