import { AuthorizeRequest } from '#proto/ledgate/authorizer/v1/authorizer.js';
import { allowed, benchTenant } from '../access-world.js';
import type { Bench } from '../measure/bench.js';
import type { Side } from '../measure/side-by-side.js';

/** Distinct questions, by number: principals far apart, each of their three grants in turn. */
export function questionOf(number: number, principals: number): AuthorizeRequest {
  const { principal, action, resource } = allowed((number * 7919) % principals, number % 3);
  return {
    who: { $case: 'subject', value: { tenantId: benchTenant, principalId: principal } },
    action,
    resource,
    consistency: undefined,
  };
}

export const distinctQuestions = 8_000;

export function encoded(request: AuthorizeRequest): Buffer {
  return Buffer.from(AuthorizeRequest.encode(request).finish());
}

/**
 * The baseline of every call: the same requests, with the same headers, sent back as they are by a
 * bare grpc-js server with ts-proto codecs.
 */
export async function echoSide(bench: Bench): Promise<Side> {
  const { server, port } = await bench.echo();
  const requests = Array.from({ length: distinctQuestions }, (_, i) =>
    encoded(questionOf(i, bench.principals)),
  );
  return {
    server,
    job: {
      port,
      path: '/bench.Echo/Echo',
      headers: { authorization: `Bearer lgk_${'e'.repeat(43)}_echoed` },
      requests: requests.map((request) => request.toString('base64')),
    },
    perCall: 1,
    verify: (question, message) => {
      if (!requests[question]?.equals(message)) throw new Error('the echo changed a message');
    },
  };
}
