import { Failure } from '#libs/errors/failure.js';
import { systemTenant } from '#libs/events/envelope.js';
import { signingAlgorithm, toJwks } from '#libs/tokens/keys.js';
import {
  RevocationScope,
  type IntrospectTokenRequest,
  type IssueTokenRequest,
  type IssueTokenResponse,
  type ListSigningKeysRequest,
  type ListSigningKeysResponse,
  type LoginRequest,
  type RefreshTokenRequest,
  type RemoveSigningKeyRequest,
  type RevokeTokenRequest,
  type RevokeTokensRequest,
  type RotateSigningKeyRequest,
  type TokenServiceServer,
  type VerifyPasswordRequest,
  type VerifyPasswordResponse,
} from '#proto/ledgate/identity/v1/token.js';
import { issueServiceToken, issueToken } from '#services/identity/app/access-tokens.js';
import { documentsOf, type PasswordAccount } from '#services/identity/app/accounts.js';
import { needsSecondFactor } from '#services/identity/app/login/account-factors.js';
import { factorPolicy } from '#services/identity/domain/factor/policy.js';
import { executedEvent } from '#services/identity/app/executed-event.js';
import { execute, requireFresh } from '#services/identity/app/identity-parts.js';
import { denied } from '#services/identity/app/permit.js';
import { rehashPassword } from '#services/identity/app/passwords.js';
import { issueSessionTokens } from '#services/identity/app/session-tokens.js';
import { findSessionById } from '#services/identity/app/sessions.js';
import { credentialsRejected, verifyPassword } from '#services/identity/app/verify-password.js';
import {
  eachProblem,
  permissionPatternProblem,
} from '#services/identity/domain/names/exact-name.js';
import { scopeNameProblem } from '#services/identity/domain/scope/scope-name.js';
import {
  admitted,
  open,
  resultOf,
  type Admission,
  type AdmittedCall,
  type OpenCall,
} from '#services/identity/grpc/admission.js';
import { TokenLifecycle } from '#services/identity/grpc/token-lifecycle.js';
import { typedNameField, typedPasswordField } from '#services/identity/grpc/name-fields.js';

const MOST_SCOPES = 50;
const MINUTE_MS = 60_000;
/** Longest life of a token: so long a key that no longer signs must verify. */
const LONGEST_TTL_MS = 60 * MINUTE_MS;

const scopes = new Map<number, 'PRINCIPAL' | 'TENANT' | 'ALL'>([
  [RevocationScope.REVOCATION_SCOPE_PRINCIPAL, 'PRINCIPAL'],
  [RevocationScope.REVOCATION_SCOPE_TENANT, 'TENANT'],
  [RevocationScope.REVOCATION_SCOPE_ALL, 'ALL'],
]);

export function tokenService(admission: Admission): TokenServiceServer {
  const lifecycle = new TokenLifecycle(admission);
  return {
    login: open(admission, login),
    issueToken: admitted(admission, issue),
    refreshToken: open(admission, (request: RefreshTokenRequest, call) =>
      lifecycle.refresh(request, call),
    ),
    revokeToken: open(admission, (request: RevokeTokenRequest, call) =>
      lifecycle.revoke(request, call),
    ),
    introspectToken: admitted(admission, (request: IntrospectTokenRequest, call) =>
      lifecycle.introspect(request, call),
    ),
    revokeTokens: admitted(admission, revokeTokens),
    verifyPassword: admitted(admission, verify),
    getJwks: open(admission, async (_, call) => getJwks(call)),
    listSigningKeys: admitted(admission, async (_: ListSigningKeysRequest, call) =>
      listSigningKeys(call),
    ),
    rotateSigningKey: admitted(admission, rotateSigningKey),
    removeSigningKey: admitted(admission, onSigningKey('RemoveSigningKey')),
    compromiseSigningKey: admitted(admission, onSigningKey('CompromiseSigningKey')),
  };
}

