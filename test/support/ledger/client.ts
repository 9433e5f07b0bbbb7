import { Failure } from '#libs/errors/failure.js';
import { sleep, type Clock } from '#libs/runtime/clock.js';
import { tenant, type SimulatedCommand } from './domain.js';
import { pairs } from './history.js';
import type { Instance } from './instance.js';
import type { SeededRandom } from './seeded-random.js';

export interface Acknowledgement {
  readonly commandId: string;
  readonly position: number;
  readonly atMs: number;
}

/** What the callers of all instances were told. */
export class Told {
  readonly acknowledged: Acknowledgement[] = [];
  /** `<command id>/<attempt>` of which was said: it did not count; and when. */
  readonly denied: { readonly attempt: string; readonly atMs: number }[] = [];
  commands = 0;
}

/** How a caller paces itself, ms: the pause before each command, and before each further attempt. */
export interface Pace {
  readonly thinkMs: number;
  readonly retryMs: number;
}

const unhurried: Pace = { thinkMs: 200, retryMs: 400 };
const attempts = 8;

/** A caller: one command after the other; what it cannot know it retries elsewhere, with the same id. */
export class Client {
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #instances: () => readonly Instance[];
  readonly #told: Told;
  readonly #pace: Pace;

  constructor(
    clock: Clock,
    random: SeededRandom,
    instances: () => readonly Instance[],
    told: Told,
    pace = unhurried,
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#instances = instances;
    this.#told = told;
    this.#pace = pace;
  }

  /** One command after the other for as long as there shall be `more`. */
  async run(more: () => boolean): Promise<void> {
    while (more()) {
      await sleep(this.#clock, this.#random.between(1, this.#pace.thinkMs));
      const number = this.#told.commands++;
      await this.#command(`c${number}`, this.#draw(number));
    }
  }

  async #command(commandId: string, command: SimulatedCommand): Promise<void> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const ready = this.#instances().filter((instance) => instance.ready);
      const instance = ready[this.#random.below(Math.max(1, ready.length))];
      // As on a server that makes its ids: another attempt, another id.
      const named =
        command.type === 'Add' ? { ...command, name: `${command.name}.${attempt}` } : command;
      if (instance && (await this.#attempt(instance, commandId, named, attempt))) return;
      await sleep(this.#clock, this.#random.between(5, this.#pace.retryMs));
    }
  }

  /** True when there is nothing left to retry. */
  async #attempt(
    instance: Instance,
    commandId: string,
    command: SimulatedCommand,
    attempt: number,
  ): Promise<boolean> {
    const reason = `${commandId}/${attempt}`;
    const envelope = { tenant, actor: { tenant, principal: '' }, commandId, reason };
    const call = instance.execute(command, { ...envelope, requestDigest: 'd', traceparent: '' });
    const patience = this.#random.chance(0.1) ? this.#random.between(1, 500) : 4_000;
    const answered = new AbortController();
    const late = sleep(this.#clock, patience, answered.signal).then(() => 'late' as const);
    const answer = await Promise.race([call, late]).catch((error: unknown) => error);
    answered.abort();
    if (answer === 'late') return false;
    if (answer instanceof Failure) return this.#refused(answer, reason);
    if (answer instanceof Error) throw answer;
    const { position } = answer as { position: number };
    this.#told.acknowledged.push({ commandId, position, atMs: this.#clock.monotonicMs() });
    return true;
  }

  #refused(failure: Failure, reason: string): boolean {
    if (failure.reason === 'WRONG_STATE') return true;
    if (failure.reason !== 'CONFLICT' && failure.reason !== 'LEDGER_UNAVAILABLE') return false;
    this.#told.denied.push({ attempt: reason, atMs: this.#clock.monotonicMs() });
    return this.#random.chance(0.3);
  }

  #draw(number: number): SimulatedCommand {
    const random = this.#random;
    const draw = random.next();
    if (draw < 0.3) return { type: 'Add', name: `p${number}` };
    if (draw < 0.6) {
      const name = `n${Math.floor(number / 12)}`;
      return { type: 'ClaimName', name, principal: `u${number}` };
    }
    const pair = random.below(pairs);
    const [who, other] = random.chance(0.5) ? ['left', 'right'] : ['right', 'left'];
    if (draw < 0.75) return { type: 'GoOffDuty', who: `${who}${pair}`, other: `${other}${pair}` };
    if (draw < 0.85) return { type: 'GoOnDuty', who: `${who}${pair}` };
    const grant = `g${random.below(3)}`;
    return { type: draw < 0.92 ? 'MakeAdmin' : 'RemoveAdmin', grant };
  }
}
