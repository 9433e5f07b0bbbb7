import type { EndpointCall } from '#libs/access/endpoint/rule-table.js';
import type { AskedEndpoint } from '#services/authorizer/app/endpoint-ruling.js';
import { limits } from '#services/authorizer/app/limits.js';
import type { Checks } from './checks.js';
import type { WireEndpoint } from './wire/wire-question.js';

const noCall: EndpointCall = Object.freeze({ protocol: 'GRPC', method: '' });

/** A call of an endpoint. Its path is judged by the evaluation; here only what is none in any case. */
export function endpointOf(checks: Checks, wire: WireEndpoint, path: string): AskedEndpoint {
  const { api, parameters, tenant } = wire;
  checks.text(`${path}.api`, api, limits.api);
  if (tenant.length > limits.id) {
    checks.add(`${path}.tenant_id`, `must not be longer than ${limits.id} characters`);
  }
  if (parameters.size > limits.parameters) {
    checks.add(`${path}.parameters`, `must not be more than ${limits.parameters}`);
  }
  for (const [name, value] of parameters) {
    const fits = name.length <= limits.parameterName && value.length <= limits.parameter;
    if (!fits) checks.add(`${path}.parameters`, 'must not be longer than 1024 characters each');
  }
  return { tenant, api, call: callOf(checks, wire, path), parameters };
}

function callOf(checks: Checks, { call }: WireEndpoint, path: string): EndpointCall {
  switch (call?.kind) {
    case 'GRPC':
      checks.text(`${path}.grpc_method`, call.method, limits.method);
      return { protocol: 'GRPC', method: call.method };
    case 'HTTP':
      checks.text(`${path}.http.method`, call.method, limits.method);
      checks.text(`${path}.http.path`, call.path, limits.path);
      return { protocol: 'HTTP', method: call.method, path: call.path };
    case undefined:
      checks.add(`${path}.call`, 'one of grpc_method and http must be set');
      return noCall;
  }
}