async function login(request: LoginRequest, call: OpenCall) {
  const { parts, fields, context } = call;
  const { tenant, loginName, password, audience } = request;
  if (tenant === '') fields.add('tenant', 'must not be empty');
  fields.bounded('tenant', tenant, 64);
  typedNameField(call, 'login_name', loginName);
  typedPasswordField(call, 'password', password);
  audienceField(call, audience);
  scopesField(call, request.scopes);
  fields.check();
  const verified = await verifyPassword(parts, {
    tenant,
    account: { loginName },
    password,
    source: call.source,
    signal: context.signal,
  });
  if (verified === undefined) throw credentialsRejected();
  if (verified.outdated) {
    rehashPassword(parts, verified, password).catch((error: unknown) =>
      context.log.warn({ err: error }, 'a password could not be hashed again'),
    );
  }
  const { principal } = verified;
  if (needsSecondFactor(documentsOf(parts.ledger.state), verified.tenant, principal)) {
    throw new Failure(
      'SECOND_FACTOR_REQUIRED',
      'this account needs a second factor: log in by LoginService.StartLogin',
    );
  }
  if (verified.secret.mustChange) {
    return { accessToken: '', expiresAtMs: 0n, principalId: principal, mustChangePassword: true };
  }
  const token = await issueToken(parts, {
    tenant: verified.tenant,
    principal,
    audience,
    scopes: request.scopes,
    amr: ['pwd'],
    authPosition: verified.position,
    credential: verified.credential,
  });
  return {
    accessToken: token.accessToken,
    expiresAtMs: BigInt(token.expiresAtMs),
    principalId: principal,
    mustChangePassword: false,
  };
}

async function issue(request: IssueTokenRequest, call: AdmittedCall): Promise<IssueTokenResponse> {
  const { audience, ttlMs } = request;
  audienceField(call, audience);
  scopesField(call, request.scopes);
  const given =
    ttlMs === 0n ? undefined : call.fields.duration('ttl_ms', ttlMs, MINUTE_MS, LONGEST_TTL_MS);
  call.permitRead({ tenant: call.caller.tenant, principal: call.caller.principal });
  const wanted = { audience, scopes: request.scopes, ttlMs: given };
  const { credential, tenant } = call.caller;
  if (credential.kind === 'SESSION') {
    const session = findSessionById(call.parts, tenant, credential.session);
    if (session === undefined) throw denied();
    const tokens = await issueSessionTokens(call.parts, session, wanted, request.withRefreshToken);
    return { ...tokens, expiresAtMs: BigInt(tokens.expiresAtMs) };
  }
  if (request.withRefreshToken) {
    throw new Failure('PERMISSION_DENIED', 'only a session gets a refresh token');
  }
  const token = await issueServiceToken(call.parts, call.caller, wanted);
  return { ...token, expiresAtMs: BigInt(token.expiresAtMs), refreshToken: '' };
}

async function revokeTokens(request: RevokeTokensRequest, call: AdmittedCall) {
  const { fields, caller } = call;
  const head = fields.head(request.options);
  const scope = fields.choice('scope', request.scope, scopes, 'PRINCIPAL');
  const tenant = scope === 'ALL' ? systemTenant : call.tenantOf(request.tenantId);
  const { principalId } = request;
  if (scope === 'PRINCIPAL') fields.id('principal_id', principalId);
  else if (principalId !== '') fields.add('principal_id', 'only with the scope of a principal');
  const principal = scope === 'PRINCIPAL' ? principalId : undefined;
  const own = tenant === caller.tenant && principal === caller.principal;
  const id = { PRINCIPAL: principalId, TENANT: tenant, ALL: '' }[scope];
  const cause = own ? 'OWNER' : 'ADMIN';
  const hitsCaller = own || scope === 'ALL' || (scope === 'TENANT' && tenant === caller.tenant);
  const guard = (): void => {
    // A whole tenant has administrators in it.
    if (scope === 'PRINCIPAL') call.guard.mayGovern(caller, tenant, principalId);
    else call.guard.requireAdmin(caller);
    if (hitsCaller) call.guard.mayRevokeOwn(caller);
  };
  const command = { type: 'RaiseWatermark', scope, id, cause } as const;
  return { result: resultOf(await call.run({ tenant, principal }, head, command, guard)) };
}

