import { status, type Metadata } from '@grpc/grpc-js';
import { Failure, invalid } from '#libs/errors/failure.js';
import { isOurFault, refusalLevel, statusOf, type StatusAnswer } from '#libs/grpc/status-of.js';
import { givenRequestId, type UnaryWiring } from '#libs/grpc/unary.js';
import { MalformedMessage } from './wire/wire-reader.js';

/** What comes back for whatever was thrown on the short way: the same as on the long one. */
export function refusal(
  { ids, log, metrics, clock }: UnaryWiring,
  method: string,
  thrown: unknown,
  metadata: Metadata,
): StatusAnswer {
  const startedMs = clock.monotonicMs();
  const known = thrown instanceof MalformedMessage ? malformed(thrown) : thrown;
  const requestId = givenRequestId(metadata) ?? ids.short();
  const answer = statusOf(known, requestId);
  if (isOurFault(known)) log.error({ err: known, requestId, method }, 'call failed');
  else if (answer.code === status.UNAVAILABLE) {
    log.warn({ err: known, requestId, method }, 'call not possible now');
  } else if (log.isLevelEnabled(refusalLevel(answer.code))) {
    const reason = known instanceof Failure ? known.reason : 'INTERNAL';
    log[refusalLevel(answer.code)]({ reason, requestId, method }, 'call refused');
  }
  metrics.observe(method, answer.code, clock.monotonicMs() - startedMs);
  return answer;
}

/** Bytes that are no message: a fault of the request as a whole. */
export function malformed({ message }: Error): Failure {
  return invalid({ field: 'request', description: `is not a valid message: ${message}` });
}
