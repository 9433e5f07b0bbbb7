import {
  besideHeader,
  epochHeader,
  ledgerHeader,
  throughHeader,
} from '#libs/events/cloud-event.js';

/** How far a public topic is published. */
export interface TopicStand {
  /** Everything up to this ledger position is in the topic; -1: nothing is known to be. */
  readonly through: number;
  /** Epoch of the ledger in which that was so. */
  readonly epoch: number;
}

type Headers = Readonly<Record<string, string>>;

/**
 * What the last messages of its partitions say of a ledger. Each was written when everything up to its
 * `ce_publishedthrough` (of its own ledger) and `ce_publishedbeside` (of the other one) had been taken by
 * the brokers, in all partitions; so the highest of them holds.
 */
export function standOf(
  tails: readonly { readonly headers: Headers | undefined }[],
  ledger: string,
): TopicStand {
  let stand: TopicStand = { through: -1, epoch: 1 };
  for (const { headers } of tails) {
    const told = headers === undefined ? undefined : toldBy(headers, ledger);
    if (told !== undefined && isFurther(told, stand)) stand = told;
  }
  return stand;
}

/** Somebody else's message tells nothing. */
function toldBy(headers: Headers, ledger: string): TopicStand | undefined {
  // Builds before ledger S told of L alone.
  const own = (headers[ledgerHeader] ?? ledger) === ledger;
  const [of, at, inEpoch] = (headers[besideHeader] ?? '').split(':');
  if (!own && of !== ledger) return undefined;
  const through = Number((own ? headers[throughHeader] : at) ?? NaN);
  const epoch = Number((own ? headers[epochHeader] : inEpoch) ?? NaN);
  const whole = Number.isSafeInteger(through) && Number.isSafeInteger(epoch);
  return whole && through >= -1 && epoch >= 1 ? { through, epoch } : undefined;
}

function isFurther(one: TopicStand, other: TopicStand): boolean {
  return one.epoch === other.epoch ? one.through > other.through : one.epoch > other.epoch;
}

/** What is known of the ledger's restores. */
export interface Opened {
  /** Epoch in force. */
  readonly epoch: number;
  /** Position of the OPEN record that began it; -1 in the first epoch. */
  readonly openedAt: number;
}

/**
 * The position after which a topic has to be published: what was published of a history that a restore
 * took away has to be told again as what there is now. `undefined`: the topic is of a later epoch than
 * this ledger, which therefore is not the one in force.
 */
export function resumeAfter(stand: TopicStand, { epoch, openedAt }: Opened): number | undefined {
  if (stand.epoch > epoch) return undefined;
  if (stand.epoch === epoch) return stand.through;
  // Of earlier restores the positions are not known: consumers drop what they have.
  return stand.epoch === epoch - 1 ? Math.min(stand.through, openedAt - 1) : -1;
}
