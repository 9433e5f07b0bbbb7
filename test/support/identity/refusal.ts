import { Metadata, type ServiceError, type status } from '@grpc/grpc-js';
import { BadRequest, ErrorInfo } from '#proto/google/rpc/error_details.js';
import { Status } from '#proto/google/rpc/status.js';

/** What a refused call told its caller. */
export interface Refusal {
  readonly code: status;
  readonly details: string;
  /** As `ErrorInfo` says it (docs/reasons.md). */
  readonly reason: string;
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
    const { code, details, metadata } = error;
    return { code, details, reason: reasonOf(metadata), violations: violationsOf(metadata) };
  }
  throw new Error('the call was not refused');
}

/** The detail of a type, as bytes. */
function detailOf(metadata: unknown, type: string): Uint8Array | undefined {
  if (!(metadata instanceof Metadata)) return undefined;
  const [bytes] = metadata.get('grpc-status-details-bin');
  if (!(bytes instanceof Buffer)) return undefined;
  return Status.decode(bytes).details.find((any) => any.typeUrl.endsWith(`.${type}`))?.value;
}

function reasonOf(metadata: unknown): string {
  const bytes = detailOf(metadata, 'ErrorInfo');
  return bytes === undefined ? '' : ErrorInfo.decode(bytes).reason;
}

function violationsOf(metadata: unknown): Refusal['violations'] {
  const bytes = detailOf(metadata, 'BadRequest');
  if (bytes === undefined) return [];
  return BadRequest.decode(bytes).fieldViolations.map(({ field, description }) => ({
    field,
    description,
  }));
}
