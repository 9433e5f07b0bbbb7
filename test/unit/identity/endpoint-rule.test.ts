import { describe, expect, it } from 'vitest';

import type { DomainEvent, EndpointRule } from '#libs/events/catalogue.js';
import { endpointRulesDigest } from '#libs/events/endpoint-digest.js';
import type { EndpointRuleCommand } from '#services/identity/domain/endpoint-rule/commands.js';

import { given, permission, tenant } from './scenario.js';

const read = permission('orders:read');
const scope: DomainEvent = {
  type: 'ScopeDefined',
  scope: 'orders.view',
  description: '',
  permissions: [],
  consentRequired: false,
};

function http(method: string, template: string, over: Partial<EndpointRule> = {}): EndpointRule {
  return {
    rule: `${method} ${template}`,
    protocol: 'HTTP',
    method,
    template,
    allScopes: [],
    anyScopes: [],
    permission: 'orders:read',
    credentialKinds: [],
    public: false,
    ...over,
  };
}

const grpc = http('/shop.v1.Orders/GetOrder', '', { protocol: 'GRPC' });
const order = http('GET', '/orders/{id}', { resourceTemplate: 'orders/{id}' });
const set = (rule: EndpointRule): EndpointRuleCommand => ({
  type: 'SetEndpointRule',
  api: 'shop',
  rule,
});
const wasSet = (rule: EndpointRule): DomainEvent => ({
  type: 'EndpointRuleSet',
  api: 'shop',
  rule,
});
const replace = (
  rules: readonly EndpointRule[],
  before: readonly EndpointRule[] = [],
): EndpointRuleCommand => ({
  type: 'ReplaceEndpointRules',
  api: 'shop',
  replaced: endpointRulesDigest(before),
  sourceDigest: 'file',
  rules,
});
const fields = (...names: readonly string[]) => ({ rejected: 'INVALID_ARGUMENT', fields: names });

describe('SetEndpointRule and RemoveEndpointRule', () => {
  it('set, change and remove a rule, which keeps its id', () => {
    expect(given(tenant, read).when(set(order))).toEqual({ events: [wasSet(order)] });
    const tighter = { ...order, rule: 'another', minAcr: 'urn:ledgate:acr:2' };
    expect(given(tenant, read, wasSet(order)).when(set(tighter))).toEqual({
      events: [wasSet({ ...tighter, rule: order.rule })],
    });
    const again = set({ ...order, rule: 'another' });
    expect(given(tenant, read, wasSet(order)).when(again)).toEqual({ events: [] });
    const { protocol, method, template } = order;
    const place = { api: 'shop', protocol, method, template };
    const remove = { type: 'RemoveEndpointRule', ...place } as const;
    expect(given(tenant, read, wasSet(order)).when(remove)).toEqual({
      events: [{ type: 'EndpointRuleRemoved', ...place, rule: order.rule }],
    });
    expect(given(tenant, read).when(remove)).toEqual({ rejected: 'NOT_FOUND' });
  });

  it('refuse what is malformed', () => {
    const when = (over: Partial<EndpointRule>) =>
      given(tenant, read).when(set({ ...order, ...over }));
    const templates = ['', 'orders', '/orders/', '/a//b', '/a/../b', '/a/{x', '/a/%2f', '/{x}/{x}'];
    for (const template of templates) {
      expect([template, when({ template })]).toEqual([template, fields('rule.path_template')]);
    }
    expect(when({ method: 'get' })).toEqual(fields('rule.method'));
    expect(when({ protocol: 'GRPC', template: '' })).toEqual(fields('rule.method'));
    expect(given(tenant, read).when(set({ ...grpc, template: '/x' }))).toEqual(
      fields('rule.path_template'),
    );
    expect(when({ resourceTemplate: 'orders/{id' })).toEqual(fields('rule.resource_template'));
    expect(when({ permission: undefined })).toEqual(fields('rule.resource_template'));
    expect(when({ minAcr: 'urn:other' })).toEqual(fields('rule.min_acr'));
    expect(when({ maxAuthAgeMs: 5 })).toEqual(fields('rule.max_auth_age_ms'));
    expect(when({ maxStalenessMs: 1.5 })).toEqual(fields('rule.max_staleness_ms'));
    expect(when({ public: true })).toEqual(fields('rule.public'));
    expect(when({ credentialKinds: ['API_KEY', 'API_KEY'] })).toEqual(
      fields('rule.credential_kinds[1]'),
    );
  });

  it('refuse permissions and scopes that are not defined', () => {
    const rule = { ...order, allScopes: ['orders.view'], permission: 'orders:write' };
    expect(given(tenant, read).when(set(rule))).toEqual(
      fields('rule.permission', 'rule.all_scopes[0]'),
    );
    const good = { ...rule, permission: 'orders:read' };
    expect(given(tenant, read, scope).when(set(good))).toHaveProperty('events.length', 1);
    const gone: DomainEvent = { type: 'ScopeRetired', scope: 'orders.view' };
    expect(given(tenant, read, scope, gone).when(set(good))).toEqual(fields('rule.all_scopes[0]'));
  });

  it('refuse two rules that one call could mean', () => {
    const set2 = (one: EndpointRule, other: EndpointRule) =>
      given(tenant, read, wasSet(one)).when(set(other));
    const fine = [
      [order, http('POST', '/orders/{id}')],
      [order, http('GET', '/orders/export')],
      [order, http('GET', '/orders/{id}/items')],
      [grpc, http('/shop.v1.Orders/getOrder', '', { protocol: 'GRPC' })],
    ] as const;
    for (const [one, other] of fine) expect(set2(one, other)).toHaveProperty('events.length', 1);
    const clashing = [
      [order, http('GET', '/orders/{order}')],
      [order, http('GET', '/Orders/{id}')],
      [http('GET', '/a/{x}'), http('GET', '/{y}/b')],
      [http('GET', '/orders/export'), http('GET', '/orders/EXPORT')],
    ] as const;
    for (const [one, other] of clashing) expect(set2(one, other)).toEqual(fields('rules'));
  });
});

