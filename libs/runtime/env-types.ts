import { z } from 'zod';
import { Secret } from './secret.js';

// Zod types for environment variables: all read text, none repeats it in a message.

/** A value that never prints (see Secret). */
export function secret(): z.ZodType<Secret, string> {
  return z
    .string({ error: 'expected text' })
    .min(1)
    .transform((text) => new Secret(text));
}

/** `true` or `false`. */
export function flag(): z.ZodType<boolean, string> {
  return z
    .enum(['true', 'false'], { error: 'expected true or false' })
    .transform((text) => text === 'true');
}

/** A whole number within bounds. */
export function count(least: number, most: number): z.ZodType<number, string> {
  return parsed(`expected a whole number from ${least} to ${most}`, (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? value : undefined;
  });
}

const unitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `250ms`, `10s`, `15m`, `1h`, `7d`, or `0`, as milliseconds. */
export function durationMs(leastMs = 0, mostMs = 366 * 86_400_000): z.ZodType<number, string> {
  const range = `from ${leastMs} ms to ${mostMs} ms`;
  return parsed(`expected a duration such as 250ms, 10s, 15m, 1h or 7d, ${range}`, (text) => {
    const match = /^(\d{1,12})(ms|s|m|h|d)$/.exec(text);
    const value = text === '0' ? 0 : Number(match?.[1] ?? NaN) * (unitsMs[match?.[2] ?? ''] ?? NaN);
    return value >= leastMs && value <= mostMs ? value : undefined;
  });
}

/** `host:port`, with brackets around an IPv6 host. */
export function hostPort(): z.ZodType<string, string> {
  return parsed('expected host:port, e.g. 127.0.0.1:50051 or [::1]:0', (text) => {
    const match = /^(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/.exec(text);
    return match !== null && Number(match[1]) <= 65_535 ? text : undefined;
  });
}

/** Comma separated, blanks around the parts dropped, no empty part. */
export function list(): z.ZodType<readonly string[], string> {
  return parsed('expected a comma separated list without empty parts', (text) => {
    const parts = text.split(',').map((part) => part.trim());
    return parts.includes('') ? undefined : parts;
  });
}

function parsed<T>(message: string, parse: (text: string) => T | undefined): z.ZodType<T, string> {
  return z.string({ error: message }).transform((text, context) => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.issues.push({ code: 'custom', message, input: '' });
    return z.NEVER;
  });
}
