import { Failure } from '#libs/errors/failure.js';
import {
  Decision,
  type AuthorizeRequest,
  type AuthorizeResponse,
  type Endpoint,
} from '#proto/ledgate/authorizer/v1/authorizer.js';
import { ask } from '../cli/ask.js';
import type { Cli } from '../cli/cli.js';
import { ExitCode } from '../cli/exit-code.js';
import { consistencyOf, showExplanation, whoOf, type CheckFlags } from '../commands/check.js';
import { placeOf } from './rule-draft.js';

export interface TestFlags extends CheckFlags {
  readonly api: string;
  readonly anonymous?: boolean;
  readonly param?: readonly string[];
  readonly explain?: boolean;
}

/** Asks the authorizer about a call, as a gateway would. */
export async function testEndpoint(
  cli: Cli,
  method: string,
  path: string | undefined,
  flags: TestFlags,
): Promise<void> {
  const who = flags.anonymous === true ? undefined : await whoOf(cli, flags);
  const request: AuthorizeRequest = {
    who,
    action: '',
    resource: '',
    consistency: consistencyOf(flags),
    endpoint: endpointOf(cli, method, path, flags),
  };
  if (flags.explain === true) {
    return showExplanation(cli, await ask(cli.authorizer, 'explain', request));
  }
  const answer = await ask(cli.authorizer, 'authorize', request);
  const allowed = answer.decision === Decision.DECISION_ALLOW;
  cli.out.one({ decision: allowed ? 'ALLOW' : 'DENY', ...rowOf(answer) });
  process.exitCode = allowed ? ExitCode.OK : ExitCode.NO;
}

function rowOf(answer: AuthorizeResponse) {
  const { reason, tenantId, principalId, decisionId, endpoint, obligations } = answer;
  const { permission, resource, scopes, httpStatus, wwwAuthenticate } = endpoint ?? {};
  const ask = { reason, tenantId, principalId, permission, resource, scopes };
  const step = obligations.map(({ kind, parameters }) => {
    const words = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
    return [kind, ...words].join(' ');
  });
  return { ...ask, obligations: step, httpStatus, wwwAuthenticate, decisionId };
}

function endpointOf(
  cli: Cli,
  method: string,
  path: string | undefined,
  { api, param = [] }: TestFlags,
): Endpoint {
  const place = placeOf(method, path);
  const call: Endpoint['call'] =
    path === undefined
      ? { $case: 'grpcMethod', value: place.method }
      : { $case: 'http', value: { method, path } };
  const parameters: Record<string, string> = {};
  for (const one of param) {
    const equals = one.indexOf('=');
    if (equals < 1) throw new Failure('INVALID_ARGUMENT', `--param ${one}: write name=value`);
    parameters[one.slice(0, equals)] = one.slice(equals + 1);
  }
  return { api, call, parameters, tenantId: cli.tenantId };
}
