import { callerCredential } from '#libs/grpc/caller-credential.js';
import type {
  ListExternalIdentitiesRequest,
  ListUpstreamProvidersRequest,
  RemoveUpstreamProviderRequest,
  SetUpstreamProviderRequest,
  UnlinkExternalIdentityRequest,
  UpstreamProvider,
  UpstreamServiceServer,
} from '#proto/ledgate/identity/v1/upstream.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import { factorOwner } from '#services/identity/app/factors/factor-owner.js';
import { noticeTo } from '#services/identity/app/login/security-notice.js';
import { upstreamRedirectUri } from '#services/identity/app/upstream/begin-upstream.js';
import { setUpstream } from '#services/identity/app/upstream/providers.js';
import { tenants } from '#services/identity/domain/tenant/state.js';
import {
  isUsable,
  linksHeld,
  type UpstreamDocument,
} from '#services/identity/domain/upstream/state.js';
import {
  admitted,
  resultOf,
  type Admission,
  type AdmittedCall,
} from '#services/identity/grpc/admission.js';
import { listDocuments, listIds } from '#services/identity/grpc/list-page.js';

const MOST_SCOPES = 20;
const MOST_VALUES = 10;

export function upstreamService(admission: Admission): UpstreamServiceServer {
  return {
    setUpstreamProvider: admitted(admission, set),
    removeUpstreamProvider: admitted(admission, remove),
    listUpstreamProviders: admitted(
      admission,
      async (request: ListUpstreamProvidersRequest, call) => list(request, call),
    ),
    listExternalIdentities: admitted(
      admission,
      async (request: ListExternalIdentitiesRequest, call) => listLinks(request, call),
    ),
    unlinkExternalIdentity: admitted(admission, unlink),
  };
}

/** Who sets it can become whoever logs in there, administrators too. */
async function set(request: SetUpstreamProviderRequest, call: AdmittedCall) {
  const { fields, caller, guard } = call;
  const head = fields.head(request.options);
  const tenant = call.tenantOf(request.tenantId);
  const given = fields.present('provider', request.provider);
  const scopes = eachBounded(fields, 'scopes', given?.scopes, MOST_SCOPES);
  const acrs = eachBounded(fields, 'two_factor_acrs', given?.twoFactorAcrs, MOST_VALUES);
  const amrs = eachBounded(fields, 'two_factor_amrs', given?.twoFactorAmrs, MOST_VALUES);
  const bounded = (name: string, text: string | undefined, most: number): string =>
    fields.bounded(`provider.${name}`, text ?? '', most);
  const provider = {
    provider: bounded('provider', given?.provider, 63),
    displayName: bounded('display_name', given?.displayName, 128),
    issuer: bounded('issuer', given?.issuer, 2_000),
    clientId: bounded('client_id', given?.clientId, 256),
    scopes,
    enabled: given?.enabled ?? false,
    linkPolicy: given?.makesAccounts === true ? 'REGISTER' : 'LINKED_ONLY',
    secondFactor: acrs.length + amrs.length === 0 ? undefined : { acrs, amrs },
  } as const;
  const secret = fields.text('client_secret', request.clientSecret, 0, 512);
  const command = call.permitCommand({ tenant }, head, () => guard.requireAdmin(caller));
  const result = resultOf(await setUpstream(call.parts, command, provider, secret));
  return { result, redirectUri: redirectUriOf(call, tenant, provider.provider) };
}

function eachBounded(
  fields: AdmittedCall['fields'],
  name: string,
  texts: readonly string[] = [],
  most: number,
): readonly string[] {
  if (texts.length > most) fields.add(`provider.${name}`, `more than ${most}`);
  const bounded = texts.slice(0, most);
  for (const [at, text] of bounded.entries()) fields.bounded(`provider.${name}[${at}]`, text, 128);
  return bounded;
}

