import { EndpointProtocol, type EndpointRule } from '#proto/ledgate/identity/v1/endpoint_rule.js';

/** A rule that asks for nothing but somebody who is known. */
export function sampleRule(
  method = 'GET',
  pathTemplate = '/orders/{id}',
  over: Partial<EndpointRule> = {},
): EndpointRule {
  return {
    ruleId: '',
    protocol:
      pathTemplate === ''
        ? EndpointProtocol.ENDPOINT_PROTOCOL_GRPC
        : EndpointProtocol.ENDPOINT_PROTOCOL_HTTP,
    method,
    pathTemplate,
    allScopes: [],
    anyScopes: [],
    permission: '',
    resourceTemplate: '',
    minAcr: '',
    maxAuthAgeMs: 0n,
    credentialKinds: [],
    public: false,
    maxStalenessMs: 0n,
    ...over,
  };
}

export const sampleScope = {
  name: 'orders.view',
  description: '',
  permissions: [] as string[],
  consentRequired: false,
};
