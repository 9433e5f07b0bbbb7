import type {
  DefineScopeRequest,
  ListScopesRequest,
  ListScopesResponse,
  RetireScopeRequest,
  ScopeServiceServer,
} from '#proto/ledgate/identity/v1/scope.js';
import {
  eachProblem,
  permissionPatternProblem,
} from '#services/identity/domain/names/exact-name.js';
import { freeTextProblem } from '#services/identity/domain/names/free-text.js';
import { mostScopePermissions } from '#services/identity/domain/scope/decide.js';
import { scopeNameProblem } from '#services/identity/domain/scope/scope-name.js';
import type { ScopeDocument } from '#services/identity/domain/scope/state.js';
import {
  admitted,
  resultOf,
  type Admission,
  type AdmittedCall,
} from '#services/identity/grpc/admission.js';
import { listDocuments } from '#services/identity/grpc/list-page.js';

export function scopeService(admission: Admission): ScopeServiceServer {
  return {
    defineScope: admitted(admission, setScope('DefineScope')),
    changeScope: admitted(admission, setScope('ChangeScope')),
    retireScope: admitted(admission, retireScope),
    listScopes: admitted(admission, async (request: ListScopesRequest, call) =>
      listScopes(request, call),
    ),
  };
}

function setScope(type: 'DefineScope' | 'ChangeScope') {
  return async (request: DefineScopeRequest, call: AdmittedCall) => {
    const { fields } = call;
    const head = fields.head(request.options);
    const tenant = call.tenantOf(request.tenantId);
    const given = fields.present('scope', request.scope);
    fields.check();
    const { name = '', description = '', permissions = [], consentRequired = false } = given ?? {};
    fields.add('scope.name', scopeNameProblem(name));
    fields.add('scope.description', freeTextProblem(description, 0, 256));
    if (permissions.length > mostScopePermissions) {
      fields.add('scope.permissions', `more than ${mostScopePermissions}`);
    }
    const shown = permissions.slice(0, mostScopePermissions);
    for (const [field, problem] of eachProblem(
      'scope.permissions',
      shown,
      permissionPatternProblem,
    )) {
      fields.add(field, problem);
    }
    const command = { type, scope: name, description, permissions, consentRequired };
    return { result: resultOf(await call.run({ tenant }, head, command)) };
  };
}

async function retireScope(request: RetireScopeRequest, call: AdmittedCall) {
  const head = call.fields.head(request.options);
  const tenant = call.tenantOf(request.tenantId);
  const { name } = request;
  call.fields.add('name', scopeNameProblem(name));
  const command = { type: 'RetireScope', scope: name } as const;
  return { result: resultOf(await call.run({ tenant }, head, command)) };
}

function listScopes(request: ListScopesRequest, call: AdmittedCall): ListScopesResponse {
  const tenant = call.tenantOf(request.tenantId);
  const { entries, nextPageToken } = listDocuments<ScopeDocument>(call, {
    tenant,
    kind: 'scope',
    target: { tenant },
    page: request.page,
  });
  const scopes = entries
    .filter(([, { status }]) => status === 'DEFINED')
    .map(([name, { description, permissions, consentRequired }]) => ({
      name,
      description,
      permissions: [...permissions],
      consentRequired,
    }));
  return { scopes, nextPageToken };
}
