import { z } from 'zod';
import { count, list } from '#libs/runtime/env-types.js';

/** Where decisions are written to. */
export type SinkSetting =
  | { readonly kind: 'stdout' }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'otlp'; readonly url: string }
  | { readonly kind: 'kafka' };

export interface DecisionLogConfig {
  /** Empty: nowhere. */
  readonly sinks: readonly SinkSetting[];
  /** Share of the decisions that need not be recorded, 0 to 1. */
  readonly sample: number;
  /** Lines that wait for each sink at most. */
  readonly bufferLines: number;
}

export const decisionLogVariables = {
  LEDGATE_DECISION_LOG: list().default(['off']),
  LEDGATE_DECISION_LOG_OTLP_URL: z.url({ protocol: /^https?$/u }).optional(),
  LEDGATE_DECISION_LOG_SAMPLE: share().default(0.01),
  LEDGATE_DECISION_LOG_BUFFER: count(256, 1_000_000).default(16_384),
};

type DecisionLogEnv = {
  [K in keyof typeof decisionLogVariables]: z.output<(typeof decisionLogVariables)[K]>;
};

/** What those variables say; problems are lines for a ConfigError. */
export function decisionLogFrom(
  env: DecisionLogEnv,
  log: 'embedded' | 'kafka',
): { readonly config: DecisionLogConfig; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const wanted = env.LEDGATE_DECISION_LOG.filter((word) => word !== 'off');
  if (wanted.length > 0 && env.LEDGATE_DECISION_LOG.includes('off')) {
    problems.push('LEDGATE_DECISION_LOG: off stands alone');
  }
  const url = env.LEDGATE_DECISION_LOG_OTLP_URL;
  const sinks = wanted.flatMap((word) => {
    const sink = sinkOf(word, url, log);
    if (typeof sink !== 'string') return [sink];
    problems.push(`LEDGATE_DECISION_LOG: ${sink}`);
    return [];
  });
  if (new Set(sinks.map(({ kind }) => kind)).size < sinks.length) {
    problems.push('LEDGATE_DECISION_LOG: names a kind of sink twice');
  }
  const { LEDGATE_DECISION_LOG_SAMPLE: sample, LEDGATE_DECISION_LOG_BUFFER: bufferLines } = env;
  return { config: { sinks, sample, bufferLines }, problems };
}

function sinkOf(
  word: string,
  url: string | undefined,
  log: 'embedded' | 'kafka',
): SinkSetting | string {
  if (word === 'stdout') return { kind: 'stdout' };
  if (word.startsWith('file:') && word.length > 5) return { kind: 'file', path: word.slice(5) };
  if (word === 'otlp') {
    return url === undefined ? 'otlp needs LEDGATE_DECISION_LOG_OTLP_URL' : { kind: 'otlp', url };
  }
  if (word === 'kafka') {
    return log === 'kafka' ? { kind: 'kafka' } : 'kafka needs LEDGATE_LOG=kafka';
  }
  return 'expected off, or any of stdout, file:<path>, otlp, kafka, comma separated';
}

/** A share from 0 to 1, e.g. `0.01`. */
function share(): z.ZodType<number, string> {
  return z
    .string({ error: 'expected a number from 0 to 1' })
    .regex(/^(0|1|0?\.\d{1,9}|1\.0+)$/u, { error: 'expected a number from 0 to 1' })
    .transform(Number);
}
