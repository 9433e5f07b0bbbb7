import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SessionViewReader, SessionViewWriter } from '#libs/access/snapshot/session-snapshot.js';
import { keptAfterExpiryMs } from '#libs/access/sessions/session-state.js';
import { EarlyDenies } from '#libs/access/sessions/early-denies.js';
import { SessionView } from '#libs/access/sessions/session-view.js';
import { keyHash } from '#libs/events/keys.js';
import {
  ended,
  facts,
  familyRevoked,
  foldS,
  inT,
  started,
  tokenRevoked,
  type OfS,
} from './session-events.js';

const names = ['s1', 's2', 's3'] as const;
const people = ['ann', 'bob'] as const;
const hashes = ['h1', 'h2', 'h3', undefined] as const;
const pick = <T>(values: readonly T[]) => fc.constantFrom(...values);

const whole = fc.record({
  session: pick(names),
  principal: pick(people),
  tokenSha256: pick(hashes),
  idleUntilMs: pick([2_000, 5_000]),
  expiresAtMs: pick([4_000, 9_000]),
  authPosition: fc.nat(50),
});
const event = fc.oneof(
  whole.map((one) => ({ type: 'SessionStarted' as const, ...facts(one.session, one) })),
  whole.map((one) => ({ type: 'SessionSteppedUp' as const, ...facts(one.session, one) })),
  whole.map((one) => ({ type: 'SessionExtended' as const, ...facts(one.session, one) })),
  fc.tuple(pick(names), pick(people)).map(([session, who]) => ended(session, who)),
  pick(['f1', 'f2']).map((family) => familyRevoked(family)),
  pick(['j1', 'j2']).map((jti) => tokenRevoked(jti)),
);
const history: fc.Arbitrary<OfS[]> = fc.array(fc.record({ tenant: pick(['t', 'u']), event }), {
  maxLength: 40,
});

/** Everything that is known, in one order. */
function stateOf(view: SessionView): unknown {
  const saved = view.save();
  return JSON.parse(JSON.stringify(saved, sorted)) as unknown;
}
function sorted(_: string, value: unknown): unknown {
  if (value instanceof Map) return [...value].sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
  return value instanceof Set ? [...value].map(String).sort() : value;
}

function throughBytes(view: SessionView): SessionView {
  const writer = new SessionViewWriter(view);
  writer.run();
  const reader = new SessionViewReader(Buffer.concat(writer.chunks), keyHash);
  reader.run();
  return reader.view;
}

describe('the fold of ledger S', () => {
  it('gives the same state live, rebuilt, and from a snapshot in the middle', () => {
    fc.assert(
      fc.property(history, fc.nat(40), (events, at) => {
        const live = foldS(events);
        const early = throughBytes(foldS(events.slice(0, at)));
        expect(stateOf(foldS(events.slice(at), early))).toEqual(stateOf(live));
        expect(stateOf(throughBytes(live))).toEqual(stateOf(live));
      }),
      { numRuns: 300 },
    );
  });

  it('keeps tenants apart: what one of them does changes nothing of another', () => {
    fc.assert(
      fc.property(history, (events) => {
        const all = foldS(events);
        const alone = foldS(events.filter(({ tenant }) => tenant === 't'));
        for (const name of names) {
          const [one, other] = [all.find('t', name), alone.find('t', name)];
          expect(one?.endedAt === -1).toBe(other?.endedAt === -1);
          expect(one?.principal).toBe(other?.principal);
          expect(one?.authPosition).toBe(other?.authPosition);
        }
        expect(all.tenants.get('t')?.families.size).toBe(alone.tenants.get('t')?.families.size);
      }),
      { numRuns: 300 },
    );
  });

  it('never brings back what is over, and finds by token only the session that has it', () => {
    fc.assert(
      fc.property(history, (events) => {
        const view = new SessionView(keyHash);
        const over = new Set<string>();
        for (const one of events) {
          foldS([one], view);
          for (const [tenant, { sessions }] of view.tenants) {
            for (const [id, row] of sessions) {
              const name = `${tenant}/${id}`;
              expect(over.has(name) && row.endedAt < 0).toBe(false);
              if (row.endedAt >= 0) over.add(name);
            }
          }
          for (const [sha256, row] of view.byToken) {
            expect(row.tokenSha256).toBe(sha256);
            expect(view.find(row.tenant, row.session)).toBe(row);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('forgets early denies whose time is over with the rest', () => {
    const view = new SessionView(keyHash);
    view.early = new EarlyDenies();
    for (const [id, untilMs] of [
      ['j1', 1_000],
      ['j2', 3_000],
    ] as const) {
      view.early.add({ tenant: 't', kind: 'TOKEN', id, untilMs });
    }
    view.sweep(2_000, 10);
    expect(view.early.all().map(({ id }) => id)).toEqual(['j2']);
  });

  it('forgets by sweeping only what expired long ago, and answers the same about the rest', () => {
    fc.assert(
      fc.property(history, fc.nat(12_000), fc.integer({ min: 1, max: 5 }), (events, ms, most) => {
        const nowMs = ms + keptAfterExpiryMs;
        const [kept, swept] = [foldS(events), foldS(events)];
        for (let i = 0; i < 200; i++) swept.sweep(nowMs, most);
        for (const { id, sessions, families, tokens } of kept.tenants.values()) {
          for (const row of sessions.values()) {
            const over = row.expiresAtMs + keptAfterExpiryMs <= nowMs;
            expect(swept.find(id, row.session)).toEqual(over ? undefined : row);
          }
          const mine = swept.tenants.get(id);
          for (const [family, one] of families) {
            expect(mine?.families.has(family)).toBe(one.untilMs + keptAfterExpiryMs > nowMs);
          }
          for (const [jti, one] of tokens) {
            expect(mine?.tokens.has(jti)).toBe(one.untilMs + keptAfterExpiryMs > nowMs);
          }
        }
        for (const [sha256, row] of swept.byToken) {
          expect(kept.byToken.get(sha256)).toEqual(row);
          expect(swept.find(row.tenant, row.session)).toEqual(row);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('knows a session from any record of it, as the beginning of S is not kept', () => {
    const view = foldS(inT({ type: 'SessionExtended', ...facts('s1') }, ended('s2')));
    expect(view.findByToken('token-of-s1')?.session).toBe('s1');
    expect(view.find('t', 's2')?.endedAt).toBe(1);
    foldS(inT(started('s2')), view);
    expect(view.find('t', 's2')?.endedAt).toBe(1);
  });

  it('gives a session its new token, and the old one to nobody', () => {
    const more = { tokenSha256: 'new' };
    const view = foldS(inT(started('s1'), { type: 'SessionSteppedUp', ...facts('s1', more) }));
    expect(view.findByToken('token-of-s1')).toBeUndefined();
    expect(view.findByToken('new')?.session).toBe('s1');
  });
});
