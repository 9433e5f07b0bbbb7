import { endpointRulesDigest } from '#libs/events/endpoint-digest.js';
import type {
  EndpointRuleServiceServer,
  ListApisRequest,
  ListApisResponse,
  ListEndpointRulesRequest,
  ListEndpointRulesResponse,
  RemoveEndpointRuleRequest,
  ReplaceEndpointRulesRequest,
  SetEndpointRuleRequest,
} from '#proto/ledgate/identity/v1/endpoint_rule.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import {
  apis,
  isSamePlace,
  type ApiDocument,
} from '#services/identity/domain/endpoint-rule/state.js';
import { exactNameProblem } from '#services/identity/domain/names/exact-name.js';
import {
  admitted,
  resultOf,
  type Admission,
  type AdmittedCall,
} from '#services/identity/grpc/admission.js';
import { readPlace, readRule, ruleMessage } from '#services/identity/grpc/endpoint-rule-message.js';
import { listDocuments } from '#services/identity/grpc/list-page.js';

const sha256Text = /^[\w-]{43}$/u;
/** Rules of one request that are looked at one by one; more never fit into a record. */
const mostRules = 4_096;

export function endpointRuleService(admission: Admission): EndpointRuleServiceServer {
  return {
    setEndpointRule: admitted(admission, setRule),
    removeEndpointRule: admitted(admission, removeRule),
    replaceEndpointRules: admitted(admission, replaceRules),
    listEndpointRules: admitted(admission, async (request: ListEndpointRulesRequest, call) =>
      listRules(request, call),
    ),
    listApis: admitted(admission, async (request: ListApisRequest, call) =>
      listApis(request, call),
    ),
  };
}

async function setRule(request: SetEndpointRuleRequest, call: AdmittedCall) {
  const { head, tenant, api } = onApi(request, call);
  const given = call.fields.present('rule', request.rule);
  if (given === undefined) call.fields.check();
  if (given === undefined) throw new TypeError('a rule was lost');
  const rule = readRule(call.fields, given, 'rule.', call.parts.ids.uuid());
  const command = { type: 'SetEndpointRule', api, rule } as const;
  const result = resultOf(await call.run({ tenant, api }, head, command));
  const now = rulesOf(call, tenant, api).rules.find((one) => isSamePlace(one, rule));
  return { result, ruleId: now?.rule ?? rule.rule };
}

async function removeRule(request: RemoveEndpointRuleRequest, call: AdmittedCall) {
  const { head, tenant, api } = onApi(request, call);
  const command = { type: 'RemoveEndpointRule', api, ...readPlace(call.fields, request) } as const;
  return { result: resultOf(await call.run({ tenant, api }, head, command)) };
}

async function replaceRules(request: ReplaceEndpointRulesRequest, call: AdmittedCall) {
  const { head, tenant, api } = onApi(request, call);
  const { fields, parts } = call;
  const { replacedDigest: replaced, sourceDigest } = request;
  for (const [field, text] of [
    ['replaced_digest', replaced],
    ['source_digest', sourceDigest],
  ] as const) {
    if (text !== '' && !sha256Text.test(text)) fields.add(field, 'is not a SHA-256 in base64url');
  }
  if (request.rules.length > mostRules) fields.add('rules', `more than ${mostRules}`);
  const rules = request.rules
    .slice(0, mostRules)
    .map((given, i) => readRule(fields, given, `rules[${i}].`, parts.ids.uuid()));
  const command = { type: 'ReplaceEndpointRules', api, replaced, sourceDigest, rules } as const;
  const result = resultOf(await call.run({ tenant, api }, head, command));
  return { result, digest: endpointRulesDigest(rules) };
}

function listRules(
  request: ListEndpointRulesRequest,
  call: AdmittedCall,
): ListEndpointRulesResponse {
  const tenant = call.tenantOf(request.tenantId);
  const { api } = request;
  call.fields.add('api', exactNameProblem(api));
  call.permitRead({ tenant, api });
  const { rules, sourceDigest } = rulesOf(call, tenant, api);
  const digest = endpointRulesDigest(rules);
  return { rules: rules.map(ruleMessage), digest, sourceDigest };
}

function listApis(request: ListApisRequest, call: AdmittedCall): ListApisResponse {
  const tenant = call.tenantOf(request.tenantId);
  const { entries, nextPageToken } = listDocuments<ApiDocument>(call, {
    tenant,
    kind: 'api',
    target: { tenant },
    page: request.page,
  });
  const found = entries.map(([name, { rules, sourceDigest }]) => {
    return { name, rules: rules.length, digest: endpointRulesDigest(rules), sourceDigest };
  });
  return { apis: found, nextPageToken };
}

function rulesOf(call: AdmittedCall, tenant: string, api: string): ApiDocument {
  const found = apis.read(documentsOf(call.parts.ledger.state), tenant, api);
  return found ?? { rules: [], sourceDigest: '' };
}

function onApi(
  request: Pick<SetEndpointRuleRequest, 'options' | 'tenantId' | 'api'>,
  call: AdmittedCall,
) {
  const head = call.fields.head(request.options);
  const tenant = call.tenantOf(request.tenantId);
  call.fields.add('api', exactNameProblem(request.api));
  return { head, tenant, api: request.api };
}
