import { expect } from 'vitest';
import { EndpointRuleServiceService as Rules } from '#proto/ledgate/identity/v1/endpoint_rule.js';
import { ScopeServiceService as Scopes } from '#proto/ledgate/identity/v1/scope.js';
import type { World } from './running-identity.js';
import { sampleRule, sampleScope } from './sample-rule.js';

/** Every method about scopes and endpoint rules, once, as it is meant. */
export async function everyRule(call: World['call'], admin: string): Promise<void> {
  await call(Scopes.defineScope, { scope: sampleScope }, admin);
  const changed = { ...sampleScope, description: 'See orders', consentRequired: true };
  await call(Scopes.changeScope, { scope: changed }, admin);
  expect((await call(Scopes.listScopes, {}, admin)).scopes).toEqual([changed]);
  const rule = sampleRule('GET', '/orders/{id}', { allScopes: ['orders.view'] });
  const { ruleId } = await call(Rules.setEndpointRule, { api: 'shop', rule }, admin);
  const listed = await call(Rules.listEndpointRules, { api: 'shop' }, admin);
  expect(listed.rules).toEqual([{ ...rule, ruleId }]);
  const file = 'x'.repeat(43);
  const more = [rule, sampleRule('/shop.v1.Orders/Get', '')];
  const replaced = await call(
    Rules.replaceEndpointRules,
    { api: 'shop', replacedDigest: listed.digest, sourceDigest: file, rules: more },
    admin,
  );
  const { digest } = replaced;
  const { apis } = await call(Rules.listApis, {}, admin);
  expect(apis).toEqual([{ name: 'shop', rules: 2, digest, sourceDigest: file }]);
  const { protocol, method, pathTemplate } = rule;
  const place = { protocol, method, pathTemplate };
  await call(Rules.removeEndpointRule, { api: 'shop', ...place }, admin);
  const rest = await call(Rules.listEndpointRules, { api: 'shop' }, admin);
  expect(rest).toMatchObject({ rules: [{ method: '/shop.v1.Orders/Get' }], sourceDigest: '' });
  await call(Scopes.retireScope, { name: 'orders.view' }, admin);
  expect((await call(Scopes.listScopes, {}, admin)).scopes).toEqual([]);
}
