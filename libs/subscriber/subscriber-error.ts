/**
 * Why a subscription ended.
 *
 * `REFUSED`: the credential or the permission is not (or no longer) good, or the request is wrong ·
 * `DIVERGED`: the ledger is another one than the checkpoint is of (restored, cut) · `POISON`: the
 * caller's `onPoison` said stop · `CHECKPOINT`: the checkpoint cannot be read or written ·
 * `UNAVAILABLE`: only as the cause of trouble: it is tried again for ever.
 */
export type SubscriberErrorKind = 'REFUSED' | 'DIVERGED' | 'POISON' | 'CHECKPOINT' | 'UNAVAILABLE';

export class SubscriberError extends Error {
  override readonly name = 'SubscriberError';
  readonly kind: SubscriberErrorKind;

  constructor(kind: SubscriberErrorKind, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.kind = kind;
  }
}
