import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { nearestName } from './nearest-name.js';

/** One zod type for each variable, keyed by the whole name (`LEDGATE_ISSUER`). */
export type EnvShape = Readonly<Record<string, z.ZodType>>;

export interface EnvOptions {
  /** Default: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** `LEDGATE_*` names that another part of the same process reads. */
  readonly alsoKnown?: readonly string[];
  /** Reads the file that a `*_FILE` variable names. Default: from the disk, as UTF-8. */
  readonly readFile?: (path: string) => string;
}

/** The configuration cannot be used. `problems` has one line for each fault: what, and what to do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`configuration refused:\n  ${problems.join('\n  ')}`);
    this.problems = problems;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the variables of `shape`. For each NAME either NAME or NAME_FILE may be set, not both; the
 * last line break of a file is dropped, and an empty variable counts as absent. A `LEDGATE_*`
 * variable that nobody knows is refused with the nearest known name as a hint: a misspelt limit
 * must not silently be the default.
 *
 * @throws ConfigError with every problem at once, and never with a value in it.
 */
export function readEnv<S extends EnvShape>(
  shape: S,
  options: EnvOptions = {},
): { [K in keyof S]: z.output<S[K]> } {
  const env: Environment = options.env ?? process.env;
  const readFile = options.readFile ?? ((path: string) => readFileSync(path, 'utf8'));
  const problems = unknownNames(env, [...Object.keys(shape), ...(options.alsoKnown ?? [])]);
  const values: Record<string, unknown> = {};
  for (const [name, type] of Object.entries(shape)) {
    const text = textOf(name, env, readFile, problems);
    if (text === refused) continue;
    const result = type.safeParse(text);
    if (result.success) values[name] = result.data;
    else problems.push(`${name}: ${text === undefined ? 'not set' : complaint(result.error)}`);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return values as { [K in keyof S]: z.output<S[K]> };
}

const refused = Symbol('refused');

function textOf(
  name: string,
  env: Environment,
  readFile: (path: string) => string,
  problems: string[],
): string | undefined | typeof refused {
  const plain = env[name] === '' ? undefined : env[name];
  const path = env[`${name}_FILE`] === '' ? undefined : env[`${name}_FILE`];
  if (path === undefined) return plain;
  if (plain !== undefined) {
    problems.push(`${name} and ${name}_FILE are both set: keep one`);
    return refused;
  }
  try {
    return readFile(path).replace(/\r?\n$/, '');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    problems.push(`${name}_FILE: cannot read ${path} (${code})`);
    return refused;
  }
}

function unknownNames(env: Environment, known: readonly string[]): string[] {
  const names = new Set(known.flatMap((name) => [name, `${name}_FILE`]));
  return Object.keys(env)
    .filter((name) => name.startsWith('LEDGATE_') && !names.has(name))
    .map((name) => {
      const nearest = nearestName(name, names);
      return `${name} is not a setting${nearest === undefined ? '' : `: did you mean ${nearest}?`}`;
    });
}

/** Zod's own messages tell kinds and bounds, never the value; only custom ones are ours. */
function complaint(error: z.ZodError): string {
  return error.issues.map((issue) => issue.message).join('; ');
}
