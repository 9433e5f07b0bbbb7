import type { CloudEventMessage } from '#libs/events/cloud-event.js';
import type { Outlet } from '#services/identity/app/publisher/publisher.js';

/** Uniform in [0, 1), from a seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const partitions = 3;

/** Topics with partitions, whose brokers lose answers, cut batches short and are late. */
export class SimulatedTopics {
  readonly messages = new Map<string, CloudEventMessage[]>();
  readonly #random: () => number;
  /** Appends that are still on their way when their sender has given up. */
  readonly #late: (() => void)[] = [];
  failures = 0;
  faults = true;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** The way of one publisher to the brokers; `killed` says when nothing of it arrives any more. */
  outlet(killed: () => boolean): Outlet {
    return {
      tails: (topic) =>
        Promise.resolve(
          Array.from({ length: partitions }, (_, at) => ({
            headers: this.messages.get(`${topic}/${at}`)?.at(-1)?.headers,
          })),
        ),
      publish: async (topic, batch) => {
        await new Promise((resolve) => setImmediate(resolve));
        if (killed()) throw new Error('killed');
        this.#deliver();
        const chance = this.faults ? this.#random() : 1;
        const taken = this.#partitionsOf(topic, batch);
        if (chance > 0.3) for (const append of taken) append();
        else if (chance > 0.15) for (const append of taken.slice(1)) append();
        else this.#late.push(...taken.slice(0, 2));
        if (chance > 0.3) return;
        this.failures += 1;
        throw new Error('no answer');
      },
    };
  }

  /** One append for each partition that a batch touches: each of them arrives whole, or not. */
  #partitionsOf(topic: string, batch: readonly CloudEventMessage[]): (() => void)[] {
    const parts = new Map<number, CloudEventMessage[]>();
    for (const message of batch) {
      const at = Number(message.key.replaceAll(/\D/gu, '')) % partitions;
      parts.set(at, [...(parts.get(at) ?? []), message]);
    }
    return [...parts].map(([at, part]) => () => {
      const name = `${topic}/${at}`;
      this.messages.set(name, [...(this.messages.get(name) ?? []), ...part]);
    });
  }

  #deliver(): void {
    if (this.#random() < 0.5) for (const append of this.#late.splice(0)) append();
  }
}
