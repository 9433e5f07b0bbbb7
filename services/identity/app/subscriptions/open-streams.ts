import { addGauge, type createRegistry } from '#libs/runtime/metrics.js';
import type { Clock } from '#libs/runtime/clock.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import { PublicFeed } from './public-feed.js';
import { StreamLimits, type StreamLimitSettings } from './stream-limits.js';

/** What streams of events are made of, and what ends them. */
export interface OpenStreams {
  /** Of ledger L. */
  readonly feed: PublicFeed;
  /** Of ledger S. */
  readonly sessionFeed: PublicFeed;
  readonly limits: StreamLimits;
  /** Aborted when this instance shuts down. */
  readonly closing: AbortSignal;
  /** Tells every subscriber to connect again. */
  close(): void;
}

const defaultLimits: StreamLimitSettings = { total: 256, perCaller: 8 };

/** Streams of the ledgers; their number is the gauge `ledgate_identity_streams`. */
export function openStreams(
  { ledger, sessions }: Pick<IdentityParts, 'ledger' | 'sessions'>,
  clock: Clock,
  registry: ReturnType<typeof createRegistry>,
  settings: StreamLimitSettings = defaultLimits,
): OpenStreams {
  const limits = new StreamLimits(settings);
  const closing = new AbortController();
  addGauge(registry, 'ledgate_identity_streams', 'Open streams of events.', () => limits.open);
  const feed = new PublicFeed({ session: ledger, clock, limits });
  const sessionFeed = new PublicFeed({ session: sessions, clock, limits });
  return { feed, sessionFeed, limits, closing: closing.signal, close: () => closing.abort() };
}
