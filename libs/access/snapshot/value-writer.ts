import { numberKinds, type Numbers, type StoredClass, tag } from './value-tags.js';

const chunkBytes = 1 << 20;
/** Part of a typed array: copied at once. */
class Piece {
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** Values between two looks at whether it is time to pause. */
const stride = 256;

/**
 * Writes plain values (and instances of the classes given) as bytes, in slices: numbers, texts,
 * arrays, maps, sets, typed arrays, objects. An object that is met again is written once. What it
 * cannot write is refused: nothing is ever left out.
 */
export class ValueWriter {
  readonly #classes: readonly StoredClass[];
  readonly #stack: Iterator<unknown>[];
  readonly #chunks: Uint8Array[] = [];
  readonly #seen = new Map<object, number>();
  readonly #shapes = new Map<string, number>();
  #bytes = new Uint8Array(chunkBytes);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;
  /** Work since the last look, in values. */
  #busy = 0;

  constructor(value: unknown, classes: readonly StoredClass[]) {
    this.#classes = classes;
    this.#stack = [[value].values()];
  }

  /**
   * Goes on while `mayGoOn` says so; true once everything was written. The values must not change
   * before that.
   *
   * @throws TypeError for a value that has no form here
   */
  run(mayGoOn: () => boolean = () => true): boolean {
    const stack = this.#stack;
    while (stack.length > 0) {
      const next = (stack.at(-1) as Iterator<unknown>).next();
      if (next.done === true) stack.pop();
      else this.#write(next.value);
      this.#busy += 1;
      if (this.#busy < stride) continue;
      this.#busy = 0;
      if (!mayGoOn()) return false;
    }
    return true;
  }

  /** What was written, in pieces. */
  get chunks(): readonly Uint8Array[] {
    return [...this.#chunks, this.#bytes.subarray(0, this.#at)];
  }

  #write(value: unknown): void {
    switch (typeof value) {
      case 'undefined':
        return this.#byte(tag.undefined);
      case 'boolean':
        return this.#byte(value ? tag.true : tag.false);
      case 'number':
        return this.#number(value);
      case 'string':
        return this.#text(value);
      case 'object':
        return value === null ? this.#byte(tag.null) : this.#object(value);
      case 'bigint':
      case 'function':
      case 'symbol':
        throw new TypeError(`a ${typeof value} cannot be stored`);
    }
  }

  #object(value: object): void {
    if (value instanceof Piece) return this.#piece(value);
    if (Array.isArray(value)) return this.#container(tag.array, value.length, value.values());
    if (value instanceof Map) return this.#container(tag.map, value.size, flat(value));
    if (value instanceof Set) return this.#container(tag.set, value.size, value.values());
    if (ArrayBuffer.isView(value)) return this.#numbers(value as Numbers);
    const before = this.#seen.get(value);
    if (before !== undefined) {
      this.#byte(tag.again);
      return this.#word(before);
    }
    this.#seen.set(value, this.#seen.size);
    const named = this.#classes.findIndex(({ type }) => value instanceof type);
    if (named < 0 && Object.getPrototypeOf(value) !== Object.prototype) {
      throw new TypeError(`a ${value.constructor.name} cannot be stored`);
    }
    this.#byte(named < 0 ? tag.object : tag.instance);
    if (named >= 0) this.#byte(named);
    this.#shape(Object.keys(value));
    this.#stack.push(Object.values(value).values());
  }

  #container(kind: number, count: number, items: Iterator<unknown>): void {
    this.#byte(kind);
    this.#word(count);
    this.#stack.push(items);
  }

  /** The names of the fields: spelt out the first time. */
  #shape(names: readonly string[]): void {
    const key = names.join('\0');
    const known = this.#shapes.get(key);
    this.#word(known ?? this.#shapes.size);
    if (known !== undefined) return;
    this.#shapes.set(key, this.#shapes.size);
    this.#word(names.length);
    for (const name of names) this.#text(name);
  }

  #numbers(value: Numbers): void {
    const kind = numberKinds.findIndex((type) => value instanceof type);
    if (kind < 0) throw new TypeError(`a ${value.constructor.name} cannot be stored`);
    this.#byte(tag.numbers);
    this.#byte(kind);
    this.#word(value.byteLength);
    this.#stack.push(piecesOf(value));
  }

  #piece({ bytes }: Piece): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
    this.#busy += stride;
  }

  #number(value: number): void {
    if ((value | 0) === value && !Object.is(value, -0)) {
      this.#byte(tag.int32);
      return this.#word(value);
    }
    this.#room(9);
    this.#view.setUint8(this.#at, tag.float64);
    this.#view.setFloat64(this.#at + 1, value, true);
    this.#at += 9;
  }

  #text(value: string): void {
    const { length } = value;
    if (length * 2 > chunkBytes - 5) throw new TypeError('a text is too long to be stored');
    this.#room(5 + length * 2);
    const start = this.#at + 5;
    let wide = false;
    for (let i = 0; i < length && !wide; i++) {
      const unit = value.charCodeAt(i);
      wide = unit > 255;
      this.#bytes[start + i] = unit;
    }
    if (wide) {
      for (let i = 0; i < length; i++) {
        this.#view.setUint16(start + i * 2, value.charCodeAt(i), true);
      }
    }
    this.#view.setUint8(this.#at, wide ? tag.text16 : tag.text8);
    this.#view.setUint32(this.#at + 1, length, true);
    this.#at = start + (wide ? length * 2 : length);
  }

  #byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#at++] = value;
  }

  #word(value: number): void {
    this.#room(4);
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= chunkBytes) return;
    this.#chunks.push(this.#bytes.subarray(0, this.#at));
    this.#bytes = new Uint8Array(chunkBytes);
    this.#view = new DataView(this.#bytes.buffer);
    this.#at = 0;
  }
}

function* flat(map: ReadonlyMap<unknown, unknown>): Generator {
  for (const [key, value] of map) {
    yield key;
    yield value;
  }
}

function* piecesOf(value: Numbers): Generator<Piece> {
  const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  for (let from = 0; from < bytes.length; from += chunkBytes) {
    yield new Piece(bytes.subarray(from, from + chunkBytes));
  }
}
