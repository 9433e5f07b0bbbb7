import { describe, expect, it } from 'vitest';

import { UnguardedDocument } from '#libs/decider/fold-event.js';
import { keysOf } from '#libs/events/keys.js';
import type { KeyKind } from '#libs/events/keys.js';

import { search } from './conflict-search.js';
import type { Finding } from './conflict-search.js';
import { began, sessionAttempts, sessionCommandTypes, SessionWorld } from './session-world.js';

const seed = 20_261_124;

describe('keys of commands on ledger S', () => {
  const finding: Finding = { missed: [], needed: new Set(), seen: new Set() };
  const pool = sessionAttempts(19_200, seed);
  search(() => new SessionWorld(), pool, { steps: 240, width: 80 }, finding);

  it('collide wherever the order of two commands matters', () => {
    expect(finding.missed).toEqual([]);
  });

  it.each<KeyKind>([
    'artifact',
    'attempts',
    'challenge',
    'challenge-slot',
    'code',
    'device',
    'family',
    'jti',
    'passkey-count',
    'recovery-use',
    'session',
    'session-token',
    'sessions-list',
    'token',
    'totp-step',
    'usercode',
  ])('the search would notice that `%s` was forgotten', (kind) => {
    expect([...finding.needed]).toContain(kind);
  });

  it('every command gets somewhere', () => {
    expect(sessionCommandTypes.filter((type) => !finding.seen.has(type))).toEqual([]);
  });
});

describe('the assertion on folds of ledger S', () => {
  it.each<KeyKind>(['session', 'session-token', 'sessions-list'])(
    'bites when the table lacks `%s`',
    (forgotten) => {
      const table: typeof keysOf = (event, tenant) =>
        keysOf(event, tenant).filter((key) => key.kind !== forgotten);
      expect(() => new SessionWorld(began, table)).toThrow(UnguardedDocument);
    },
  );
});
