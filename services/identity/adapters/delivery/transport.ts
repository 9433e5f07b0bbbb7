import type { Message } from '#services/identity/ports/delivery.js';

/** A message in words, ready to go. */
export interface WrittenMessage {
  /** Stays the same when it is tried again, so that a receiver can tell. */
  readonly id: string;
  readonly message: Message;
  /** Mail only. */
  readonly subject: string;
  readonly text: string;
}

/** One try. Rejects `DeliveryRefused` where another try is pointless, anything else to be tried again. */
export interface Transport {
  deliver(written: WrittenMessage): Promise<void>;
  close?(): void;
}

/** The other side will not take this message, now or later. `problem` names no address and no content. */
export class DeliveryRefused extends Error {
  override readonly name = 'DeliveryRefused';
  readonly problem: string;
  constructor(problem: string) {
    super(problem);
    this.problem = problem;
  }
}
