import type { Failure } from '#libs/errors/failure.js';
import type { Judged, VoidReason } from './judge.js';
import { keyString } from './verdict-window.js';

/** What became of a record, as read back. `fenced`: it never counted and never will. */
export type Outcome =
  | { readonly verdict: 'accepted'; readonly position: number }
  | { readonly verdict: 'void'; readonly why: VoidReason | 'fenced' };

/** What a pending record was made of. */
export interface PendingDraft {
  readonly writes: readonly Uint8Array[];
  readonly payload: Uint8Array;
  /** What the payload says. */
  readonly decoded?: Judged['decoded'];
}

/** A record whose verdict its writer does not know yet. */
export interface Pending {
  readonly id: string;
  readonly bytes: Uint8Array;
  readonly writes: readonly string[];
  readonly draft: PendingDraft;
  readonly outcome: Promise<Outcome>;
  /** It went into an append: it may be in the log. */
  sent: boolean;
  settled: boolean;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (failure: Failure) => void;
}

/** The open records of one writer, by record id and by the keys that they write. */
export class PendingRecords {
  readonly #byId = new Map<string, Pending>();
  readonly #byKey = new Map<string, Pending>();

  get size(): number {
    return this.#byId.size;
  }

  create(recordId: Uint8Array, bytes: Uint8Array, draft: PendingDraft): Pending {
    let resolve = (_: Outcome): void => {};
    let reject = (_: Failure): void => {};
    const outcome = new Promise<Outcome>((yes, no) => {
      resolve = yes;
      reject = no;
    });
    const id = keyString(recordId);
    const writes = draft.writes.map(keyString);
    const open = { outcome, sent: false, settled: false, resolve, reject };
    return { id, bytes, writes, draft, ...open };
  }

  add(pending: Pending): void {
    this.#byId.set(pending.id, pending);
    for (const key of pending.writes) this.#byKey.set(key, pending);
  }

  find(recordId: Uint8Array): Pending | undefined {
    return this.#byId.get(keyString(recordId));
  }

  all(): Pending[] {
    return [...this.#byId.values()];
  }

  inTheWay(keys: Iterable<Uint8Array>): Promise<void> | undefined {
    if (this.#byKey.size === 0) return undefined;
    for (const key of keys) {
      const pending = this.#byKey.get(keyString(key));
      const done = (): void => {};
      if (pending) return pending.outcome.then(done, done);
    }
    return undefined;
  }

  settle(pending: Pending, outcome: Outcome): void {
    if (this.#remove(pending)) pending.resolve(outcome);
  }

  reject(pending: Pending, failure: Failure): void {
    if (this.#remove(pending)) pending.reject(failure);
  }

  #remove(pending: Pending): boolean {
    if (pending.settled) return false;
    pending.settled = true;
    this.#byId.delete(pending.id);
    for (const key of pending.writes) {
      if (this.#byKey.get(key) === pending) this.#byKey.delete(key);
    }
    return true;
  }
}
