/** How far a subscriber has come in one stream: everything up to and including this is done. */
export interface Mark {
  /** Name of the ledger that the positions are of, e.g. `auth.ledger.v1`. */
  readonly ledger: string;
  /** Grows with each restore of the ledger: positions of different epochs do not compare. */
  readonly epoch: number;
  readonly position: number;
  /** Which event of the record, from 0; `wholeRecord`: all of them. */
  readonly index: number;
  /** Kafka: offset of the message in its partition. */
  readonly offset?: string;
}

/** Index of a mark that stands behind everything of its position. */
export const wholeRecord = 0xffff_ffff;

/** Whether what is at `mark` comes after everything that `done` covers. */
export function isAfter(mark: Mark, done: Mark | undefined): boolean {
  if (done === undefined || mark.ledger !== done.ledger) return true;
  if (mark.epoch !== done.epoch) return mark.epoch > done.epoch;
  if (mark.position !== done.position) return mark.position > done.position;
  return mark.index > done.index;
}

/** Reads back what `JSON.stringify` made of a mark; undefined for anything else. */
export function parseMark(value: unknown): Mark | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { ledger, epoch, position, index, offset } = value as Record<string, unknown>;
  if (typeof ledger !== 'string' || !isWhole(epoch) || !isWhole(position) || !isWhole(index))
    return undefined;
  const mark = { ledger, epoch, position, index };
  return typeof offset === 'string' ? { ...mark, offset } : mark;
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= -1;
}
