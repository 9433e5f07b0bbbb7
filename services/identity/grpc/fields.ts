import { Failure, invalid, type FieldViolation } from '#libs/errors/failure.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/u;
const COMMAND_ID = /^[A-Za-z0-9._:-]{1,64}$/u;
const INVISIBLE = /[\p{Cc}\p{Cs}\p{Co}\p{Cn}]/u;
/** 9999-12-31: what lies beyond was meant in another unit. */
const LAST_MS = 253_402_300_799_000n;
const SYSTEM_TENANT = 'system';

/** The part of every command that is about the command itself. */
export interface CommandHead {
  readonly commandId: string;
  readonly reason: string;
}

/**
 * Reads the fields of one request and gathers what is wrong with them, all at once; `check` throws
 * INVALID_ARGUMENT with every violation. Until then the values read may be nonsense.
 */
export class Fields {
  readonly #violations: FieldViolation[] = [];

  add(field: string, description: string | undefined): void {
    if (description !== undefined) this.#violations.push({ field, description });
  }

  check(): void {
    if (this.#violations.length > 0) throw invalid(...this.#violations);
  }

  /** What a decider found wrong joins what was found before; any other failure is thrown on. */
  join(error: unknown): never {
    if (!(error instanceof Failure) || error.reason !== 'INVALID_ARGUMENT') throw error;
    throw invalid(...this.#violations, ...error.violations);
  }

  head(options: { commandId: string; reason: string } | undefined): CommandHead {
    const { commandId, reason } = options ?? { commandId: '', reason: '' };
    if (commandId !== '' && !COMMAND_ID.test(commandId)) {
      this.add('options.command_id', '1 to 64 characters of A-Z a-z 0-9 . _ : -');
    }
    return { commandId, reason: this.text('options.reason', reason, 0, 500) };
  }

  /** An id that we gave out. */
  id(field: string, value: string): string {
    if (!UUID.test(value)) this.add(field, value === '' ? 'must not be empty' : 'is not an id');
    return value;
  }

  optionalId(field: string, value: string): string | undefined {
    return value === '' ? undefined : this.id(field, value);
  }

  ids(field: string, values: readonly string[], most: number): readonly string[] {
    if (values.length > most) this.add(field, `more than ${most}`);
    return values.slice(0, most).map((value, at) => this.id(`${field}[${at}]`, value));
  }

  /** A tenant id; empty: the caller's own. */
  tenant(field: string, value: string, own: string): string {
    if (value === '') return own;
    if (value !== SYSTEM_TENANT && !UUID.test(value)) this.add(field, 'is not a tenant id');
    return value;
  }

  /** Text for people, in code points, without control characters. */
  text(field: string, value: string, least: number, most: number): string {
    const { length } = Array.from(value);
    if (length < least) this.add(field, least === 1 ? 'must not be empty' : 'is too short');
    else if (length > most) this.add(field, `longer than ${most} characters`);
    else if (INVISIBLE.test(value)) this.add(field, 'must not hold control characters');
    return value;
  }

  /** Anything up to a length in UTF-16 units: what it means is judged elsewhere. */
  bounded(field: string, value: string, most: number): string {
    if (value.length > most) this.add(field, `longer than ${most} characters`);
    return value;
  }

  /** Unix time in ms that must lie ahead; 0: none. */
  expiry(field: string, value: bigint, nowMs: number): number | undefined {
    if (value === 0n) return undefined;
    if (value < 0n || value > LAST_MS) this.add(field, 'is not a Unix time in milliseconds');
    else if (Number(value) <= nowMs) this.add(field, 'lies in the past');
    return Number(value);
  }

  /** A position of a ledger. */
  position(field: string, value: bigint): number {
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) this.add(field, 'is no position of a ledger');
    return Number(value);
  }

  /** A length of time within bounds; 0 stands for nothing given. */
  duration(field: string, value: bigint, leastMs: number, mostMs: number): number {
    if (value < BigInt(leastMs) || value > BigInt(mostMs)) {
      this.add(field, `must be from ${leastMs} to ${mostMs} milliseconds`);
    }
    return Number(value);
  }

  /** A value of an enumeration that has a meaning here; anything else is refused by its number. */
  choice<T>(field: string, value: number, meanings: ReadonlyMap<number, T>, fallback: T): T {
    const meaning = meanings.get(value);
    if (meaning === undefined)
      this.add(field, value === 0 ? 'must be set' : 'is not a known value');
    return meaning ?? fallback;
  }

  /** A message that must be there. */
  present<T extends object>(field: string, value: T | undefined): T | undefined {
    if (value === undefined) this.add(field, 'must be set');
    return value;
  }

  /** Exactly one of these is given. */
  oneOf(values: Readonly<Record<string, string>>): void {
    const names = Object.keys(values);
    const given = names.filter((name) => values[name] !== '');
    if (given.length === 1) return;
    for (const name of names) this.add(name, `give exactly one of ${names.join(', ')}`);
  }
}
