import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { checkRule, findRule, type EndpointCaller } from '#libs/access/evaluate/endpoint.js';
import { nothing, scopePatterns } from '#libs/access/evaluate/scope-limits.js';
import { unlimited } from '#libs/access/projection/api-key.js';
import type { AccessView } from '#libs/access/projection/access-view.js';
import { ALLOW, reasonName } from '#libs/access/reason-code.js';
import { ViewReader, ViewWriter } from '#libs/access/snapshot/view-snapshot.js';
import { canonicalLines } from '#libs/access/canonical-lines.js';
import type { DomainEvent, EndpointCredential, EndpointRule } from '#libs/events/catalogue.js';
import { keyHash } from '#libs/events/keys.js';

import { given, grant, permission, principal, role, tenant } from './given.js';

const nowMs = 1_000_000;
const one = '01890a5d-ac96-774b-bcce-b302099a8057';

function rule(over: Partial<EndpointRule> = {}): EndpointRule {
  return {
    rule: 'r1',
    protocol: 'HTTP',
    method: 'GET',
    template: '/orders/{id}',
    allScopes: [],
    anyScopes: [],
    permission: 'orders:read',
    resourceTemplate: 'orders/{id}',
    credentialKinds: [],
    public: false,
    ...over,
  };
}
const set = (one: EndpointRule, api = 'shop'): DomainEvent => ({
  type: 'EndpointRuleSet',
  api,
  rule: one,
});
const scope = (name: string, ...permissions: readonly string[]): DomainEvent => ({
  type: 'ScopeDefined',
  scope: name,
  description: '',
  permissions,
  consentRequired: false,
});
const world: readonly DomainEvent[] = [
  tenant,
  principal(one),
  permission('orders:read'),
  permission('orders:write'),
  role('clerk', ['orders:read']),
  grant(one, 'clerk', 'orders'),
  scope('view', 'orders:read'),
  scope('all', 'orders:*'),
  scope('nothing'),
];

function callerOf(view: AccessView, over: Partial<EndpointCaller> = {}): EndpointCaller {
  const scopes = over.scopes ?? [];
  const patterns = scopePatterns(view, view.findTenant('t'), scopes) ?? nothing;
  return {
    row: view.principalRow('t', one),
    kind: 'ACCESS_TOKEN',
    scopes,
    limits: { ...unlimited, scopes: patterns },
    acr: 'urn:ledgate:acr:1',
    authTimeMs: nowMs,
    ...over,
  };
}

function ask(view: AccessView, path: string, over: Partial<EndpointCaller> = {}): string {
  const call = { protocol: 'HTTP', method: 'GET', path } as const;
  const question = { api: 'shop', call, parameters: new Map<string, string>() };
  const found = findRule(view, view.findTenant('t'), question);
  if (found.rule === undefined) return reasonName(found.code);
  const { resource, rule: of } = found;
  return reasonName(checkRule(view, { rule: of, resource }, callerOf(view, over), nowMs).code);
}

const kinds = fc.constantFrom<EndpointCredential[]>('ACCESS_TOKEN', 'API_KEY', 'SESSION');
const words = ['view', 'all', 'nothing', 'orders:read', 'orders:write', 'openid'];
const anyRule = fc.record({
  template: fc.constantFrom('/orders/{id}', '/orders/export', '/{any}'),
  allScopes: fc.subarray(['view', 'all']),
  anyScopes: fc.subarray(['view', 'nothing']),
  permission: fc.constantFrom(undefined, 'orders:read', 'orders:write', 'orders:gone'),
  resourceTemplate: fc.constantFrom('orders/{id}', 'orders', undefined),
  minAcr: fc.constantFrom(undefined, 'urn:ledgate:acr:1', 'urn:ledgate:acr:2'),
  maxAuthAgeMs: fc.constantFrom(undefined, 1_000, 60_000),
  credentialKinds: fc.subarray<EndpointCredential>(['ACCESS_TOKEN', 'API_KEY']),
});
const anyCaller = fc.record({
  kind: kinds,
  scopes: fc.subarray(words),
  acr: fc.constantFrom('', 'urn:ledgate:acr:1', 'urn:ledgate:acr:2'),
  authTimeMs: fc.constantFrom(Number.NaN, nowMs - 2_000, nowMs),
});
const path = fc.constantFrom('/orders/17', '/orders/export', '/x', '/orders/', '/Orders/17');

