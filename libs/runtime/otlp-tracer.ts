import type { Clock } from './clock.js';
import type { Random } from './ids.js';
import { formatTraceparent, parseTraceparent } from './traceparent.js';
import { spanKinds, type Span, type SpanStart, type Tracer } from './tracer.js';

export interface OtlpTracerOptions {
  /** Base of the collector's HTTP receiver, e.g. `http://127.0.0.1:4318`. */
  readonly url: string;
  /** `ledgate-identity`. */
  readonly service: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly onTrouble: (error: unknown) => void;
}

/** What waits for the collector at most; more is dropped and counted. */
const MOST_WAITING = 8_192;
const MOST_AT_ONCE = 512;
const EXPORT_EVERY_MS = 1_000;
const TIMEOUT_MS = 5_000;

interface Ended {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly start: SpanStart;
  readonly startMs: number;
  readonly endMs: number;
  readonly problem: string | undefined;
}

/**
 * Sends spans by OTLP/HTTP in its JSON encoding, in batches. A collector that does not answer costs
 * spans, never a call: nothing waits for it, and what it refuses is not sent again.
 */
export class OtlpTracer implements Tracer {
  readonly #options: OtlpTracerOptions;
  #waiting: Ended[] = [];
  /** Waiting, or on their way. */
  #held = 0;
  #cancel: (() => void) | undefined;
  #sending: Promise<void> = Promise.resolve();
  #exported = 0;
  #dropped = 0;

  constructor(options: OtlpTracerOptions) {
    this.#options = options;
  }

  /** Spans that the collector took, and spans that were lost. */
  get counts(): { readonly exported: number; readonly dropped: number } {
    return { exported: this.#exported, dropped: this.#dropped };
  }

  start(start: SpanStart): Span | undefined {
    const parent = parseTraceparent(start.traceparent);
    if (parent?.sampled !== true) return undefined;
    const { clock, random } = this.#options;
    const { traceId } = parent;
    const spanId = Buffer.from(random.bytes(8)).toString('hex');
    const startMs = start.startMs ?? clock.wallMs();
    return {
      traceId,
      traceparent: formatTraceparent({ traceId, spanId, sampled: true }),
      end: (problem) => {
        const endMs = Math.max(startMs, clock.wallMs());
        this.#add({ traceId, spanId, parentSpanId: parent.spanId, start, startMs, endMs, problem });
      },
    };
  }

  /** Sends what is left. */
  async close(): Promise<void> {
    this.#cancel?.();
    this.#flush();
    await this.#sending;
  }

  #add(span: Ended): void {
    if (this.#held >= MOST_WAITING) {
      this.#dropped += 1;
      return;
    }
    this.#held += 1;
    this.#waiting.push(span);
    this.#cancel ??= this.#options.clock.after(EXPORT_EVERY_MS, () => this.#flush());
  }

  #flush(): void {
    this.#cancel = undefined;
    while (this.#waiting.length > 0) {
      const spans = this.#waiting.splice(0, MOST_AT_ONCE);
      this.#sending = this.#sending.then(() => this.#send(spans));
    }
  }

  async #send(spans: readonly Ended[]): Promise<void> {
    const { url, service, onTrouble } = this.#options;
    try {
      const response = await fetch(`${url.replace(/\/$/u, '')}/v1/traces`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(exportRequest(service, spans)),
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`the collector answered ${response.status}`);
      this.#exported += spans.length;
    } catch (error) {
      this.#dropped += spans.length;
      onTrouble(error);
    } finally {
      this.#held -= spans.length;
    }
  }
}

function exportRequest(service: string, spans: readonly Ended[]): object {
  const resource = { attributes: [attribute('service.name', service)] };
  const scope = { name: 'ledgate' };
  return { resourceSpans: [{ resource, scopeSpans: [{ scope, spans: spans.map(spanMessage) }] }] };
}

const errorStatus = 2;

function spanMessage(span: Ended): object {
  const { traceId, spanId, parentSpanId, start, problem } = span;
  const attributes = Object.entries(start.attributes ?? {}).map(([key, value]) =>
    attribute(key, value),
  );
  return {
    traceId,
    spanId,
    parentSpanId,
    name: start.name,
    kind: spanKinds[start.kind],
    startTimeUnixNano: nanos(span.startMs),
    endTimeUnixNano: nanos(span.endMs),
    attributes,
    ...(problem === undefined ? {} : { status: { code: errorStatus, message: problem } }),
  };
}

function attribute(key: string, value: string | number): object {
  return {
    key,
    value: typeof value === 'string' ? { stringValue: value } : { doubleValue: value },
  };
}

function nanos(ms: number): string {
  return `${BigInt(Math.round(ms * 1_000)) * 1_000n}`;
}
