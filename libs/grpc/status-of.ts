import type { Metadata, status } from '@grpc/grpc-js';

/** What goes back to a caller: fits grpc-js' `callback(error)`. A fresh object for every call. */
export interface StatusAnswer {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;
}

/** Status for whatever was thrown. Anything but a Failure is INTERNAL with a fixed text. */
export function statusOf(_thrown: unknown, _requestId: string): StatusAnswer {
  throw new Error('being written');
}

/** True for what must be logged with its cause: not a Failure, or a Failure of our own making. */
export function isOurFault(_thrown: unknown): boolean {
  throw new Error('being written');
}
