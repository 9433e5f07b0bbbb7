import { EndpointRuleServiceService as Rules } from '#proto/ledgate/identity/v1/endpoint_rule.js';
import { ScopeServiceService as Scopes } from '#proto/ledgate/identity/v1/scope.js';
import { badNames, badPatterns, ofPage, type Bad, type Row } from './bad-values.js';
import { sampleRule, sampleScope } from './sample-rule.js';

const badScopes = ['', 'Orders', 'a b', 'a"b', 'é', '-a', 'x'.repeat(129)];
const ofScope: readonly Bad[] = [
  ['scope', [undefined]],
  ['scope', badScopes.map((name) => ({ ...sampleScope, name })), 'scope.name'],
  ['scope', [{ ...sampleScope, description: 'x'.repeat(257) }], 'scope.description'],
  [
    'scope',
    badPatterns.map((permissions) => ({ ...sampleScope, permissions })),
    'scope.permissions',
  ],
];
const ofApi: Bad = ['api', badNames];

const badTemplates = ['', 'orders', '/orders/', '/a//b', '/..', '/{', '/{a}/{a}', '/%2f', '/a?b'];
const rule = (field: string, ...values: readonly Parameters<typeof sampleRule>[2][]): Bad => [
  'rule',
  values.map((over) => sampleRule('GET', '/orders/{id}', over)),
  `rule.${field}`,
];
const wholeRules: readonly Bad[] = [
  ['rule', [undefined]],
  rule('protocol', { protocol: 0 }, { protocol: 3 as never }),
  rule('method', { method: '' }, { method: 'get' }, { method: 'GET ' }),
  rule('path_template', ...badTemplates.map((pathTemplate) => ({ pathTemplate }))),
  rule('all_scopes', { allScopes: ['A'] }, { allScopes: ['a', 'a'] }),
  rule('any_scopes', { anyScopes: Array.from({ length: 21 }, (_, at) => `s${at}`) }),
  rule('permission', { permission: 'orders' }, { permission: 'orders:*' }),
  rule('resource_template', { permission: 'a:b', resourceTemplate: 'a/../b' }),
  rule('resource_template', { resourceTemplate: 'orders' }),
  rule('min_acr', { minAcr: 'urn:ledgate:acr:3' }),
  rule('max_auth_age_ms', { maxAuthAgeMs: -1n }, { maxAuthAgeMs: 999n }),
  rule('max_staleness_ms', { maxStalenessMs: 999n }, { maxStalenessMs: 900_001n }),
  rule('credential_kinds', { credentialKinds: [0] }, { credentialKinds: [1, 1] }),
  rule('public', { public: true, minAcr: 'urn:ledgate:acr:1' }),
];
const place = { protocol: 2, method: 'GET', pathTemplate: '/orders/{id}' };

/** Scopes and endpoint rules. */
export const endpointRows: readonly Row[] = [
  { method: Scopes.defineScope, base: { scope: sampleScope }, bad: ofScope },
  { method: Scopes.changeScope, base: { scope: sampleScope }, bad: ofScope },
  { method: Scopes.retireScope, base: { name: 'orders.view' }, bad: [['name', badScopes]] },
  { method: Scopes.listScopes, base: {}, bad: ofPage },
  {
    method: Rules.setEndpointRule,
    base: { api: 'shop', rule: sampleRule() },
    bad: [ofApi, ...wholeRules],
  },
  {
    method: Rules.removeEndpointRule,
    base: { api: 'shop', ...place },
    bad: [
      ofApi,
      ['protocol', [0, 9]],
      ['method', ['', 'get']],
      ['pathTemplate', badTemplates, 'path_template'],
    ],
  },
  {
    method: Rules.replaceEndpointRules,
    base: { api: 'shop', rules: [] },
    bad: [
      ofApi,
      ['replacedDigest', ['x', 'x'.repeat(44)], 'replaced_digest'],
      ['sourceDigest', ['x', '='.repeat(43)], 'source_digest'],
      ['rules', [[sampleRule(), sampleRule('get')]], 'rules[1].method'],
      ['rules', [[sampleRule('GET', '/{a}'), sampleRule('GET', '/{b}')]]],
    ],
  },
  { method: Rules.listEndpointRules, base: { api: 'shop' }, bad: [ofApi] },
  { method: Rules.listApis, base: {}, bad: ofPage },
];