function redirectUriOf({ parts }: AdmittedCall, tenant: string, provider: string): string {
  const slug = tenants.read(documentsOf(parts.ledger.state), tenant, tenant)?.slug ?? tenant;
  return upstreamRedirectUri(parts.proofs.publicUrl, slug, provider);
}

async function remove(request: RemoveUpstreamProviderRequest, call: AdmittedCall) {
  const head = call.fields.head(request.options);
  const tenant = call.tenantOf(request.tenantId);
  const provider = call.fields.text('provider', request.provider, 1, 63);
  const command = { type: 'RemoveUpstreamProvider', provider } as const;
  return { result: resultOf(await call.run({ tenant }, head, command)) };
}

function list(request: ListUpstreamProvidersRequest, call: AdmittedCall) {
  const tenant = call.tenantOf(request.tenantId);
  const { entries, nextPageToken } = listDocuments<UpstreamDocument>(call, {
    tenant,
    kind: 'upstream',
    target: { tenant },
    page: request.page,
  });
  const providers = entries.map(([name, found]) => {
    return message(name, found, redirectUriOf(call, tenant, name));
  });
  return { providers, nextPageToken };
}

function message(provider: string, found: UpstreamDocument, redirectUri: string): UpstreamProvider {
  const { displayName, issuer, clientId, clientSecret, scopes, enabled, linkPolicy } = found;
  const { acrs, amrs } = found.secondFactor ?? { acrs: [], amrs: [] };
  return {
    provider,
    displayName,
    issuer,
    clientId,
    scopes: [...scopes],
    enabled,
    makesAccounts: linkPolicy === 'REGISTER',
    hasSecret: clientSecret !== undefined,
    twoFactorAcrs: [...acrs],
    twoFactorAmrs: [...amrs],
    redirectUri,
  };
}

function listLinks(request: ListExternalIdentitiesRequest, call: AdmittedCall) {
  const { tenant, principal } = whose(request, call);
  const view = documentsOf(call.parts.ledger.state);
  const links = linksHeld(view, tenant, principal);
  const { ids, nextPageToken } = listIds(
    call,
    { tenant, owner: principal, target: { tenant, principal }, page: request.page },
    () => links.map(({ blindIndex }) => blindIndex),
  );
  const identities = ids.flatMap((id) => {
    const link = links.find(({ blindIndex }) => blindIndex === id);
    if (link === undefined) return [];
    const { provider, issuer, linkedAtMs } = link;
    const usable = isUsable(view, tenant, link);
    return [{ identityId: id, provider, issuer, linkedAtMs: BigInt(linkedAtMs), usable }];
  });
  return { identities, nextPageToken };
}

async function unlink(request: UnlinkExternalIdentityRequest, call: AdmittedCall) {
  const { caller, fields, guard } = call;
  const head = fields.head(request.options);
  const { tenant, principal } = whose(request, call);
  const blindIndex = fields.text('identity_id', request.identityId, 1, 64);
  const own = tenant === caller.tenant && principal === caller.principal;
  const cause = own ? 'OWNER' : 'ADMIN';
  fields.check();
  // It changes how the account is logged in to, as removing a factor does.
  const sessionToken = callerCredential(call.context.metadata) ?? '';
  if (own) await factorOwner(call.parts, { sessionToken, loginTicket: '' });
  const command = { type: 'UnlinkExternalIdentity', principal, blindIndex, cause } as const;
  const executed = await call.run({ tenant, principal }, head, command, () =>
    guard.mayGovern(caller, tenant, principal),
  );
  noticeTo(call.parts, { tenant, principal }, 'FACTOR_REMOVED');
  return { result: resultOf(executed) };
}

function whose(
  { tenantId, principalId }: Pick<ListExternalIdentitiesRequest, 'tenantId' | 'principalId'>,
  call: AdmittedCall,
): { tenant: string; principal: string } {
  const tenant = call.tenantOf(tenantId);
  const own = principalId === '' && tenant === call.caller.tenant;
  return {
    tenant,
    principal: own ? call.caller.principal : call.fields.id('principal_id', principalId),
  };
}
