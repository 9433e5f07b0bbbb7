import { Failure } from '#libs/errors/failure.js';
import { denied } from '#services/identity/app/permit.js';
import type {
  EndAllSessionsRequest,
  EndOtherSessionsRequest,
  EndSessionRequest,
  ExtendSessionRequest,
  ExtendSessionResponse,
  GetSessionRequest,
  GetSessionResponse,
  ListSessionsRequest,
  ListSessionsResponse,
  Session as SessionMessage,
  SessionServiceServer,
} from '#proto/ledgate/identity/v1/session.js';
import {
  endAllSessions,
  endOtherSessions,
  endSession,
  extendSession,
  findSessionById,
  listSessions,
  type Session,
} from '#services/identity/app/sessions.js';
import {
  admitted,
  resultOf,
  type Admission,
  type AdmittedCall,
} from '#services/identity/grpc/admission.js';
import { listIds } from '#services/identity/grpc/list-page.js';

export function sessionService(admission: Admission): SessionServiceServer {
  return {
    listSessions: admitted(admission, async (request: ListSessionsRequest, call) =>
      list(request, call),
    ),
    getSession: admitted(admission, async (request: GetSessionRequest, call) => get(request, call)),
    endSession: admitted(admission, end),
    endOtherSessions: admitted(admission, endOthers),
    endAllSessions: admitted(admission, endAll),
    extendSession: admitted(admission, extend),
  };
}

function list(request: ListSessionsRequest, call: AdmittedCall): ListSessionsResponse {
  const { tenant, principal } = ownerOf(request, call);
  const target = { tenant, principal };
  const query = { tenant, target, owner: principal, page: request.page };
  const sessions = new Map<string, Session>();
  // Ids grow with time: in the order of their ids the newest is the last.
  const { ids, nextPageToken } = listIds(call, query, () => {
    for (const one of listSessions(call.parts, tenant, principal)) sessions.set(one.session, one);
    return [...sessions.keys()];
  });
  const shown = ids.flatMap((id) => sessions.get(id) ?? []).reverse();
  return { sessions: shown.map((session) => messageOf(session, call)), nextPageToken };
}

function get(request: GetSessionRequest, call: AdmittedCall): GetSessionResponse {
  const owner = ownerOf(request, call);
  const id = sessionField(request.sessionId, call);
  call.permitRead(owner);
  return { session: messageOf(found(call, owner, id), call) };
}

async function end(request: EndSessionRequest, call: AdmittedCall) {
  const head = call.fields.head(request.options);
  const owner = ownerOf(request, call);
  const session = sessionField(request.sessionId, call);
  const command = call.permitCommand(owner, head, () => mayGovern(call, owner));
  const { principal } = owner;
  const cause = isOwn(call, owner) ? 'LOGOUT' : 'ADMIN';
  return { result: resultOf(await endSession(call.parts, command, { session, principal }, cause)) };
}

async function endOthers(request: EndOtherSessionsRequest, call: AdmittedCall) {
  const head = call.fields.head(request.options);
  const owner = ownerOf(request, call);
  const session = sessionField(request.sessionId, call);
  const command = call.permitCommand(owner, head, () => mayGovern(call, owner));
  const { principal } = owner;
  const cause = isOwn(call, owner) ? 'OWNER' : 'ADMIN';
  const executed = await endOtherSessions(call.parts, command, { session, principal }, cause);
  return { result: resultOf(executed), ended: executed.ended };
}

async function endAll(request: EndAllSessionsRequest, call: AdmittedCall) {
  const head = call.fields.head(request.options);
  const owner = ownerOf(request, call);
  const command = call.permitCommand(owner, head, () => mayGovern(call, owner));
  const cause = isOwn(call, owner) ? 'OWNER' : 'ADMIN';
  const executed = await endAllSessions(call.parts, command, owner.principal, cause);
  return { result: resultOf(executed) };
}

async function extend(_: ExtendSessionRequest, call: AdmittedCall): Promise<ExtendSessionResponse> {
  const { tenant, principal } = call.caller;
  call.permitRead({ tenant, principal });
  const owner = { tenant, principal };
  const id = currentOf(call);
  if (id === '') throw denied();
  await extendSession(call.parts, found(call, owner, id), call.context);
  return { session: messageOf(found(call, owner, id), call) };
}

interface Owner {
  readonly tenant: string;
  readonly principal: string;
}

function ownerOf(
  request: { readonly tenantId: string; readonly principalId: string },
  call: AdmittedCall,
): Owner {
  const tenant = call.tenantOf(request.tenantId);
  const given = call.fields.optionalId('principal_id', request.principalId);
  if (given === undefined && tenant !== call.caller.tenant) {
    call.fields.add('principal_id', 'must be given with another tenant');
  }
  return { tenant, principal: given ?? call.caller.principal };
}

/** The id that was given, or that of the session that calls. */
function sessionField(sessionId: string, call: AdmittedCall): string {
  if (sessionId !== '') return call.fields.id('session_id', sessionId);
  const own = currentOf(call);
  if (own === '') call.fields.add('session_id', 'must be given by a caller without a session');
  return own;
}

function found(call: AdmittedCall, { tenant, principal }: Owner, id: string): Session {
  const session = findSessionById(call.parts, tenant, id);
  if (session?.principal === principal) return session;
  throw new Failure('NOT_FOUND', 'no such session, or it has ended');
}

/** Ending somebody's sessions is less than what one may not do to who is above oneself. */
function mayGovern(call: AdmittedCall, owner: Owner): void {
  if (!isOwn(call, owner)) call.guard.mayGovern(call.caller, owner.tenant, owner.principal);
}

function isOwn({ caller }: AdmittedCall, { tenant, principal }: Owner): boolean {
  return caller.tenant === tenant && caller.principal === principal;
}

function messageOf(session: Session, call: AdmittedCall): SessionMessage {
  const { tenant, principal, sealed } = session;
  const owner = { tenant, principal, session: session.session };
  const source = call.parts.sessionSecrets.openSource(sealed, owner);
  return {
    sessionId: session.session,
    principalId: principal,
    clientId: session.client ?? '',
    label: session.label,
    address: source?.address ?? '',
    userAgent: source?.agent ?? '',
    acr: session.acr,
    amr: [...session.amr],
    authTimeMs: BigInt(session.authTimeMs),
    startedAtMs: BigInt(session.startedAtMs),
    idleUntilMs: BigInt(session.idleUntilMs),
    expiresAtMs: BigInt(session.expiresAtMs),
    current: session.session === currentOf(call),
  };
}

/** The session that calls, by its token or by an access token of it; `''`: none. */
function currentOf({ caller: { credential } }: AdmittedCall): string {
  if (credential.kind === 'SESSION') return credential.session;
  return credential.kind === 'TOKEN' ? (credential.token.place?.session ?? '') : '';
}