describe('ReplaceEndpointRules', () => {
  it('replaces all at once, and ids stay with their endpoints', () => {
    const next = [{ ...order, rule: 'new id' }, grpc];
    const kept = [order, grpc];
    expect(given(tenant, read).when(replace(kept))).toEqual({
      events: [{ type: 'EndpointRulesReplaced', api: 'shop', sourceDigest: 'file', rules: kept }],
    });
    expect(given(tenant, read, wasSet(order)).when(replace(next, [order]))).toHaveProperty(
      'events.0.rules',
      kept,
    );
    expect(given(tenant, read, wasSet(order)).when(replace([], [order]))).toHaveProperty(
      'events.0.rules',
      [],
    );
    expect(given(tenant, read, wasSet(order)).when(replace([order], [order]))).toEqual({
      events: [],
    });
  });

  it('refuses when the rules are not those that the caller saw', () => {
    const other = http('GET', '/other');
    expect(given(tenant, read, wasSet(order)).when(replace([grpc], [other]))).toEqual({
      rejected: 'WRONG_STATE',
    });
    expect(given(tenant, read, wasSet(order)).when(replace([grpc]))).toEqual({
      rejected: 'WRONG_STATE',
    });
    // Order and ids are not what was seen.
    const sameInOther = [{ ...order, rule: 'x' }];
    expect(given(tenant, read, wasSet(order)).when(replace([grpc], sameInOther))).toHaveProperty(
      'events.length',
      1,
    );
  });

  it('refuses more than a record holds, and clashes within', () => {
    const many = Array.from({ length: 2_000 }, (_, at) =>
      http('GET', `/things/number-${at}/{id}`, { resourceTemplate: 'things/{id}' }),
    );
    expect(given(tenant, read).when(replace(many))).toEqual({ rejected: 'LIMIT_REACHED' });
    const fits = many.slice(0, 1_000);
    expect(given(tenant, read).when(replace(fits))).toHaveProperty('events.length', 1);
    const named = Array.from({ length: 201 }, (_, at) =>
      http('GET', `/${at}`, {
        permission: `p:${at}`,
      }),
    );
    expect(given(tenant, read).when(replace(named))).toEqual({ rejected: 'LIMIT_REACHED' });
    expect(given(tenant, read).when(replace([order, { ...order }]))).toEqual(fields('rules'));
  });
});
