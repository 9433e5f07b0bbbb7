import { TextDecoder } from 'node:util';

/** The bytes are no protobuf message of this shape. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}

/** Wire types of the protobuf encoding. */
const varint = 0;
const fixed64 = 1;
const lengthDelimited = 2;
const startGroup = 3;
const endGroup = 4;
const fixed32 = 5;
/** Nested groups of unknown fields, which nobody sends: refused beyond this. */
const deepestGroup = 8;

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads the protobuf wire format from one buffer, field by field, and copies nothing but the text. It
 * is stricter than the generated code, never laxer: truncated fields, varints beyond their range,
 * field number 0, stray ends of groups and text that is not UTF-8 are refused.
 */
export class WireReader {
  /** Of the next unread byte. */
  at = 0;
  #bytes: Buffer = Buffer.alloc(0);

  start(bytes: Buffer): void {
    this.#bytes = bytes;
    this.at = 0;
  }

  get length(): number {
    return this.#bytes.length;
  }

  /** A tag: field number × 8 + wire type. */
  tag(end: number): number {
    const first = this.#bytes[this.at] as number;
    // One byte, a field number that is not 0, and within the message: every tag that we know.
    if (first < 0x80 && first > 7 && this.at < end) {
      this.at += 1;
      return first;
    }
    const tag = this.#uint32(end);
    if (tag >>> 3 === 0) throw new MalformedMessage('field number 0');
    return tag;
  }

  /** Takes the length of a nested message, and answers where it ends. */
  nested(end: number): number {
    const length = this.#uint32(end);
    if (length > end - this.at) throw new MalformedMessage('a length beyond the message');
    return this.at + length;
  }

  text(end: number): string {
    const stop = this.nested(end);
    const from = this.at;
    this.at = stop;
    const text = this.#bytes.toString('utf8', from, stop);
    // Only bytes that are not UTF-8, and U+FFFD itself, decode to U+FFFD.
    if (text.includes('\uFFFD')) return strictText(this.#bytes.subarray(from, stop));
    return text;
  }

  bool(end: number): boolean {
    let any = 0;
    for (let read = 0; read < 10; read++) {
      const byte = this.#byte(end);
      any |= byte & 0x7f;
      if (byte < 0x80) return any !== 0;
    }
    throw new MalformedMessage('a varint of more than ten bytes');
  }

  /** Passes over a field that is not known, or not of the expected wire type. */
  skip(tag: number, end: number, depth = 0): void {
    switch (tag & 7) {
      case varint:
        this.bool(end);
        return;
      case fixed64:
        return this.#advance(8, end);
      case lengthDelimited:
        this.at = this.nested(end);
        return;
      case startGroup:
        return this.#skipGroup(tag >>> 3, end, depth);
      case fixed32:
        return this.#advance(4, end);
      default:
        throw new MalformedMessage('an unknown wire type, or the end of no group');
    }
  }

  #skipGroup(field: number, end: number, depth: number): void {
    if (depth >= deepestGroup) throw new MalformedMessage('groups are nested too deep');
    for (;;) {
      const tag = this.tag(end);
      if ((tag & 7) !== endGroup) this.skip(tag, end, depth + 1);
      else if (tag >>> 3 === field) return;
      else throw new MalformedMessage('the end of another group');
    }
  }

  #advance(count: number, end: number): void {
    if (count > end - this.at) throw new MalformedMessage('truncated');
    this.at += count;
  }

  #byte(end: number): number {
    if (this.at >= end) throw new MalformedMessage('truncated');
    const byte = this.#bytes[this.at] as number;
    this.at += 1;
    return byte;
  }

  #uint32(end: number): number {
    let value = this.#byte(end);
    if (value < 0x80) return value;
    value &= 0x7f;
    for (let shift = 7; shift < 28; shift += 7) {
      const byte = this.#byte(end);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    const last = this.#byte(end);
    if (last > 0x0f) throw new MalformedMessage('a varint beyond 32 bits');
    return (value | (last << 28)) >>> 0;
  }
}

function strictText(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    throw new MalformedMessage('text that is not UTF-8');
  }
}
