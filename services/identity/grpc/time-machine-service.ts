import { Ledger } from '#proto/ledgate/operator/v1/ledger.js';
import type { GrantPath } from '#libs/access/evaluate/grant-path.js';
import { factsOf } from '#libs/history/event-facts.js';
import { eventMessage, pathMessage, timeOrZero } from '#libs/history/explained-messages.js';
import type { PastEvent } from '#libs/history/history-of.js';
import { Decision } from '#proto/ledgate/authorizer/v1/authorizer.js';
import {
  AccessChange_Kind,
  type CheckAtRequest,
  type CheckAtResponse,
  type DiffRequest,
  type DiffResponse,
  type ExplainAtRequest,
  type ExplainAtResponse,
  type GrantWay,
  type HistoryRequest,
  type HistoryResponse,
  type PastEvent as PastEventMessage,
  type Place as PlaceMessage,
  type TimeMachineServiceServer,
  type WhatCanRequest,
  type WhatCanResponse,
  type WhoCanRequest,
  type WhoCanResponse,
} from '#proto/ledgate/operator/v1/time_machine.js';
import type {
  ChainedPlace,
  PastAnswer,
  PastQuestion,
  PastQuestions,
} from '#services/identity/app/past-questions.js';
import { textOf } from '#libs/history/access-changes.js';
import { admitted, type Admission, type AdmittedCall } from '#services/identity/grpc/admission.js';
import { cursorOf, cursorText, pageAt, whenOf } from '#services/identity/grpc/past-fields.js';

/** `ledgate.operator.v1.TimeMachineService`: questions about any moment of the ledger. */
export function timeMachineService(
  admission: Admission,
  past: PastQuestions,
  pastSessions: PastQuestions,
): TimeMachineServiceServer {
  const withPast =
    <Q extends { tenantId: string }, R>(
      handle: (past: PastQuestions, request: Q, call: AdmittedCall) => Promise<R>,
    ) =>
    async (request: Q, call: AdmittedCall): Promise<R> => {
      const answer = await handle(past, request, call);
      // It took a while: meanwhile the caller may have lost its rights.
      call.permitRead({ tenant: call.tenantOf(request.tenantId) });
      return answer;
    };
  return {
    checkAt: admitted(admission, withPast(checkAt)),
    explainAt: admitted(admission, withPast(explainAt)),
    whoCan: admitted(admission, withPast(whoCan)),
    whatCan: admitted(admission, withPast(whatCan)),
    diff: admitted(admission, withPast(diff)),
    history: admitted(
      admission,
      withPast((_, request: HistoryRequest, call) => {
        const inS = request.ledger === Ledger.LEDGER_SESSIONS;
        return history(inS ? pastSessions : past, request, call);
      }),
    ),
  };
}

const longestAction = 256;
const longestResource = 4_096;
const longestId = 128;

/** The question, and where its moment lies, once the caller may ask it. */
async function placed(past: PastQuestions, request: CheckAtRequest, call: AdmittedCall) {
  const question = questionOf(request, call);
  const when = whenOf(call, 'at', request.at);
  call.permitRead({ tenant: question.tenant });
  return { question, place: await past.find(when, call.context.signal) };
}

function questionOf(request: CheckAtRequest, call: AdmittedCall): PastQuestion {
  const { fields } = call;
  const { action, resource } = request;
  return {
    tenant: call.tenantOf(request.tenantId),
    principal: fields.id('principal_id', request.principalId),
    action: fields.bounded('action', action, longestAction),
    resource: fields.bounded('resource', resource, longestResource),
  };
}

async function checkAt(
  past: PastQuestions,
  request: CheckAtRequest,
  call: AdmittedCall,
): Promise<CheckAtResponse> {
  const { question, place } = await placed(past, request, call);
  return answerMessage(await past.check(question, place, call.context.signal));
}

async function explainAt(
  past: PastQuestions,
  request: ExplainAtRequest,
  call: AdmittedCall,
): Promise<ExplainAtResponse> {
  const { question, place } = await placed(past, request, call);
  const explained = await past.explain(question, place, call.context.signal);
  return {
    answer: answerMessage(explained.answer),
    paths: explained.paths.map(pathMessage),
    summary: explained.summary,
    events: explained.events.map(eventMessage),
  };
}

async function whoCan(
  past: PastQuestions,
  request: WhoCanRequest,
  call: AdmittedCall,
): Promise<WhoCanResponse> {
  const { fields, context } = call;
  const tenant = call.tenantOf(request.tenantId);
  const action = fields.bounded('action', request.action, longestAction);
  const resource = fields.bounded('resource', request.resource, longestResource);
  const when = whenOf(call, 'at', request.at);
  call.permitRead({ tenant });
  const place = await past.find(when, context.signal);
  const page = pageAt(call, request.page, [tenant, action, resource], [place]);
  const found = await past.whoCan({ tenant, action, resource }, place, page, context.signal);
  return {
    principals: found.principals.map(({ principal, kind, ways }) => {
      return { principalId: principal, kind, ways: ways.map(wayMessage) };
    }),
    nextPageToken: found.more ? page.next(found.principals.at(-1)?.principal ?? '') : '',
    place: placeMessage(found.place),
    reason: found.reason ?? '',
    undecided: BigInt(found.undecided),
  };
}

