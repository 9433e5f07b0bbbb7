const firstSize = 16 << 10;

/**
 * Writes the protobuf wire format into one buffer that is used again and again. What `finish` returns
 * is overwritten by the next message: it must be copied, or sent, in the same turn.
 */
export class WireWriter {
  #bytes = Buffer.allocUnsafe(firstSize);
  #at = 0;

  reset(): void {
    this.#at = 0;
  }

  /** `tag` is field number × 8 + 2 and one byte. Nothing is written for an empty text. */
  text(tag: number, text: string): void {
    const { length } = text;
    if (length === 0) return;
    this.#reserve(6 + length * 3);
    const bytes = this.#bytes;
    bytes[this.#at] = tag;
    if (length < 43) {
      // At most 126 bytes of UTF-8: the length takes one byte, and is known afterwards.
      const written = bytes.write(text, this.#at + 2, 'utf8');
      bytes[this.#at + 1] = written;
      this.#at += 2 + written;
      return;
    }
    this.#at += 1;
    this.#varint(Buffer.byteLength(text, 'utf8'));
    this.#at += bytes.write(text, this.#at, 'utf8');
  }

  /** A whole number from −2^53 to 2^53; nothing is written for 0. `tag` is field number × 8. */
  int(tag: number, value: number): void {
    if (value === 0) return;
    this.#reserve(11);
    this.#bytes[this.#at++] = tag;
    if (value > 0) this.#varint(value);
    else this.#negative(value);
  }

  /** A whole number from 0 to 2^53 of a field with presence: 0 is written too. */
  whole(tag: number, value: number): void {
    this.#reserve(11);
    this.#bytes[this.#at++] = tag;
    this.#varint(value);
  }

  /** Nothing is written for false. */
  bool(tag: number, value: boolean): void {
    if (!value) return;
    this.#reserve(2);
    this.#bytes[this.#at++] = tag;
    this.#bytes[this.#at++] = 1;
  }

  /** Begins a nested message; `end` takes what this returned. */
  begin(tag: number): number {
    this.#reserve(2);
    this.#bytes[this.#at++] = tag;
    this.#at += 1;
    return this.#at;
  }

  end(start: number): void {
    const length = this.#at - start;
    if (length < 0x80) {
      this.#bytes[start - 1] = length;
      return;
    }
    // The length needs more than the one byte that was kept free: what follows moves up.
    const more = length < 0x4000 ? 1 : length < 0x20_0000 ? 2 : 3;
    this.#reserve(more);
    this.#bytes.copyWithin(start + more, start, this.#at);
    const after = this.#at + more;
    this.#at = start - 1;
    this.#varint(length);
    this.#at = after;
  }

  /** The message. Valid until the next `reset`. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  #varint(value: number): void {
    let rest = value;
    while (rest > 0x7fff_ffff) {
      this.#bytes[this.#at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    while (rest > 0x7f) {
      this.#bytes[this.#at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#at++] = rest;
  }

  /** Two's complement of 64 bits: ten bytes. */
  #negative(value: number): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 0x7fn; rest >>= 7n) this.#bytes[this.#at++] = Number(rest & 0x7fn) | 0x80;
    this.#bytes[this.#at++] = Number(rest);
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + count));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}
