import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  apiKeyStatus,
  findApiKey,
  passwordStatus,
  tokenStatus,
} from '#libs/access/evaluate/credential-status.js';
import { decide, decideWithApiKey } from '#libs/access/evaluate/decide.js';
import { listPermissions } from '#libs/access/evaluate/list-permissions.js';
import type { AccessView } from '#libs/access/projection/access-view.js';
import { reasonName } from '#libs/access/reason-code.js';

import {
  actions,
  arbitraryHistory,
  clients,
  hashes,
  kids,
  moments,
  patterns,
  permissions,
  prefixes,
  principals,
  resources,
  tenants,
} from './arbitrary-history.js';
import { fold } from './fold.js';
import { NaiveOracle } from './naive-oracle.js';

const goodResources = ['', 'a', 'a/b', 'a/b/c', 'ab'];
const pick = <T>(values: readonly T[]) => fc.constantFrom(...values);
/** Mostly where something can be allowed. */
const tenant = fc.oneof({ weight: 9, arbitrary: fc.constant('t') }, pick(tenants));
const question = fc.record({
  tenant,
  principal: pick([...principals, 'nobody']),
  action: fc.oneof({ weight: 3, arbitrary: pick(permissions) }, pick(actions)),
  resource: fc.oneof(pick(goodResources), pick(resources)),
  nowMs: pick(moments),
});
const limits = fc.record({
  scopes: fc.oneof(fc.constant([]), fc.subarray([...patterns])),
  resourcePrefix: fc.oneof(fc.constant(''), pick(prefixes)),
  expiresAtMs: pick([1000, 2000, Infinity]),
});
const runs = { numRuns: 400 };

describe('the view and an independent evaluator agree on random histories', () => {
  it('about decisions for subjects', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(arbitraryHistory, fc.array(question, { minLength: 20 }), (history, questions) => {
        const [view, oracle] = [fold(history), new NaiveOracle(history)];
        for (const q of questions) {
          const { reason } = decide(view, q);
          seen.set(reason, (seen.get(reason) ?? 0) + 1);
          const expected = oracle.decide(q.tenant, q.principal, q.action, q.resource, q.nowMs);
          expect([q, reason]).toEqual([q, expected]);
        }
      }),
      runs,
    );
    // What the numbers are worth: the interesting answers must not be rare.
    const asked = [...seen.values()].reduce((sum, count) => sum + count, 0);
    expect((seen.get('ALLOWED') ?? 0) / asked).toBeGreaterThan(0.02);
    expect((seen.get('NO_GRANT') ?? 0) / asked).toBeGreaterThan(0.1);
    expect(seen.size).toBeGreaterThanOrEqual(9);
  });

  it('about decisions under the limits of a credential', () => {
    fc.assert(
      fc.property(arbitraryHistory, fc.array(fc.tuple(question, limits)), (history, asked) => {
        const [view, oracle] = [fold(history), new NaiveOracle(history)];
        for (const [q, l] of asked) {
          const { reason } = decide(view, { ...q, limits: l });
          const plain = { scopes: l.scopes, prefix: l.resourcePrefix, expires: l.expiresAtMs };
          expect([q, l, reason]).toEqual([
            q,
            l,
            oracle.decide(q.tenant, q.principal, q.action, q.resource, q.nowMs, plain),
          ]);
        }
      }),
      runs,
    );
  });

  it('about API keys and what they may do', () => {
    fc.assert(
      fc.property(arbitraryHistory, fc.array(question, { maxLength: 5 }), (history, questions) => {
        const [view, oracle] = [fold(history), new NaiveOracle(history)];
        for (const sha256 of [...hashes, 'unknown']) {
          for (const nowMs of moments) {
            const key = findApiKey(view, sha256);
            const expected = oracle.apiKey(sha256, nowMs);
            const status = key === undefined ? 'CREDENTIAL_UNKNOWN' : nameOf(view, key, nowMs);
            expect([sha256, nowMs, status]).toEqual([sha256, nowMs, expected.reason]);
            for (const { action, resource } of questions) {
              const { reason } = decideWithApiKey(view, sha256, { action, resource, nowMs });
              const { tenant: t, principal: p, limits: l } = expected;
              const answer =
                status === 'ALLOWED' ? oracle.decide(t, p, action, resource, nowMs, l) : status;
              expect([sha256, nowMs, action, reason]).toEqual([sha256, nowMs, action, answer]);
            }
          }
        }
      }),
      runs,
    );
  });

  it('about tokens: of all watermarks the strictest wins', () => {
    const token = fc.record({
      tenant,
      principal: pick(principals),
      client: pick(clients),
      kid: pick([...kids, 'k1', 'none']),
      at: fc.oneof(fc.nat(90), fc.constantFrom(NaN, -1)),
      expires: pick([1500, 2000, Infinity]),
      nowMs: pick(moments),
    });
    fc.assert(
      fc.property(arbitraryHistory, fc.array(token, { minLength: 20 }), (history, tokens) => {
        const [view, oracle] = [fold(history), new NaiveOracle(history)];
        for (const t of tokens) {
          const facts = { ...t, credential: '', authPosition: t.at, expiresAtMs: t.expires };
          const reason = reasonName(tokenStatus(view, undefined, facts, t.nowMs));
          expect([t, reason]).toEqual([t, oracle.token(t, t.expires, t.nowMs)]);
        }
      }),
      runs,
    );
  });

  it('about passwords: only the current version is good', () => {
    fc.assert(
      fc.property(arbitraryHistory, pick(principals), fc.nat(3), (history, principal, version) => {
        const password = { tenant: 't', principal, credential: 'other', version };
        const status = reasonName(passwordStatus(fold(history), password, 9000));
        const oracle = new NaiveOracle(history);
        const early = oracle.decide('t', principal, 'orders:read', '', 9000);
        const current = oracle.passwordVersion('t', principal);
        const own = version > 0 && current === version ? 'ALLOWED' : 'CREDENTIAL_CHANGED';
        expect(status).toBe(/^(TENANT|PRINCIPAL)/.test(early) ? early : own);
      }),
      runs,
    );
  });

  it('about lists: a list is what check allows', () => {
    fc.assert(
      fc.property(arbitraryHistory, question, limits, (history, q, l) => {
        const view = fold(history);
        const list = listPermissions(view, { ...q, limits: l });
        const oracle = new NaiveOracle(history);
        const plain = { scopes: l.scopes, prefix: l.resourcePrefix, expires: l.expiresAtMs };
        const allowed = permissions.filter(
          (action) =>
            oracle.decide(q.tenant, q.principal, action, q.resource, q.nowMs, plain) === 'ALLOWED',
        );
        expect(list.permissions.map((each) => each.permission)).toEqual(allowed.sort());
      }),
      runs,
    );
  });
});

function nameOf(view: AccessView, key: NonNullable<ReturnType<typeof findApiKey>>, now: number) {
  return reasonName(apiKeyStatus(view, key, now));
}
