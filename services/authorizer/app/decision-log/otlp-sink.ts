import { Failure } from '#libs/errors/failure.js';
import { LinesRefused, type Sink } from './sink.js';

export interface OtlpTarget {
  /** Base of the collector's HTTP receiver, e.g. `http://127.0.0.1:4318`. */
  readonly url: string;
  readonly timeoutMs: number;
}

/** What the protocol says may be tried again (OTLP 1.x, "Retryable Response Codes"). */
const worthAnotherTry: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** Log records by OTLP/HTTP in its JSON encoding; the body of each is the line. */
export function otlpSink(target: OtlpTarget): Sink {
  const url = `${target.url.replace(/\/$/u, '')}/v1/logs`;
  return {
    name: 'otlp',
    write: async (lines) => {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(exportRequest(lines)),
        redirect: 'error',
        signal: AbortSignal.timeout(target.timeoutMs),
      });
      if (!response.ok) {
        await response.body?.cancel();
        throw refusal(response.status);
      }
      checkTaken(await response.text());
    },
    close: async () => {},
  };
}

function refusal(code: number): Error {
  const text = `the collector answered ${code}`;
  return worthAnotherTry.has(code)
    ? new Failure('LEDGER_UNAVAILABLE', text)
    : new LinesRefused(text);
}

/** A collector that takes a part only says how many it dropped, not which. */
function checkTaken(body: string): void {
  const answer = body === '' ? {} : (JSON.parse(body) as { partialSuccess?: Rejected });
  const rejected = Number(answer.partialSuccess?.rejectedLogRecords ?? 0);
  if (rejected > 0) throw new LinesRefused(`the collector dropped ${rejected} lines`);
}

interface Rejected {
  /** An int64, which the JSON encoding writes as a text. */
  readonly rejectedLogRecords?: string | number;
}

const infoSeverity = 9;

interface LineFields {
  readonly kind: string;
  readonly authorizer: string;
  readonly atMs?: number;
  readonly untilMs?: number;
}

function exportRequest(lines: readonly string[]): object {
  const all = lines.map((line) => ({ line, fields: JSON.parse(line) as LineFields }));
  const instance = all[0]?.fields.authorizer ?? '';
  return {
    resourceLogs: [
      {
        resource: {
          attributes: [
            { key: 'service.name', value: { stringValue: 'ledgate-authorizer' } },
            { key: 'service.instance.id', value: { stringValue: instance } },
          ],
        },
        scopeLogs: [{ scope: { name: 'ledgate.decisions' }, logRecords: all.map(logRecord) }],
      },
    ],
  };
}

function logRecord({ line, fields }: { line: string; fields: LineFields }): object {
  const { kind, untilMs = 0, atMs = untilMs } = fields;
  return {
    timeUnixNano: `${BigInt(Math.trunc(atMs)) * 1_000_000n}`,
    severityNumber: infoSeverity,
    severityText: 'INFO',
    eventName: `ledgate.${kind}`,
    body: { stringValue: line },
  };
}
