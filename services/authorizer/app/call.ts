/** A call of this service, before anything of it is believed. */
export interface Call {
  /** Whole text of the `authorization` header; `''`: there is none, or more than one. */
  readonly header: string;
  /** The bearer credential in it; undefined: none that is well formed. */
  bearer(): string | undefined;
  /** Unix time in ms until which the caller waits; Infinity: no deadline. */
  deadlineMs(): number;
  /** The caller's `traceparent` as it stands; `''`: none. Asked for only where spans are made. */
  traceparent?(): string;
}
