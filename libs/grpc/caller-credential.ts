import type { Metadata } from '@grpc/grpc-js';

/** RFC 6750 section 2.1: the scheme in any case, one blank, then the credential without blanks. */
const bearer = /^bearer ([\x21-\x7e]+)$/i;

/**
 * The credential of `authorization: Bearer …`. Undefined when there is none, when it is of another
 * scheme, or when there are several: which one counts must not be a matter of taste.
 */
export function callerCredential(metadata: Metadata): string | undefined {
  const values = metadata.get('authorization');
  const [value] = values;
  if (values.length !== 1 || typeof value !== 'string') return undefined;
  return bearer.exec(value)?.[1];
}
