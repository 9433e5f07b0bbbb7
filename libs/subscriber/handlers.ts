import type { PublicEvent, PublicEventType } from '#libs/events/public-events.js';
import type { ReadEvent } from '#libs/subscriber/source.js';

/** What a handler knows beside the event. */
export interface EventContext<Tx> {
  /** `<ledger>:<position>:<index>`, with `:<epoch>` behind it after a restore: the same whichever way the event came, and however often. */
  readonly id: string;
  readonly ledger: string;
  readonly epoch: number;
  readonly position: number;
  readonly index: number;
  /** W3C Trace Context of the command that caused it; empty: none. */
  readonly traceparent: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** The caller's transaction; undefined with a checkpoint that is kept beside the effects. */
  readonly tx: Tx;
  /** Aborted when the subscription stops. */
  readonly signal: AbortSignal;
}

export type Handler<Event, Tx> = (event: Event, context: EventContext<Tx>) => Promise<void> | void;

/** One handler a type; events of types without one are passed over. */
export type Handlers<Tx> = {
  readonly [Type in PublicEventType]?: Handler<Extract<PublicEvent, { type: Type }>, Tx>;
};

/** An event that could not be handled. */
export interface Poison {
  readonly why: 'HANDLER_FAILED' | 'UNDECODABLE' | 'UNKNOWN_TYPE';
  readonly id: string;
  readonly ledger: string;
  readonly position: number;
  readonly index: number;
  readonly stream: string;
  /** How often it was tried. */
  readonly attempt: number;
  /** What was thrown, or what could not be understood. */
  readonly error: unknown;
  readonly read: ReadEvent;
}

/**
 * `retry`: again, after a pause that grows up to half a minute · `skip`: the caller has kept it,
 * go on behind it · `stop`: end the subscription before it.
 */
export type PoisonVerdict = 'retry' | 'skip' | 'stop';

export type OnPoison = (poison: Poison) => Promise<PoisonVerdict> | PoisonVerdict;
