import {
  lineVersion,
  type DecisionLine,
  type LogLine,
  type LoggedAsker,
  type LoggedEndpoint,
  type LoggedToken,
} from './decision-line.js';
import { BadLine, LineFields } from './line-fields.js';

/** What one line of a file turned out to be. */
export type ReadLine =
  | { readonly ok: true; readonly line: LogLine }
  /** A JSON object, but no line of a decision log: another line of the same standard output. */
  | { readonly ok: false; readonly foreign: true }
  | { readonly ok: false; readonly foreign: false; readonly problem: string };

const longest = { id: 512, action: 256, resource: 4_096, reason: 64, scopes: 4_096 } as const;
/** ms; whatever a clock may show. */
const latest = 8_640_000_000_000_000;

/** Reads one line strictly: a field too few, too many or of another type is a problem. */
export function readLine(text: string): ReadLine {
  const value = parsed(text);
  if (value === undefined) return problem('it is no JSON (cut off, or damaged)');
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'decisionLog')) {
    return { ok: false, foreign: true };
  }
  try {
    const fields = new LineFields(value, '');
    const version = fields.whole('decisionLog');
    if (version !== lineVersion) return problem(`format ${version} needs a newer build`);
    const line = lineOf(fields);
    fields.end();
    return { ok: true, line };
  } catch (error) {
    if (error instanceof BadLine) return problem(error.message);
    throw error;
  }
}

function problem(text: string): ReadLine {
  return { ok: false, foreign: false, problem: text };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function lineOf(fields: LineFields): LogLine {
  const kind = fields.word('kind', ['decision', 'gap', 'start', 'end']);
  const authorizer = fields.text('authorizer', longest.id);
  switch (kind) {
    case 'decision':
      return decisionOf(fields, authorizer);
    case 'gap': {
      const fromId = fields.text('fromId', longest.id);
      const [fromMs, untilMs] = [timeOf(fields, 'fromMs'), timeOf(fields, 'untilMs')];
      return { kind, authorizer, fromId, fromMs, untilMs, count: fields.whole('count', 1) };
    }
    case 'start': {
      const sample = fields.number('sample', 0, 1);
      return { kind, authorizer, atMs: timeOf(fields, 'atMs'), sample };
    }
    case 'end':
      return { kind, authorizer, atMs: timeOf(fields, 'atMs') };
  }
}

function timeOf(fields: LineFields, name: string): number {
  return fields.number(name, 0, latest);
}

function decisionOf(fields: LineFields, authorizer: string): DecisionLine {
  return {
    kind: 'decision',
    id: fields.text('id', longest.id),
    atMs: timeOf(fields, 'atMs'),
    authorizer,
    method: fields.word('method', ['Authorize', 'BatchAuthorize', 'Explain']),
    caller: askerOf(fields.object('caller')),
    asked: askerOf(fields.object('asked')),
    action: fields.textOrNull('action', longest.action),
    resource: fields.textOrNull('resource', longest.resource),
    tenant: fields.text('tenant', longest.id),
    principal: fields.text('principal', longest.id),
    outcome: fields.word('outcome', ['ALLOW', 'DENY', 'CANNOT_DECIDE']),
    reason: fields.text('reason', longest.reason),
    position: fields.whole('position', -1),
    ...(fields.has('sessionPosition') && { sessionPosition: fields.whole('sessionPosition') }),
    ...(fields.has('early') && { early: fields.yes('early') }),
    ...(fields.has('endpoint') && { endpoint: endpointOf(fields.object('endpoint')) }),
    chain: fields.text('chain', 16),
    epoch: fields.whole('epoch', 1),
    stalenessMs: fields.numberOrNull('stalenessMs', 0, latest),
    hardMs: fields.number('hardMs', 0, latest),
    sensitiveMs: fields.number('sensitiveMs', 0, latest),
  };
}

const askerKinds = [
  'SUBJECT',
  'API_KEY',
  'UNKNOWN_API_KEY',
  'SESSION',
  'UNKNOWN_SESSION',
  'TOKEN',
  'PASSWORD',
  'REFUSED',
] as const;

function askerOf(fields: LineFields): LoggedAsker {
  const asker = kindOfAsker(fields);
  fields.end();
  return asker;
}

function endpointOf(fields: LineFields): LoggedEndpoint {
  const tenant = fields.text('tenant', longest.id);
  const api = fields.textOrNull('api', longest.id);
  const rule = fields.textOrNull('rule', longest.id);
  fields.end();
  return { tenant, api, rule };
}

/** Lines of older builds, and of tokens that name nothing in ledger S, have none of these. */
function placeOf(
  fields: LineFields,
): Pick<LoggedToken, 'tokenId' | 'session' | 'family' | 'sessionPosition' | 'issuedInOutage'> {
  const id = (name: string): string => fields.text(name, longest.id);
  return {
    ...(fields.has('tokenId') && { tokenId: id('tokenId') }),
    ...(fields.has('session') && { session: id('session') }),
    ...(fields.has('family') && { family: id('family') }),
    ...(fields.has('sessionPosition') && { sessionPosition: fields.whole('sessionPosition') }),
    ...(fields.has('issuedInOutage') && { issuedInOutage: fields.yes('issuedInOutage') }),
  };
}

function kindOfAsker(fields: LineFields): LoggedAsker {
  const kind = fields.word('kind', askerKinds);
  const id = (name: string): string => fields.text(name, longest.id);
  switch (kind) {
    case 'SUBJECT': {
      const tenant = fields.textOrNull('tenant', longest.id);
      return { kind, tenant, principal: fields.textOrNull('principal', longest.id) };
    }
    case 'API_KEY':
      return { kind, tenant: id('tenant'), credential: id('credential') };
    case 'UNKNOWN_API_KEY':
    case 'UNKNOWN_SESSION':
      return { kind };
    case 'SESSION': {
      const [tenant, principal, session] = [id('tenant'), id('principal'), id('session')];
      return { kind, tenant, principal, session };
    }
    case 'TOKEN':
      return {
        kind,
        tenant: id('tenant'),
        principal: id('principal'),
        client: id('client'),
        kid: id('kid'),
        credential: id('credential'),
        epoch: fields.whole('epoch'),
        issuedAtPosition: fields.whole('issuedAtPosition', -1),
        authPosition: fields.whole('authPosition', -1),
        expiresAtMs: timeOf(fields, 'expiresAtMs'),
        ...placeOf(fields),
        scopes: fields.texts('scopes', longest.scopes, 256),
      };
    case 'PASSWORD': {
      const [tenant, principal, credential] = [id('tenant'), id('principal'), id('credential')];
      return { kind, tenant, principal, credential, version: fields.whole('version') };
    }
    case 'REFUSED':
      return { kind, reason: fields.text('reason', longest.reason) };
  }
}
