import { describe, expect, it } from 'vitest';

import { UnguardedDocument } from '#libs/decider/fold-event.js';
import { keysOf } from '#libs/events/keys.js';
import type { KeyKind } from '#libs/events/keys.js';

import { search } from './conflict-search.js';
import type { Finding } from './conflict-search.js';
import { attempts, clientAttempts, commandTypes, SmallWorld } from './small-world.js';

const seed = 20_261_125;

describe('keys of commands', () => {
  const finding: Finding = { missed: [], needed: new Set(), seen: new Set() };
  const pool = attempts(28_800, seed);
  const walk = { steps: 360, width: 80 };
  search(() => new SmallWorld('t1'), pool, walk, finding);
  search(() => new SmallWorld('system'), pool, walk, finding);
  for (const more of [1, 2, 3]) {
    const clients = clientAttempts(1_600, seed + more);
    search(() => new SmallWorld('t1'), clients, { steps: 20, width: 80 }, finding);
  }

  it('collide wherever the order of two commands matters', () => {
    expect(finding.missed).toEqual([]);
  });

  // Not listed: keys that no pair depends on alone, because another key always goes with them
  // (`member` and `groups-of`, …), and those of other worlds.
  it.each<KeyKind>([
    'admins',
    'apikey',
    'apikeys-of',
    'cert',
    'certs-of',
    'children-of',
    'client',
    'client-secrets-of',
    'consents-of',
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
