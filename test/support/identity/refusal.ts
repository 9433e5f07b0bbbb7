import { Metadata, type ServiceError, type status } from '@grpc/grpc-js';
import { BadRequest } from '#proto/google/rpc/error_details.js';
import { Status } from '#proto/google/rpc/status.js';

/** What a refused call told its caller. */
export interface Refusal {
  readonly code: status;
  readonly details: string;
  /** Fields at fault, each with what is wrong. */
  readonly violations: readonly { readonly field: string; readonly description: string }[];
}

/** The refusal of a call; rejects when the call succeeds. */
export async function refusal(call: Promise<unknown>): Promise<Refusal> {
  let error: ServiceError;
  try {
    await call;
  } catch (thrown) {
    if (!(thrown instanceof Error) || !('metadata' in thrown)) throw thrown;
    error = thrown as ServiceError;
    return { code: error.code, details: error.details, violations: violationsOf(error.metadata) };
  }
  throw new Error('the call was not refused');
}

function violationsOf(metadata: unknown): Refusal['violations'] {
  if (!(metadata instanceof Metadata)) return [];
  const [bytes] = metadata.get('grpc-status-details-bin');
  if (!(bytes instanceof Buffer)) return [];
  const found = Status.decode(bytes).details.find((any) => any.typeUrl.endsWith('.BadRequest'));
  if (found === undefined) return [];
  return BadRequest.decode(found.value).fieldViolations.map(({ field, description }) => ({
    field,
    description,
  }));
}
