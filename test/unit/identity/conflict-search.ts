import type { DomainEvent } from '#libs/events/catalogue.js';
import { keyText } from '#libs/events/keys.js';
import type { Key, KeyKind } from '#libs/events/keys.js';

/** A decided command: its events and the keys of its record. */
export interface DraftOf<A> {
  readonly attempt: A;
  readonly events: readonly DomainEvent[];
  readonly reads: readonly Key[];
  readonly writes: readonly Key[];
}

/** A state that commands are decided on. */
export interface World<A> {
  copy(): World<A>;
  /** Nothing when the command is refused or has nothing to do: then nothing is appended. */
  decide(attempt: A): DraftOf<A> | undefined;
  apply(draft: DraftOf<A>, position?: number): this;
  documents(): string;
}

interface AnyAttempt {
  readonly command: { readonly type: string };
}

export interface Finding {
  /** Pairs that both count although the order matters: a key is missing. */
  readonly missed: string[];
  /** Kinds that alone kept such a pair apart: the search would notice that they were forgotten. */
  readonly needed: Set<KeyKind>;
  readonly seen: Set<string>;
}

/**
 * Rule 4 of the ledger: a later record is void when an accepted one wrote what it reads or writes.
 * The kinds of keys that say so.
 */
function collisions<A>(earlier: DraftOf<A>, later: DraftOf<A>): Set<KeyKind> {
  const written = new Set(earlier.writes.map((key) => keyText(key)));
  const hits = [...later.reads, ...later.writes].filter((key) => written.has(keyText(key)));
  return new Set(hits.map((key) => key.kind));
}

/**
 * Two commands were decided on the same state. May the later record count after the earlier one? Only
 * if it is what would be decided after it, and, where neither collides, if their order is no matter.
 * `blind`: a kind of key that is taken to be forgotten.
 */
function mayBothCount<A>(
  world: World<A>,
  earlier: DraftOf<A>,
  later: DraftOf<A>,
  blind?: KeyKind,
): boolean {
  const after = world.copy().apply(earlier, 1);
  const again = after.decide(later.attempt);
  if (JSON.stringify(again?.events) !== JSON.stringify(later.events)) return false;
  if ([...collisions(later, earlier)].some((kind) => kind !== blind)) return true;
  const swapped = world.copy().apply(later, 2).apply(earlier, 1);
  return after.apply(later, 2).documents() === swapped.documents();
}

/** Walks through random states and tries every pair of the commands that can happen next. */
export function search<A extends AnyAttempt>(
  begin: () => World<A>,
  pool: readonly A[],
  { steps, width }: { readonly steps: number; readonly width: number },
  finding: Finding,
): void {
  let world = begin();
  for (let step = 0; step < steps; step += 1) {
    if (step % 40 === 0) world = begin();
    const at = (step * width) % pool.length;
    const drafts = pool.slice(at, at + width).flatMap((one) => world.decide(one) ?? []);
    for (const earlier of drafts)
      for (const later of drafts) compare(world, earlier, later, finding);
    const next = drafts[0];
    for (const draft of drafts) finding.seen.add(draft.attempt.command.type);
    if (next !== undefined) world.apply(next);
  }
}

function compare<A extends AnyAttempt>(
  world: World<A>,
  earlier: DraftOf<A>,
  later: DraftOf<A>,
  finding: Finding,
): void {
  if (earlier === later) return;
  const kinds = [...collisions(earlier, later)];
  const [only] = kinds;
  if (kinds.length > 1) return;
  if (only !== undefined && finding.needed.has(only)) return;
  if (mayBothCount(world, earlier, later, only)) return;
  if (only !== undefined) finding.needed.add(only);
  else finding.missed.push(JSON.stringify([earlier.attempt.command, later.attempt.command]));
}