/** For authorizers, which answer HTTP Basic. They brake their own callers by source. */
async function verify(
  request: VerifyPasswordRequest,
  call: AdmittedCall,
): Promise<VerifyPasswordResponse> {
  const { tenant, username, password } = request;
  if (tenant === '') call.fields.add('tenant', 'must not be empty');
  call.fields.bounded('tenant', tenant, 64);
  typedNameField(call, 'username', username);
  typedPasswordField(call, 'password', password);
  call.permitRead({ tenant: systemTenant });
  const verified = await verifyPassword(call.parts, {
    tenant,
    account: { loginName: username },
    password,
    source: undefined,
    signal: call.context.signal,
  });
  const alone = verified !== undefined && passwordIsEnough(call, verified);
  if (verified === undefined || verified.secret.mustChange || !alone) {
    return { verified: false, principalId: '', credentialId: '', version: 0n, tenantId: '' };
  }
  const { principal, credential, version } = verified;
  return {
    verified: true,
    principalId: principal,
    credentialId: credential,
    version: BigInt(version),
    tenantId: verified.tenant,
  };
}

/** HTTP Basic has no room for a second factor: an account that needs one is refused by default. */
function passwordIsEnough({ parts }: AdmittedCall, account: PasswordAccount): boolean {
  const { tenant, principal } = account;
  const view = documentsOf(parts.ledger.state);
  const relaxed = factorPolicy(view, tenant).basicWithoutFactor === true;
  return relaxed || !needsSecondFactor(view, tenant, principal);
}

function getJwks(call: OpenCall): { jwksJson: string } {
  requireFresh(call.parts);
  const keys = [...call.parts.ledger.fold.view.signingKeys.values()].filter(
    ({ issuer, status, retireAfterMs }) =>
      issuer === call.parts.issuer &&
      (status === 'PUBLISHED' ||
        status === 'ACTIVE' ||
        (status === 'RETIRING' && retireAfterMs > call.nowMs)),
  );
  return { jwksJson: toJwks(keys.map((key) => key.publicJwk)) };
}

function listSigningKeys(call: AdmittedCall): ListSigningKeysResponse {
  call.permitRead({ tenant: systemTenant });
  const keys = [...call.parts.ledger.fold.view.signingKeys.values()];
  return {
    keys: keys.map(({ kid, algorithm, status, publicJwk }) => ({
      kid,
      algorithm,
      status,
      publicJwk,
    })),
  };
}

async function rotateSigningKey(request: RotateSigningKeyRequest, call: AdmittedCall) {
  const { fields, parts } = call;
  const head = fields.head(request.options);
  const algorithm = request.algorithm === '' ? 'EdDSA' : signingAlgorithm(request.algorithm);
  if (algorithm === undefined) fields.add('algorithm', 'must be EdDSA, ES256 or RS256');
  const command = call.permitCommand({ tenant: systemTenant }, head);
  const key = await parts.signingKeys.create(algorithm ?? 'EdDSA');
  const executed = await execute(parts, command, {
    type: 'RotateSigningKey',
    ...key,
    issuer: parts.issuer,
    retireAfterMs: call.nowMs + LONGEST_TTL_MS + MINUTE_MS,
  });
  const { kid } = executedEvent(executed.events, 'SigningKeyPublished');
  return { result: resultOf(executed), kid };
}

function onSigningKey(type: 'RemoveSigningKey' | 'CompromiseSigningKey') {
  return async (request: RemoveSigningKeyRequest, call: AdmittedCall) => {
    const head = call.fields.head(request.options);
    const kid = call.fields.text('kid', request.kid, 1, 100);
    return { result: resultOf(await call.run({ tenant: systemTenant }, head, { type, kid })) };
  };
}

function audienceField(call: OpenCall, audience: string): void {
  if (audience !== '' && !call.parts.audiences.includes(audience)) {
    call.fields.add('audience', 'is not an audience of this cluster');
  }
}

function scopesField(call: OpenCall, given: readonly string[]): void {
  if (given.length > MOST_SCOPES) call.fields.add('scopes', `more than ${MOST_SCOPES}`);
  const shown = given.slice(0, MOST_SCOPES);
  for (const [field, problem] of eachProblem('scopes', shown, scopeProblem)) {
    call.fields.add(field, problem);
  }
}

/** A permission, a pattern, or a scope of the tenant; a word that is none of them allows nothing. */
function scopeProblem(text: string): string | undefined {
  const asPattern = permissionPatternProblem(text);
  return asPattern === undefined || scopeNameProblem(text) === undefined ? undefined : asPattern;
}
