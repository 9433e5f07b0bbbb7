/** As OTLP numbers them (`Span.SpanKind`). */
export const spanKinds = { INTERNAL: 1, SERVER: 2, CLIENT: 3, PRODUCER: 4, CONSUMER: 5 } as const;
export type SpanKind = keyof typeof spanKinds;

/** Ids, names and numbers only: never anything that a caller sent as a secret or about a person. */
export type SpanAttributes = Readonly<Record<string, string | number>>;

export interface Span {
  /** 32 hex digits. */
  readonly traceId: string;
  /** What goes on to whatever this span brings about. */
  readonly traceparent: string;
  /** `problem`: name of what went wrong. */
  end(problem?: string): void;
}

export interface SpanStart {
  readonly name: string;
  readonly kind: SpanKind;
  /** Text of the caller's `traceparent`; `''`: none. */
  readonly traceparent: string;
  readonly attributes?: SpanAttributes;
  /** ms since the Unix epoch; absent: now. */
  readonly startMs?: number;
}

/**
 * Takes part in the traces of callers, and begins none: a call without a sampled `traceparent` has no
 * span. Where tracing is off there is no tracer at all, and its place costs one comparison.
 */
export interface Tracer {
  start(span: SpanStart): Span | undefined;
}
