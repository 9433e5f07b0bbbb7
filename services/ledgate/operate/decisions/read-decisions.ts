import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { DecisionLine, GapLine, LogLine } from '#libs/audit/decision-line.js';
import { readLine } from '#libs/audit/read-line.js';
import { Failure } from '#libs/errors/failure.js';

/** A line that could not be read, by its number in the file (from 1). */
export interface BadLineFound {
  readonly line: number;
  readonly problem: string;
}

/** What a decision log holds. */
export interface DecisionsRead {
  /** Sorted by position; each decision once, however often a sink wrote it. */
  readonly decisions: readonly DecisionLine[];
  readonly gaps: readonly GapLine[];
  readonly bad: readonly BadLineFound[];
  /** Lines that were there before: a sink writes again what it is not sure of. */
  readonly repeated: number;
  /** Two different lines of one decision: at most one of them can be true. */
  readonly contradicting: readonly string[];
  /** Lines of something else, in between. */
  readonly foreign: number;
  /** Authorizers of which no end was read: their last lines may be missing. */
  readonly unended: readonly string[];
  /** Shares that authorizers sampled with; empty: none said it. */
  readonly samples: readonly number[];
}

/** `-` is standard input. Throws Failure NOT_FOUND for a file that is not there. */
export async function readDecisions(path: string): Promise<DecisionsRead> {
  const input: Readable = path === '-' ? process.stdin : createReadStream(path);
  try {
    return await readFrom(input);
  } catch (cause) {
    if (!(cause instanceof Error) || !('code' in cause)) throw cause;
    throw new Failure('NOT_FOUND', `${path} cannot be read: ${String(cause.code)}`, { cause });
  }
}

export async function readFrom(input: Readable): Promise<DecisionsRead> {
  const gathered = new Gathered();
  let number = 0;
  for await (const text of createInterface({ input, crlfDelay: Infinity })) {
    number += 1;
    if (text.trim() !== '') gathered.add(text, number);
  }
  return gathered.result();
}

class Gathered {
  readonly #texts = new Map<string, string>();
  readonly #decisions: DecisionLine[] = [];
  readonly #gaps: GapLine[] = [];
  readonly #bad: BadLineFound[] = [];
  readonly #contradicting: string[] = [];
  readonly #seen = new Set<string>();
  readonly #open = new Set<string>();
  readonly #samples = new Set<number>();
  #repeated = 0;
  #foreign = 0;

  add(text: string, number: number): void {
    const read = readLine(text);
    if (read.ok) return this.#take(read.line, text);
    if (read.foreign) this.#foreign += 1;
    else this.#bad.push({ line: number, problem: read.problem });
  }

  #take(line: LogLine, text: string): void {
    if (line.kind === 'decision') return this.#decision(line, text);
    if (this.#seen.has(text)) {
      this.#repeated += 1;
      return;
    }
    this.#seen.add(text);
    if (line.kind === 'gap') this.#gaps.push(line);
    if (line.kind === 'end') this.#open.delete(line.authorizer);
    if (line.kind === 'start') {
      this.#open.add(line.authorizer);
      this.#samples.add(line.sample);
    }
  }

  #decision(line: DecisionLine, text: string): void {
    const before = this.#texts.get(line.id);
    if (before === undefined) {
      this.#texts.set(line.id, text);
      this.#decisions.push(line);
    } else if (before === text) this.#repeated += 1;
    else this.#contradicting.push(line.id);
  }

  result(): DecisionsRead {
    return {
      decisions: this.#decisions.sort((a, b) => a.position - b.position),
      gaps: this.#gaps,
      bad: this.#bad,
      repeated: this.#repeated,
      contradicting: this.#contradicting,
      foreign: this.#foreign,
      unended: [...this.#open],
      samples: [...this.#samples].sort((a, b) => a - b),
    };
  }
}
