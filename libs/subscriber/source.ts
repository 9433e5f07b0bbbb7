import type { PublicEvent } from '#libs/events/public-events.js';
import type { Mark } from '#libs/subscriber/mark.js';
import type { Start } from '#libs/subscriber/start.js';

/** What a source brought: an event, or that nothing was to be told up to a mark. */
export type SourceItem =
  | {
      readonly kind: 'event';
      readonly stream: string;
      readonly mark: Mark;
      /** What must stay in order among itself: the principal or role that it is about. */
      readonly key: string;
      readonly read: ReadEvent;
    }
  | { readonly kind: 'passed'; readonly stream: string; readonly mark: Mark };

/** An event that was understood, or what is known of one that was not. */
export type ReadEvent =
  | { readonly ok: true; readonly event: PublicEvent; readonly traceparent: string }
  | {
      readonly ok: false;
      readonly why: 'UNDECODABLE' | 'UNKNOWN_TYPE';
      /** Its type as it says itself. */
      readonly type: string;
      readonly problem: string;
      readonly bytes: Uint8Array;
    };

export interface ReadRequest {
  readonly start: Start;
  /** Where a stream goes on: what was received of it, else its checkpoint. */
  readonly resume: (stream: string) => Promise<Mark | undefined>;
  /**
   * For sources whose streams move between processes: waits until what was received of the stream is
   * done and saved, then says what the checkpoint holds, which another process may have moved.
   */
  readonly reload: (stream: string) => Promise<Mark | undefined>;
  readonly signal: AbortSignal;
}

/** Where events come from. */
export interface Source {
  /**
   * Yields without end, in order within a stream; repeats are dropped by whoever reads. Throws
   * SubscriberError: `REFUSED` and `DIVERGED` end the subscription, anything else is tried again.
   */
  read(request: ReadRequest): AsyncIterable<SourceItem>;
  /** Called once when the subscription ends. */
  close(): Promise<void>;
}