async function whatCan(
  past: PastQuestions,
  request: WhatCanRequest,
  call: AdmittedCall,
): Promise<WhatCanResponse> {
  const { context } = call;
  const { tenant, principal, resource } = questionOf({ ...request, action: '' }, call);
  const when = whenOf(call, 'at', request.at);
  call.permitRead({ tenant });
  const place = await past.find(when, context.signal);
  const page = pageAt(call, request.page, [tenant, principal, resource], [place]);
  const question = { tenant, principal, resource: resource === '' ? undefined : resource };
  const found = await past.whatCan(question, place, page, context.signal);
  return {
    permissions: found.permissions.map(({ permission, resourcePrefixes }) => {
      return { permission, resourcePrefixes: [...resourcePrefixes] };
    }),
    nextPageToken: found.more ? page.next(found.permissions.at(-1)?.permission ?? '') : '',
    place: placeMessage(found.place),
    reason: found.reason ?? '',
  };
}

async function diff(
  past: PastQuestions,
  request: DiffRequest,
  call: AdmittedCall,
): Promise<DiffResponse> {
  const { fields, context } = call;
  const tenant = call.tenantOf(request.tenantId);
  const principal = fields.optionalId('principal_id', request.principalId);
  const whens = [whenOf(call, 'from', request.from), whenOf(call, 'to', request.to)] as const;
  call.permitRead({ tenant });
  const from = await past.find(whens[0], context.signal);
  const to = await past.find(whens[1], context.signal);
  const page = pageAt(call, request.page, [tenant, principal ?? ''], [from, to]);
  const found = await past.diff({ tenant, principal }, [from, to], page, context.signal);
  const last = found.changes.at(-1);
  return {
    changes: found.changes.map((change) => ({
      kind: AccessChange_Kind[`KIND_${change.kind}`],
      principalId: change.principal,
      permission: change.permission,
      resourcePrefix: change.resourcePrefix,
      events: change.events.map(eventMessage),
    })),
    nextPageToken: found.more && last !== undefined ? page.next(textOf(last)) : '',
    from: placeMessage(found.from),
    to: placeMessage(found.to),
    undecided: BigInt(found.undecided),
  };
}

async function history(
  past: PastQuestions,
  request: HistoryRequest,
  call: AdmittedCall,
): Promise<HistoryResponse> {
  const { fields, context } = call;
  const tenant = call.tenantOf(request.tenantId);
  const id = fields.bounded('id', request.id, longestId);
  if (id === '') fields.add('id', 'must not be empty');
  call.permitRead({ tenant });
  if (request.ledger > Ledger.LEDGER_SESSIONS) call.fields.add('ledger', 'there is no such ledger');
  const page = pageAt(call, request.page, [tenant, id, String(request.ledger)], []);
  const { ledger, sessions } = call.parts;
  const { reader } = request.ledger === Ledger.LEDGER_SESSIONS ? sessions : ledger;
  const upTo = reader.position;
  const part = { after: cursorOf(page.after), size: page.size, upTo };
  const { events, next } = await past.history({ tenant, id }, part, context.signal);
  const nextPageToken = next === undefined ? '' : page.next(cursorText(next));
  return { events: events.map(pastEventMessage), nextPageToken };
}

const decisions = {
  ALLOW: Decision.DECISION_ALLOW,
  DENY: Decision.DECISION_DENY,
  CANNOT_DECIDE: Decision.DECISION_UNSPECIFIED,
} as const;

function answerMessage({ outcome, reason, validUntilMs, place }: PastAnswer): CheckAtResponse {
  return {
    decision: decisions[outcome],
    reason,
    validUntilMs: timeOrZero(validUntilMs),
    place: placeMessage(place),
  };
}

function placeMessage({ position, atMs, chain }: ChainedPlace): PlaceMessage {
  const hex = Buffer.from(chain).toString('hex');
  return { position: BigInt(position), atMs: BigInt(Math.floor(atMs)), chain: hex };
}

function wayMessage(path: GrantPath): GrantWay {
  const [granted] = path.roleChain;
  return {
    roleId: granted?.role ?? '',
    roleName: granted?.name ?? '',
    roleChain: path.roleChain.map(({ role }) => role),
    permissionPattern: path.pattern,
    resourcePrefix: path.resourcePrefix,
    groupId: path.group?.id ?? '',
    groupName: path.group?.name ?? '',
    expiresAtMs: timeOrZero(path.expiresAtMs),
    grantPosition: BigInt(Math.max(0, path.grantPosition)),
  };
}

function pastEventMessage(past: PastEvent): PastEventMessage {
  if (past.readable) return { event: eventMessage(past), facts: factsOf(past.event) };
  const { position, atMs } = past;
  const unread = { wireType: '', actor: { tenant: '', principal: '' }, reason: '' };
  return { event: eventMessage({ position, atMs, ...unread }), facts: {} };
}
