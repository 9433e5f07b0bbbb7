import {
  type AuthorizeRequest,
  AuthorizeResponse,
  AuthorizerServiceService as methods,
  BatchAuthorizeRequest,
  BatchAuthorizeResponse,
  Decision,
} from '#proto/ledgate/authorizer/v1/authorizer.js';
import { benchApi } from '../access-world.js';
import type { Bench } from '../measure/bench.js';
import type { MeasuredRow } from '../measure/row.js';
import { sideBySide, type Side } from '../measure/side-by-side.js';
import { distinctQuestions, echoSide, encoded, questionOf } from './echo.js';

/** `Authorize`, one question a call: 100k principals, 8k distinct questions, all to be allowed. */
export async function authorizeUnary(bench: Bench): Promise<MeasuredRow> {
  const { server, port, seeded } = await bench.authorizer();
  const requests = Array.from({ length: distinctQuestions }, (_, i) =>
    encoded(questionOf(i, bench.principals)).toString('base64'),
  );
  const subject: Side = {
    server,
    job: {
      port,
      path: methods.authorize.path,
      headers: { authorization: `Bearer ${seeded.apiKey}` },
      requests,
    },
    perCall: 1,
    verify: (question, message) => {
      const { decision, principalId } = AuthorizeResponse.decode(message);
      const asked = questionOf(question, bench.principals).who;
      const mine = asked?.$case === 'subject' && asked.value.principalId === principalId;
      if (decision !== Decision.DECISION_ALLOW || !mine) throw new Error('not what was asked');
    },
  };
  const sides = { loader: await bench.loader(), subject, baseline: await echoSide(bench) };
  const aim = { kind: 'ratio', least: 1 } as const;
  return sideBySide('authorize_unary_vs_echo', 'calls/s', sides, bench.pace, aim);
}

/** The same questions as calls of an API with 100 endpoints, beside those that name action and resource. */
export async function authorizeEndpoint(bench: Bench): Promise<MeasuredRow> {
  const sides = {
    loader: await bench.loader(),
    subject: await askingSide(bench, callOf),
    baseline: await askingSide(bench, (question) => question),
  };
  const aim = { kind: 'ratio', least: 0.6 } as const;
  return sideBySide('authorize_endpoint_vs_action', 'calls/s', sides, bench.pace, aim);
}

/** The call of the endpoint whose rule asks for this action and resource. */
function callOf({ who, action, resource }: AuthorizeRequest): AuthorizeRequest {
  const path = `/${action.replace(':', '/')}/${resource}`;
  const call = { $case: 'http', value: { method: 'POST', path } } as const;
  const endpoint = { api: benchApi, call, parameters: {}, tenantId: '' };
  return { who, action: '', resource: '', consistency: undefined, endpoint };
}

async function askingSide(
  bench: Bench,
  as: (question: AuthorizeRequest) => AuthorizeRequest,
): Promise<Side> {
  const { server, port, seeded } = await bench.authorizer();
  const questions = Array.from({ length: distinctQuestions }, (_, i) =>
    questionOf(i, bench.principals),
  );
  return {
    server,
    job: {
      port,
      path: methods.authorize.path,
      headers: { authorization: `Bearer ${seeded.apiKey}` },
      requests: questions.map((question) => encoded(as(question)).toString('base64')),
    },
    perCall: 1,
    verify: (question, message) => {
      const { decision, endpoint } = AuthorizeResponse.decode(message);
      const resource = questions[question]?.resource;
      const named = endpoint === undefined || endpoint.resource === resource;
      if (decision !== Decision.DECISION_ALLOW || !named) throw new Error('not what was asked');
    },
  };
}

export async function authorizeBatch16(bench: Bench): Promise<MeasuredRow> {
  const sides = {
    loader: await bench.loader(),
    subject: await batchSide(bench, 16),
    baseline: await echoSide(bench),
  };
  const aim = { kind: 'ratio', least: 4 } as const;
  return sideBySide('authorize_batch16_vs_echo', 'decisions/s', sides, bench.pace, aim);
}

export async function authorizeBatch50(bench: Bench): Promise<MeasuredRow> {
  const sides = {
    loader: await bench.loader(),
    subject: await batchSide(bench, 50),
    baseline: await echoSide(bench),
  };
  const aim = { kind: 'value', least: 100_000 } as const;
  return sideBySide('authorize_batch50', 'decisions/s', sides, bench.pace, aim);
}

async function batchSide(bench: Bench, size: number): Promise<Side> {
  const { server, port, seeded } = await bench.authorizer();
  const batches = Array.from({ length: Math.floor(distinctQuestions / size) }, (_, batch) => {
    const requests = Array.from({ length: size }, (_q, i) =>
      questionOf(batch * size + i, bench.principals),
    );
    const bytes = BatchAuthorizeRequest.encode({ requests, consistency: undefined }).finish();
    return Buffer.from(bytes).toString('base64');
  });
  return {
    server,
    job: {
      port,
      path: methods.batchAuthorize.path,
      headers: { authorization: `Bearer ${seeded.apiKey}` },
      requests: batches,
    },
    perCall: size,
    verify: (_question, message) => {
      const { responses } = BatchAuthorizeResponse.decode(message);
      const allowed = responses.filter(({ decision }) => decision === Decision.DECISION_ALLOW);
      if (allowed.length !== size) throw new Error(`${allowed.length} of ${size} allowed`);
    },
  };
}
