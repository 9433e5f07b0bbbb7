import type { Clock } from '#libs/runtime/clock.js';
import type { Message, MessageSender } from '#services/identity/ports/delivery.js';
import { DeliveryRefused, type Transport, type WrittenMessage } from './transport.js';

export interface DeliveryQueueOptions {
  readonly transport: Transport;
  /** Puts a message in words: subject and text. */
  readonly write: (message: Message) => Pick<WrittenMessage, 'subject' | 'text'>;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Told of each try that failed, without address or content. */
  readonly onTrouble: (trouble: { readonly problem: string; readonly again: boolean }) => void;
  /** Messages that wait or are on their way, at most. Default 1000. */
  readonly room?: number;
  /** On their way at once. Default 4. */
  readonly parallel?: number;
}

export type DeliveryOutcome = 'sent' | 'refused' | 'expired' | 'dropped';

interface Waiting {
  readonly written: WrittenMessage;
  /** Monotonic ms after which another try makes no sense. */
  readonly untilMs: number;
  readonly tries: number;
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
const NOTICE_VALID_MS = 15 * 60_000;

/** Takes messages at once and brings them later, as the port `MessageSender` promises. */
export class DeliveryQueue implements MessageSender {
  readonly available = true;
  readonly counts: Record<DeliveryOutcome, number> = {
    sent: 0,
    refused: 0,
    expired: 0,
    dropped: 0,
  };
  readonly #options: DeliveryQueueOptions;
  readonly #ready: Waiting[] = [];
  readonly #pauses = new Set<() => void>();
  #active = 0;
  #closed = false;

  constructor(options: DeliveryQueueOptions) {
    this.#options = options;
  }

  /** Messages that are not done with. */
  get waiting(): number {
    return this.#ready.length + this.#active + this.#pauses.size;
  }

  send(message: Message): void {
    const { clock, newId, room = 1000 } = this.#options;
    if (this.#closed || this.waiting >= room) {
      this.counts.dropped += 1;
      return;
    }
    const { content } = message;
    const validMs = 'validMs' in content ? content.validMs : NOTICE_VALID_MS;
    const untilMs = clock.monotonicMs() + validMs;
    const id = newId();
    // Words are found after the answer too: nothing here depends on the message.
    this.#later(0, () => {
      const written = { id, message, ...this.#options.write(message) };
      this.#push({ written, untilMs, tries: 0 });
    });
  }

  /** What waits is lost; what is on its way may still arrive. */
  close(): void {
    this.#closed = true;
    for (const cancel of this.#pauses) cancel();
    this.#pauses.clear();
    this.#ready.length = 0;
    this.#options.transport.close?.();
  }

  #later(delayMs: number, run: () => void): void {
    const cancel = this.#options.clock.after(delayMs, () => {
      this.#pauses.delete(cancel);
      run();
    });
    this.#pauses.add(cancel);
  }

  #push(waiting: Waiting): void {
    this.#ready.push(waiting);
    const { parallel = 4 } = this.#options;
    while (this.#active < parallel) {
      const next = this.#ready.shift();
      if (next === undefined) return;
      void this.#bring(next);
    }
  }

  async #bring(one: Waiting): Promise<void> {
    this.#active += 1;
    try {
      await this.#options.transport.deliver(one.written);
      this.counts.sent += 1;
    } catch (error) {
      this.#failed(one, error);
    } finally {
      this.#active -= 1;
      const next = this.#closed ? undefined : this.#ready.shift();
      if (next !== undefined) void this.#bring(next);
    }
  }

  #failed(one: Waiting, error: unknown): void {
    const { clock, onTrouble } = this.#options;
    const refused = error instanceof DeliveryRefused;
    const pauseMs = Math.min(FIRST_PAUSE_MS * 4 ** one.tries, LONGEST_PAUSE_MS);
    const expired = clock.monotonicMs() + pauseMs >= one.untilMs;
    const again = !refused && !expired && !this.#closed;
    onTrouble({ problem: problemOf(error), again });
    if (again) this.#later(pauseMs, () => this.#push({ ...one, tries: one.tries + 1 }));
    else this.counts[refused ? 'refused' : 'expired'] += 1;
  }
}

/** A code of the system or of the protocol; messages of servers may repeat addresses. */
function problemOf(error: unknown): string {
  if (error instanceof DeliveryRefused) return error.problem;
  if (!(error instanceof Error)) return 'unknown';
  const { code, responseCode, cause } = error as Error & {
    readonly code?: unknown;
    readonly responseCode?: unknown;
  };
  if (typeof responseCode === 'number') return `answer ${responseCode}`;
  if (typeof code === 'string' && /^[A-Z_0-9]{1,40}$/u.test(code)) return code;
  return cause === undefined ? error.name : problemOf(cause);
}
