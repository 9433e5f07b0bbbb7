import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { canonicalLines } from '#libs/access/canonical-lines.js';
import { decide, type Question } from '#libs/access/evaluate/decide.js';
import { explain } from '#libs/access/evaluate/explain.js';
import type { AccessView } from '#libs/access/projection/access-view.js';
import { ALLOW } from '#libs/access/reason-code.js';

import {
  actions,
  arbitraryHistory,
  moments,
  permissions,
  principals,
  resources,
} from './arbitrary-history.js';
import { applyTo, fold } from './fold.js';
import type { Recorded } from './naive-oracle.js';

const pick = <T>(values: readonly T[]) => fc.constantFrom(...values);
const question = fc.record({
  tenant: fc.constant('t'),
  principal: pick(principals),
  action: fc.oneof({ weight: 4, arbitrary: pick(permissions) }, pick(actions)),
  resource: fc.oneof(pick(['', 'a', 'a/b', 'a/b/c']), pick(resources)),
  nowMs: pick(moments),
});
const questions = fc.array(question, { minLength: 10 });
const lines = (view: AccessView, nowMs = 1500): string[] => [...canonicalLines(view, nowMs)];
const reasons = (view: AccessView, asked: readonly Question[]) =>
  asked.map((each) => decide(view, each).reason);
const runs = { numRuns: 300 };

describe('the fold', () => {
  it('does not remember what it was asked: questions between events change no answer', () => {
    fc.assert(
      fc.property(arbitraryHistory, questions, (history, asked) => {
        const busy = fold([]);
        for (const each of history) {
          applyTo(busy, each);
          reasons(busy, asked);
        }
        expect(reasons(busy, asked)).toEqual(reasons(fold(history), asked));
        expect(lines(busy)).toEqual(lines(fold(history)));
      }),
      { numRuns: 100 },
    );
  });

  it('answers a question the same whatever was asked before it: batch = map(check)', () => {
    fc.assert(
      fc.property(arbitraryHistory, questions, (history, asked) => {
        const together = reasons(fold(history), asked);
        const alone = asked.map((each) => decide(fold(history), each).reason);
        expect(together).toEqual(alone);
      }),
      { numRuns: 100 },
    );
  });

  it('gives the same lines however ids were interned: tenants folded one after the other', () => {
    fc.assert(
      fc.property(arbitraryHistory, (history) => {
        // Records of different tenants do not depend on each other but for what the system does.
        const local = history.filter((each) => isLocal(each));
        const sorted = ['T', 'system', 't'].flatMap((id) => local.filter((e) => e.tenant === id));
        expect(lines(fold(sorted))).toEqual(lines(fold(local)));
      }),
      runs,
    );
  });

  it('puts everything into the lines that a decision rests on', () => {
    fc.assert(
      fc.property(arbitraryHistory, fc.nat(), questions, (history, at, asked) => {
        const one = fold(history);
        const other = fold(history.filter((_, i) => i !== at % Math.max(1, history.length)));
        if (lines(one).join('\n') !== lines(other).join('\n')) return;
        const now = asked.map((each) => ({ ...each, nowMs: 1500 }));
        expect(reasons(other, now)).toEqual(reasons(one, now));
      }),
      runs,
    );
  });

  it('leaves out of the lines what has expired', () => {
    let met = 0;
    fc.assert(
      fc.property(arbitraryHistory, (history) => {
        const expired = (each: Recorded): boolean =>
          each.event.type === 'RoleGranted' && (each.event.expiresAtMs ?? Infinity) <= 1500;
        const tuples = history.filter(expired).map((each) => tupleOf(each));
        const touched = (each: Recorded): boolean => tuples.includes(tupleOf(each));
        const regranted = history.filter((each) => touched(each)).length > tuples.length;
        if (regranted) return;
        met += tuples.length;
        const without = history.filter((each) => !expired(each));
        expect(grantLines(fold(without))).toEqual(grantLines(fold(history)));
      }),
      runs,
    );
    expect(met).toBeGreaterThan(20);
  });
});

describe('validUntilMs', () => {
  it('is the earliest time at which a decision changes by expiry alone', () => {
    fc.assert(
      fc.property(arbitraryHistory, questions, (history, asked) => {
        const view = fold(history);
        for (const each of asked) {
          const { code, validUntilMs } = decide(view, each);
          const before = moments.filter((time) => time > each.nowMs && time < validUntilMs);
          for (const nowMs of before) {
            expect(decide(view, { ...each, nowMs }).code === ALLOW).toBe(code === ALLOW);
          }
          if (code !== ALLOW || validUntilMs === Infinity) continue;
          expect(decide(view, { ...each, nowMs: validUntilMs }).code).not.toBe(ALLOW);
        }
      }),
      runs,
    );
  });
});

describe('explain', () => {
  it('names every grant that an ALLOW rests on, by positions of the events that made it', () => {
    let allowed = 0;
    fc.assert(
      fc.property(arbitraryHistory, questions, (history, asked) => {
        const view = fold(history);
        for (const each of asked) {
          const explained = explain(view, each);
          expect(explained.reason).toBe(decide(view, each).reason);
          if (explained.code !== ALLOW) continue;
          allowed += 1;
          const held = new Set(explained.paths.map((path) => path.grantPosition));
          for (const at of held) expect(history[at]?.event.type).toBe('RoleGranted');
          for (const path of explained.paths) {
            const types = path.positions.map((at) => history[at]?.event.type);
            expect(types.some((type) => type === 'RoleCreated')).toBe(true);
            expect(types.includes('GroupMemberAdded')).toBe(path.group !== undefined);
          }
          const without = history.filter(
            ({ position, event }) =>
              (!held.has(position) && event.type !== 'RoleGranted') ||
              (event.type === 'RoleGranted' && !sameTuple(history, held, event)),
          );
          expect(decide(fold(without), each).code).not.toBe(ALLOW);
        }
      }),
      { numRuns: 150 },
    );
    expect(allowed).toBeGreaterThan(20);
  });
});

function sameTuple(history: readonly Recorded[], held: Set<number>, event: object): boolean {
  return [...held].some((at) => tuple(history[at]?.event) === tuple(event));
}

function tuple(event: object | undefined): string {
  const { subjectKind, subject, role, resourcePrefix } = event as Record<string, unknown>;
  return JSON.stringify([subjectKind, subject, role, resourcePrefix]);
}

function tupleOf({ tenant, event }: Recorded): string {
  return 'resourcePrefix' in event && 'role' in event ? tenant + tuple(event) : '';
}

function grantLines(view: AccessView): string[] {
  return lines(view).filter((line) => /^\["(principal|group)"/.test(line));
}

function isLocal({ event, tenant }: Recorded): boolean {
  if ('kid' in event) return tenant === 't';
  if (event.type === 'ApiKeyCreated') return tenant === 't';
  return event.type !== 'WatermarkRaised' || event.scope !== 'TENANT';
}