describe('what a rule asks of its caller', () => {
  it('scopes only narrow: who is allowed with them is allowed without', () => {
    let [allowed, refused] = [0, 0];
    fc.assert(
      fc.property(anyRule, anyCaller, path, (over, caller, text) => {
        const view = given(...world, set(rule(over)));
        const [withScopes, without] = [
          ask(view, text, caller),
          ask(view, text, { ...caller, scopes: [] }),
        ];
        const allows = withScopes === 'ALLOWED';
        if (allows) allowed += 1;
        expect([over, caller, allows ? without : 'ALLOWED']).toEqual([over, caller, 'ALLOWED']);
        if (withScopes === 'SCOPE_INSUFFICIENT' && without === 'ALLOWED') refused += 1;
      }),
      { numRuns: 2_000 },
    );
    expect([allowed > 10, refused > 10]).toEqual([true, true]);
  });

  it('never allows more than the roles do, whatever the scopes', () => {
    fc.assert(
      fc.property(anyCaller, (caller) => {
        const write = given(...world, set(rule({ permission: 'orders:write' })));
        expect(ask(write, '/orders/17', caller)).not.toBe('ALLOWED');
      }),
    );
  });

  it('the order in which rules were set does not matter', () => {
    const templates = ['/orders/{id}', '/orders/export', '/{any}', '/{any}/{two}/x'];
    fc.assert(
      fc.property(fc.shuffledSubarray(templates), anyCaller, path, (order, caller, text) => {
        const events = order.map((template) =>
          set(rule({ template, rule: template, resourceTemplate: undefined })),
        );
        const forwards = given(...world, ...events);
        const backwards = given(...world, ...events.toReversed());
        expect(ask(backwards, text, caller)).toBe(ask(forwards, text, caller));
      }),
    );
  });

  it('a stronger or newer authentication never loses anything', () => {
    fc.assert(
      fc.property(anyRule, anyCaller, path, (over, caller, text) => {
        const view = given(...world, set(rule(over)));
        const strong = { ...caller, acr: 'urn:ledgate:acr:2', authTimeMs: nowMs };
        const [weak, best] = [ask(view, text, caller), ask(view, text, strong)];
        expect([weak, weak === 'ALLOWED' ? best : 'ALLOWED']).toEqual([weak, 'ALLOWED']);
        expect(best).not.toBe('STEP_UP_REQUIRED');
      }),
    );
  });

  it('stands until the authentication is too old', () => {
    const view = given(...world, set(rule({ maxAuthAgeMs: 60_000 })));
    const call = { protocol: 'HTTP', method: 'GET', path: '/orders/17' } as const;
    const found = findRule(view, view.findTenant('t'), {
      api: 'shop',
      call,
      parameters: new Map(),
    });
    const judged = (at: number) =>
      checkRule(view, { rule: found.rule!, resource: found.resource }, callerOf(view), at);
    const { code, validUntilMs } = judged(nowMs);
    expect([code, validUntilMs]).toEqual([ALLOW, nowMs + 60_001]);
    expect(judged(validUntilMs - 1).code).toBe(ALLOW);
    expect(judged(validUntilMs)).toMatchObject({ obligation: { acr: '', maxAgeMs: 60_000 } });
  });
});

describe('scopes of a token', () => {
  const patternsOf = (view: AccessView, ...scopes: readonly string[]) =>
    scopePatterns(view, view.findTenant('t'), scopes);

  it('come to the patterns that the tenant gave them, and else to what they say', () => {
    const view = given(...world);
    expect(patternsOf(view)).toEqual([]);
    expect(patternsOf(view, 'view')).toEqual(['orders:read']);
    expect(patternsOf(view, 'all', 'view', 'openid')).toEqual(['orders:*', 'orders:read']);
    expect(patternsOf(view, 'users:read', '*')).toEqual(['users:read', '*']);
    for (const words of [['openid'], ['nothing'], ['none*'], ['unknown', 'profile']]) {
      expect(patternsOf(view, ...words)).toBe(nothing);
    }
  });

  it('change with the scopes, also of words that were resolved before', () => {
    const view = given(...world);
    const words = ['view'];
    const resolved = () => scopePatterns(view, view.findTenant('t'), words);
    expect(resolved()).toEqual(['orders:read']);
    expect(resolved()).toBe(resolved());
    const ctx = { tenant: 't', actor: { tenant: 't', principal: 'a' }, atMs: 0, reason: '' };
    const changed = { ...scope('view', 'orders:write'), type: 'ScopeChanged' } as DomainEvent;
    view.apply(changed, { ...ctx, position: view.position + 1 });
    expect(resolved()).toEqual(['orders:write']);
    view.apply({ type: 'ScopeRetired', scope: 'view' }, { ...ctx, position: view.position + 1 });
    expect(resolved()).toBe(nothing);
  });

  it('cannot be told while a record about them could not be read', () => {
    const view = given(...world);
    view.quarantine([keyHash('t', 'scope', 'view')]);
    expect(patternsOf(view, 'view')).toBeUndefined();
    expect(patternsOf(view, 'all')).toEqual(['orders:*']);
  });
});

describe('rules in the view', () => {
  it('are closed while a record about their API could not be read', () => {
    const view = given(...world, set(rule()), set(rule(), 'other'));
    view.quarantine([keyHash('t', 'api', 'shop')]);
    expect(ask(view, '/orders/17')).toBe('QUARANTINED');
  });

  it('are replaced, removed and set, and survive a snapshot', () => {
    const replaced: DomainEvent = {
      type: 'EndpointRulesReplaced',
      api: 'shop',
      sourceDigest: 'd',
      rules: [rule(), rule({ rule: 'r2', template: '/hours', public: true })],
    };
    const removed: DomainEvent = {
      type: 'EndpointRuleRemoved',
      api: 'shop',
      rule: 'r2',
      protocol: 'HTTP',
      method: 'GET',
      template: '/hours',
    };
    const view = given(...world, set(rule({ rule: 'r0', template: '/old' })), replaced, removed);
    expect(ask(view, '/old')).toBe('ENDPOINT_UNKNOWN');
    expect(ask(view, '/hours')).toBe('ENDPOINT_UNKNOWN');
    expect(ask(view, '/orders/17')).toBe('ALLOWED');
    const writer = new ViewWriter(view);
    writer.run();
    const reader = new ViewReader(Buffer.concat(writer.chunks), keyHash);
    reader.run();
    const loaded = reader.view;
    expect([...canonicalLines(loaded, 0)]).toEqual([...canonicalLines(view, 0)]);
    expect(ask(loaded, '/orders/17')).toBe('ALLOWED');
    expect(ask(loaded, '/orders/17', { scopes: ['view'] })).toBe('ALLOWED');
    expect(ask(loaded, '/orders/17', { scopes: ['nothing'] })).toBe('SCOPE_INSUFFICIENT');
  });
});
