import { keyHash } from '#libs/events/keys.js';
import { RecordKind } from './record.js';
import { keyString } from './verdict-window.js';

/** The mac key that founds a ledger: it needs no announcement. */
export const foundingMacKeyId = 1;

/** What a snapshot keeps of the announcements. */
export interface Announced {
  /** Key string of the current mac key. */
  readonly macKey: string;
  /** Key strings of the further record formats. */
  readonly formats: readonly string[];
}

/**
 * The key hash that announces a mac key: the first write of a KEY record. From the record after it on
 * only this key counts, so that a key that leaked can be retired.
 */
export function macKeyAnnouncement(id: number): Uint8Array {
  return keyHash('', 'mac-key', String(id));
}

/** The key hash that announces a record format, among the writes of a FEATURE_LEVEL record. */
export function formatAnnouncement(digit: number): Uint8Array {
  return keyHash('', 'record-format', String(digit));
}

export const foundingAnnouncements: Announced = {
  macKey: keyString(macKeyAnnouncement(foundingMacKeyId)),
  formats: [],
};

/**
 * What accepted control records have announced. Nothing else stops a reader: whoever can write to the
 * log but has no key cannot make readers believe that they need a newer build or a further key.
 */
export class Announcements {
  readonly #ids = new Map<number, string>();
  #announced: Announced;

  constructor(announced: Announced) {
    this.#announced = announced;
  }

  get announced(): Announced {
    return this.#announced;
  }

  isCurrentMacKey(id: number): boolean {
    let known = this.#ids.get(id);
    if (known === undefined) {
      known = keyString(macKeyAnnouncement(id));
      // 16 bits: the map stays small whatever is written to the log.
      this.#ids.set(id, known);
    }
    return known === this.#announced.macKey;
  }

  isFormat(digit: number): boolean {
    const { formats } = this.#announced;
    return formats.length > 0 && formats.includes(keyString(formatAnnouncement(digit)));
  }

  /** Takes in an accepted record. */
  take(kind: number, writes: readonly Uint8Array[]): void {
    const [first] = writes;
    if (kind === RecordKind.KEY && first !== undefined) {
      this.#announced = { ...this.#announced, macKey: keyString(first) };
    } else if (kind === RecordKind.FEATURE_LEVEL) {
      const formats = [...this.#announced.formats, ...writes.map(keyString)];
      this.#announced = { ...this.#announced, formats: [...new Set(formats)] };
    }
  }
}
