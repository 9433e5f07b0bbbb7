import { numberKinds, type StoredClass, tag } from './value-tags.js';

/** Values between two looks at whether it is time to pause. */
const stride = 256;
const unitsAtOnce = 4096;

/** A container that is being filled. */
interface Frame {
  left: number;
  readonly add: (value: unknown) => void;
}

/** Reads, in slices, what a `ValueWriter` with the same classes wrote. */
export class ValueReader {
  readonly #classes: readonly StoredClass[];
  readonly #stack: Frame[];
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #objects: object[] = [];
  readonly #shapes: (readonly string[])[] = [];
  #at = 0;
  #result: unknown;

  constructor(bytes: Uint8Array, classes: readonly StoredClass[]) {
    // Never a subclass, whose `slice` may share the memory.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#classes = classes;
    this.#stack = [{ left: 1, add: (value) => (this.#result = value) }];
  }

  /**
   * Goes on while `mayGoOn` says so; true once everything was read.
   *
   * @throws RangeError for bytes that no writer made
   */
  run(mayGoOn: () => boolean = () => true): boolean {
    const stack = this.#stack;
    for (let count = 1; stack.length > 0; count++) {
      const top = stack.at(-1) as Frame;
      if (top.left === 0) stack.pop();
      else {
        top.left -= 1;
        top.add(this.#value());
      }
      if (count % stride === 0 && !mayGoOn()) return false;
    }
    if (this.#at !== this.#bytes.length) throw new RangeError('bytes are left over');
    return true;
  }

  /** The value, once `run` said that it is there. */
  get result(): unknown {
    return this.#result;
  }

  #value(): unknown {
    const kind = this.#byte();
    switch (kind) {
      case tag.undefined:
        return undefined;
      case tag.null:
        return null;
      case tag.false:
      case tag.true:
        return kind === tag.true;
      case tag.int32:
        return this.#word() | 0;
      case tag.float64:
        return this.#view.getFloat64(this.#skip(8), true);
      case tag.text8:
      case tag.text16:
        return this.#text(kind === tag.text16);
      case tag.numbers:
        return this.#numbers();
      case tag.again:
        return this.#again();
      case tag.object:
        return this.#fields({});
      case tag.instance:
        return this.#fields(this.#instance());
      default:
        return this.#container(kind);
    }
  }

  #container(kind: number): object {
    const count = this.#word();
    if (kind === tag.array) {
      const items: unknown[] = [];
      this.#stack.push({ left: count, add: (value) => items.push(value) });
      return items;
    }
    if (kind === tag.set) {
      const items = new Set<unknown>();
      this.#stack.push({ left: count, add: (value) => items.add(value) });
      return items;
    }
    if (kind !== tag.map) throw new RangeError(`no value begins with ${kind}`);
    const map = new Map<unknown, unknown>();
    let key: unknown;
    let keyed = false;
    const add = (value: unknown): void => {
      if (keyed) map.set(key, value);
      else key = value;
      keyed = !keyed;
    };
    this.#stack.push({ left: count * 2, add });
    return map;
  }

  #fields(into: object): object {
    this.#objects.push(into);
    const names = this.#shape();
    let next = 0;
    const add = (value: unknown): void => {
      Reflect.set(into, names[next++] as string, value);
    };
    this.#stack.push({ left: names.length, add });
    return into;
  }

  #instance(): object {
    const named = this.#classes[this.#byte()];
    if (named === undefined) throw new RangeError('an unknown class');
    return named.make();
  }

  #shape(): readonly string[] {
    const index = this.#word();
    const known = this.#shapes[index];
    if (known !== undefined) return known;
    if (index !== this.#shapes.length) throw new RangeError('an unknown shape');
    const count = this.#word();
    const names: string[] = [];
    while (names.length < count) names.push(this.#text(this.#byte() === tag.text16));
    this.#shapes.push(names);
    return names;
  }

  #again(): object {
    const object = this.#objects[this.#word()];
    if (object === undefined) throw new RangeError('an object that was not written');
    return object;
  }

  #numbers(): object {
    const kind = numberKinds[this.#byte()];
    if (kind === undefined) throw new RangeError('an unknown kind of numbers');
    const length = this.#word();
    const from = this.#skip(length);
    return new kind(this.#bytes.slice(from, from + length).buffer);
  }

  #text(wide: boolean): string {
    const length = this.#word();
    const from = this.#skip(wide ? length * 2 : length);
    const units = wide
      ? new Uint16Array(this.#bytes.slice(from, from + length * 2).buffer)
      : this.#bytes.subarray(from, from + length);
    if (length <= unitsAtOnce) return String.fromCharCode(...units);
    let text = '';
    for (let at = 0; at < length; at += unitsAtOnce) {
      text += String.fromCharCode(...units.subarray(at, at + unitsAtOnce));
    }
    return text;
  }

  #byte(): number {
    return this.#view.getUint8(this.#skip(1));
  }

  #word(): number {
    return this.#view.getUint32(this.#skip(4), true);
  }

  #skip(bytes: number): number {
    const from = this.#at;
    if (from + bytes > this.#bytes.length) throw new RangeError('the bytes end too early');
    this.#at = from + bytes;
    return from;
  }
}
