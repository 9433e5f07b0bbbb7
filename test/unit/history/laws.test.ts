import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide } from '#libs/access/evaluate/decide.js';
import { covers } from '#libs/access/resource.js';
import { accessChanges, textOf, type AccessChange } from '#libs/history/access-changes.js';
import { ChangeCauses } from '#libs/history/change-causes.js';
import type { Moment } from '#libs/history/moment.js';
import { whoCan } from '#libs/history/who-can.js';
import {
  actions,
  arbitraryHistory,
  moments,
  permissions,
  principals,
  resources,
} from '../access/arbitrary-history.js';
import { fold } from '../access/fold.js';
import type { Recorded } from '../access/naive-oracle.js';

const tenant = 't';
const all = { after: '', size: 10_000 };
const few = { numRuns: 200 };

function momentOf(history: readonly Recorded[], atMs: number): Moment {
  const position = history.length - 1;
  return { view: fold(history), position, atMs, chain: new Uint8Array(32), cluster: undefined };
}

const allows = (at: Moment, principal: string, action: string, resource: string): boolean =>
  decide(at.view, { tenant, principal, action, resource, nowMs: at.atMs }).reason === 'ALLOWED';

/** Two moments of one history: after `cut` of its events, and at its end. */
const twoMoments = fc
  .tuple(arbitraryHistory, fc.nat(80), fc.constantFrom(...moments), fc.constantFrom(...moments))
  .map(([history, cut, one, other]) => ({
    history,
    cut: Math.min(cut, history.length),
    fromMs: Math.min(one, other),
    toMs: Math.max(one, other),
  }));

async function changesOf(from: Moment, to: Moment): Promise<readonly AccessChange[]> {
  return (await accessChanges(from, to, { tenant, principal: undefined }, all)).changes;
}

describe('who can', () => {
  it('is everybody whom a check allows, each with a way', async () => {
    const question = fc.tuple(
      arbitraryHistory,
      fc.constantFrom(...actions),
      fc.constantFrom(...resources),
      fc.constantFrom(...moments),
    );
    let found = 0;
    await fc.assert(
      fc.asyncProperty(question, async ([history, action, resource, nowMs]) => {
        const at = momentOf(history, nowMs);
        const listed = await whoCan(at.view, { tenant, action, resource, nowMs }, all);
        const expected = principals.filter((one) => allows(at, one, action, resource)).sort();
        expect(listed.principals.map(({ principal }) => principal)).toEqual(expected);
        for (const { ways } of listed.principals) {
          expect(ways[0]?.missing).toBe('NOTHING');
          found += 1;
        }
      }),
      few,
    );
    expect(found).toBeGreaterThan(0);
  });

  it('is the same in parts of any size', async () => {
    const parts = fc.tuple(arbitraryHistory, fc.integer({ min: 1, max: 3 }));
    await fc.assert(
      fc.asyncProperty(parts, async ([history, size]) => {
        const { view } = momentOf(history, 0);
        const question = { tenant, action: 'orders:read', resource: 'a/b', nowMs: 0 };
        const whole = await whoCan(view, question, all);
        const listed = [];
        for (let after = ''; ;) {
          const part = await whoCan(view, question, { after, size });
          listed.push(...part.principals);
          if (!part.more) break;
          after = part.principals.at(-1)?.principal ?? '';
        }
        expect(listed).toEqual(whole.principals);
      }),
      few,
    );
  });
});

describe('what changed', () => {
  it('is the difference of what is held: on its prefix the answers differ', async () => {
    let found = 0;
    await fc.assert(
      fc.asyncProperty(twoMoments, async ({ history, cut, fromMs, toMs }) => {
        const from = momentOf(history.slice(0, cut), fromMs);
        const to = momentOf(history, toMs);
        for (const change of await changesOf(from, to)) {
          const { principal, permission, resourcePrefix, kind } = change;
          const before = allows(from, principal, permission, resourcePrefix);
          const after = allows(to, principal, permission, resourcePrefix);
          expect([change, before, after]).toEqual([change, kind === 'LOST', kind === 'GAINED']);
          found += 1;
        }
      }),
      few,
    );
    expect(found).toBeGreaterThan(0);
  });

  it('leaves out no answer that differs', async () => {
    await fc.assert(
      fc.asyncProperty(twoMoments, async ({ history, cut, fromMs, toMs }) => {
        const from = momentOf(history.slice(0, cut), fromMs);
        const to = momentOf(history, toMs);
        const changes = await changesOf(from, to);
        for (const principal of principals) {
          for (const permission of permissions) {
            for (const resource of resources) {
              const before = allows(from, principal, permission, resource);
              const after = allows(to, principal, permission, resource);
              if (before === after) continue;
              const kind = before ? 'LOST' : 'GAINED';
              const told = changes.some(
                (one) =>
                  one.kind === kind &&
                  one.principal === principal &&
                  one.permission === permission &&
                  covers(one.resourcePrefix, resource),
              );
              expect([principal, permission, resource, kind, told]).toContain(true);
            }
          }
        }
      }),
      few,
    );
  });

  it('has a cause among the events in between, unless time passed', async () => {
    await fc.assert(
      fc.asyncProperty(twoMoments, async ({ history, cut, fromMs }) => {
        const from = momentOf(history.slice(0, cut), fromMs);
        const to = momentOf(history, fromMs);
        const changes = await changesOf(from, to);
        const causes = new ChangeCauses(tenant, from, to, changes);
        for (const { tenant: of, position, event } of history.slice(cut)) {
          if (of !== tenant) continue;
          const actor = { tenant, principal: '' };
          causes.take({ position, event, tenant, actor, atMs: 0, reason: '', wireType: '' });
        }
        const without = changes.filter((_, at) => causes.events[at]?.length === 0);
        expect(without).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });

  it('is the same in parts of any size', async () => {
    const parts = fc.tuple(twoMoments, fc.integer({ min: 1, max: 5 }));
    await fc.assert(
      fc.asyncProperty(parts, async ([{ history, cut, fromMs, toMs }, size]) => {
        const from = momentOf(history.slice(0, cut), fromMs);
        const to = momentOf(history, toMs);
        const listed: AccessChange[] = [];
        for (let after = ''; ;) {
          const about = { tenant, principal: undefined };
          const part = await accessChanges(from, to, about, { after, size });
          listed.push(...part.changes);
          const last = listed.at(-1);
          if (!part.more || last === undefined) break;
          after = textOf(last);
        }
        expect(listed).toEqual(await changesOf(from, to));
      }),
      few,
    );
  });
});
