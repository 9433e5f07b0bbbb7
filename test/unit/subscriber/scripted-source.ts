import type { PublicEvent } from '#libs/events/public-events.js';
import type { Mark } from '#libs/subscriber/mark.js';
import type { ReadRequest, Source, SourceItem } from '#libs/subscriber/source.js';

export const ledger = 'auth.ledger.v1';
export const stream = 'test';

export function mark(position: number, index = 0): Mark {
  return { ledger, epoch: 1, position, index };
}

/** An event of a type that handlers below know: what is in it does not matter here. */
export function item(position: number, index = 0, key = 'p'): SourceItem {
  const event = { type: 'GrantRevoked', position } as unknown as PublicEvent;
  const read = { ok: true, event, traceparent: '' } as const;
  return { kind: 'event', stream, mark: mark(position, index), key, read };
}

export function passed(position: number): SourceItem {
  return { kind: 'passed', stream, mark: mark(position) };
}

/** Plays one script a connection: items, and errors that break it. The last one stays open. */
export class ScriptedSource implements Source {
  /** Where each connection was asked to go on. */
  readonly resumed: (Mark | undefined)[] = [];
  closed = false;
  readonly #scripts: readonly (readonly (SourceItem | Error)[])[];

  constructor(...scripts: readonly (readonly (SourceItem | Error)[])[]) {
    this.#scripts = scripts;
  }

  async *read({ resume, signal }: ReadRequest): AsyncGenerator<SourceItem> {
    const script = this.#scripts[this.resumed.length] ?? [];
    this.resumed.push(await resume(stream));
    for (const one of script) {
      if (one instanceof Error) throw one;
      yield one;
    }
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve());
    });
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}
