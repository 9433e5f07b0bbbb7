import { addGauge, type createRegistry } from '#libs/runtime/metrics.js';
import type { Clock } from '#libs/runtime/clock.js';
import type { LedgerSession } from '#services/identity/app/ledger-session.js';
import { PublicFeed } from './public-feed.js';
import { StreamLimits, type StreamLimitSettings } from './stream-limits.js';

/** What streams of events are made of, and what ends them. */
export interface OpenStreams {
  readonly feed: PublicFeed;
  readonly limits: StreamLimits;
  /** Aborted when this instance shuts down. */
  readonly closing: AbortSignal;
  /** Tells every subscriber to connect again. */
  close(): void;
}

const defaultLimits: StreamLimitSettings = { total: 256, perCaller: 8 };

/** Streams of one ledger; their number is the gauge `ledgate_identity_streams`. */
export function openStreams(
  session: LedgerSession,
  clock: Clock,
  registry: ReturnType<typeof createRegistry>,
  settings: StreamLimitSettings = defaultLimits,
): OpenStreams {
  const limits = new StreamLimits(settings);
  const closing = new AbortController();
  addGauge(registry, 'ledgate_identity_streams', 'Open streams of events.', () => limits.open);
  const feed = new PublicFeed({ session, clock, limits });
  return { feed, limits, closing: closing.signal, close: () => closing.abort() };
}
