import * as fc from 'fast-check';

const of = <T extends string>(...ids: readonly T[]) => fc.constantFrom(...ids);
const permission = of('orders:read', 'orders:write');
const scope = of('s1', 's2');
const api = fc.constant('shop');
const protocol = fc.constant('HTTP' as const);
const method = fc.constant('GET');
const none = fc.constant([]);

const scopeFacts = {
  scope,
  description: of('', 'other'),
  permissions: fc.uniqueArray(permission, { maxLength: 1 }),
  consentRequired: fc.constant(false),
};
const rule = fc.record({
  rule: of('e1', 'e2'),
  protocol,
  method,
  template: of('/{a}', '/b', '/{c}'),
  allScopes: fc.uniqueArray(scope, { maxLength: 1 }),
  anyScopes: none,
  permission,
  credentialKinds: none,
  public: fc.constant(false),
});

/** Scopes and endpoint rules of the small world: two scopes, and an API with three templates. */
export const smallRules = {
  DefineScope: scopeFacts,
  ChangeScope: scopeFacts,
  RetireScope: { scope },
  SetEndpointRule: { api, rule },
  RemoveEndpointRule: { api, protocol, method, template: of('/{a}', '/b') },
  ReplaceEndpointRules: {
    api,
    replaced: fc.constant(''),
    sourceDigest: fc.constant(''),
    rules: fc.array(rule, { maxLength: 2 }),
  },
};
