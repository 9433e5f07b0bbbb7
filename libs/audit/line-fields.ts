/** A field that is not what the format says; the message names it, never its value. */
export class BadLine extends Error {
  override readonly name = 'BadLine';
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads the fields of one JSON object strictly: each must be there, and of its type; no others. */
export class LineFields {
  readonly #fields: Fields;
  readonly #path: string;
  readonly #read = new Set<string>();

  constructor(value: unknown, path: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new BadLine(`${path === '' ? 'the line' : path} is not an object`);
    }
    this.#fields = value as Fields;
    this.#path = path;
  }

  text(name: string, longest: number): string {
    const value = this.#take(name);
    if (typeof value !== 'string' || value.length > longest) {
      throw this.#bad(name, `a text of at most ${longest} characters`);
    }
    return value;
  }

  textOrNull(name: string, longest: number): string | null {
    return this.#fields[name] === null ? this.#nothing(name) : this.text(name, longest);
  }

  whole(name: string, least = 0): number {
    const value = this.#take(name);
    if (!Number.isSafeInteger(value) || (value as number) < least) {
      throw this.#bad(name, `a whole number of at least ${least}`);
    }
    return value as number;
  }

  number(name: string, least: number, most: number): number {
    const value = this.#take(name);
    if (typeof value !== 'number' || !(value >= least && value <= most)) {
      throw this.#bad(name, `a number from ${least} to ${most}`);
    }
    return value;
  }

  numberOrNull(name: string, least: number, most: number): number | null {
    return this.#fields[name] === null ? this.#nothing(name) : this.number(name, least, most);
  }

  yes(name: string): true {
    if (this.#take(name) !== true) throw this.#bad(name, 'true, or absent');
    return true;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#fields, name);
  }

  word<W extends string>(name: string, words: readonly W[]): W {
    const value = this.#take(name);
    const found = words.find((word) => word === value);
    if (found === undefined) throw this.#bad(name, `one of ${words.join(', ')}`);
    return found;
  }

  texts(name: string, most: number, longest: number): string[] {
    const value = this.#take(name);
    const fits = (one: unknown): boolean => typeof one === 'string' && one.length <= longest;
    if (!Array.isArray(value) || value.length > most || !value.every(fits)) {
      throw this.#bad(name, `at most ${most} texts`);
    }
    return value as string[];
  }

  object(name: string): LineFields {
    return new LineFields(this.#take(name), this.#named(name));
  }

  /** @throws BadLine when there is a field that nobody asked for. */
  end(): void {
    const unknown = Object.keys(this.#fields).find((name) => !this.#read.has(name));
    if (unknown !== undefined) {
      throw new BadLine(`${this.#path === '' ? 'the line' : this.#path} has an unknown field`);
    }
  }

  #nothing(name: string): null {
    this.#read.add(name);
    return null;
  }

  #take(name: string): unknown {
    if (!Object.hasOwn(this.#fields, name)) throw new BadLine(`${this.#named(name)} is missing`);
    this.#read.add(name);
    return this.#fields[name];
  }

  #named(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }

  #bad(name: string, expected: string): BadLine {
    return new BadLine(`${this.#named(name)} must be ${expected}`);
  }
}
