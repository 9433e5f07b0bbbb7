import type { z } from 'zod';

/** One zod type for each variable, keyed by the whole name (`LEDGATE_ISSUER`). */
export type EnvShape = Readonly<Record<string, z.ZodType>>;

export interface EnvOptions {
  /** Default: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** `LEDGATE_*` names that another part of the same process reads. */
  readonly alsoKnown?: readonly string[];
  /** Reads the file a `*_FILE` variable names. Default: UTF-8, one trailing newline removed. */
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

/**
 * Reads the variables of `shape`. For each NAME either NAME or NAME_FILE may be set, not both. A
 * `LEDGATE_*` variable that nobody knows is refused with the nearest known name as a hint.
 *
 * @throws ConfigError with every problem at once, and never with a value in it.
 */
export function readEnv<S extends EnvShape>(
  _shape: S,
  _options: EnvOptions = {},
): { [K in keyof S]: z.output<S[K]> } {
  throw new Error('readEnv: being written');
}
