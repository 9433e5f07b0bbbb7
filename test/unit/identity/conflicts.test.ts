import { describe, expect, it } from 'vitest';

import { UnguardedDocument } from '#libs/decider/fold-event.js';
import { keysOf, keyText } from '#libs/events/keys.js';
import type { KeyKind } from '#libs/events/keys.js';

import { attempts, commandTypes, SmallWorld } from './small-world.js';
import type { Attempt, Draft } from './small-world.js';

const seed = 20_261_125;

/**
 * Rule 4 of the ledger: a later record is void when an accepted one wrote what it reads or writes.
 * The kinds of keys that say so.
 */
function collisions(earlier: Draft, later: Draft): Set<KeyKind> {
  const written = new Set(earlier.writes.map((key) => keyText(key)));
  const hits = [...later.reads, ...later.writes].filter((key) => written.has(keyText(key)));
  return new Set(hits.map((key) => key.kind));
}

/**
 * Two commands were decided on the same state. May the later record count after the earlier one? Only
 * if it is what would be decided after it, and, where neither collides, if their order is no matter.
 * `blind`: a kind of key that is taken to be forgotten.
 */
function mayBothCount(world: SmallWorld, earlier: Draft, later: Draft, blind?: KeyKind): boolean {
  const after = world.copy().apply(earlier, 1);
  const again = after.decide(later.attempt);
  if (JSON.stringify(again?.events) !== JSON.stringify(later.events)) return false;
  if ([...collisions(later, earlier)].some((kind) => kind !== blind)) return true;
  const swapped = world.copy().apply(later, 2).apply(earlier, 1);
  return after.apply(later, 2).documents() === swapped.documents();
}

interface Finding {
  /** Pairs that both count although the order matters: a key is missing. */
  readonly missed: string[];
  /** Kinds that alone kept such a pair apart: the search would notice that they were forgotten. */
  readonly needed: Set<KeyKind>;
  readonly seen: Set<string>;
}

/** Walks through random states and tries every pair of the commands that can happen next. */
function search(home: string, pool: readonly Attempt[], steps: number, finding: Finding): void {
  let world = new SmallWorld(home);
  for (let step = 0; step < steps; step += 1) {
    if (step % 40 === 0) world = new SmallWorld(home);
    const at = (step * 80) % pool.length;
    const drafts = pool.slice(at, at + 80).flatMap((one) => world.decide(one) ?? []);
    for (const earlier of drafts)
      for (const later of drafts) compare(world, earlier, later, finding);
    const next = drafts[0];
    for (const draft of drafts) finding.seen.add(draft.attempt.command.type);
    if (next !== undefined) world.apply(next);
  }
}

function compare(world: SmallWorld, earlier: Draft, later: Draft, finding: Finding): void {
  if (earlier === later) return;
  const kinds = [...collisions(earlier, later)];
  const [only] = kinds;
  if (kinds.length > 1) return;
  if (only !== undefined && finding.needed.has(only)) return;
  if (mayBothCount(world, earlier, later, only)) return;
  if (only !== undefined) finding.needed.add(only);
  else finding.missed.push(JSON.stringify([earlier.attempt.command, later.attempt.command]));
}

describe('keys of commands', () => {
  const finding: Finding = { missed: [], needed: new Set(), seen: new Set() };
  const pool = attempts(28_800, seed);
  search('t1', pool, 360, finding);
  search('system', pool, 360, finding);

  it('collide wherever the order of two commands matters', () => {
    expect(finding.missed).toEqual([]);
  });

  // Not listed: keys that no pair depends on alone, because another key always goes with them
  // (`member` and `groups-of`, …), and those of other worlds.
  it.each<KeyKind>([
    'admins',
    'apikey',
    'apikeys-of',
    'children-of',
    'credential',
    'credential-name',
    'factors-of',
    'grant',
    'grants-of',
    'group',
    'groupname',
    'groups-of',
    'keyring',
    'loginname',
    'loginnames-of',
    'password-of',
    'permission',
    'passkey',
    'principal',
    'profile',
    'recovery-of',
    'role',
    'rolename',
    'sessions-of',
    'tenant',
    'tenant-settings',
  ])('the search would notice that `%s` was forgotten', (kind) => {
    expect([...finding.needed]).toContain(kind);
  });

  it('every command gets somewhere', () => {
    expect(commandTypes.filter((type) => !finding.seen.has(type))).toEqual([]);
  });
});

describe('the assertion on folds', () => {
  const kinds: readonly KeyKind[] = ['principal', 'loginname', 'loginnames-of', 'role', 'admins'];

  it.each(kinds)('bites when the table lacks `%s`', (forgotten) => {
    const table: typeof keysOf = (event, tenant) =>
      keysOf(event, tenant).filter((key) => key.kind !== forgotten);
    expect(() => new SmallWorld('t1', table)).toThrow(UnguardedDocument);
  });
});
