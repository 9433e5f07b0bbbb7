import type { Document } from '#libs/decider/state-store.js';

interface Recent {
  /** What is stored, until somebody has read it; empty afterwards. */
  json: string;
  /** `undefined`: nothing is stored under this text, or nobody has read it. */
  document: Document | undefined;
}

/** Documents of one generation; what was not asked for during two is forgotten. */
const PER_GENERATION = 1_024;
/** Characters; longer ones are read again each time, so that memory stays bounded. */
const LONGEST = 4_096;

/**
 * What was read and written last, as a later read would give it: of what is put, the JSON is kept and
 * parsed by the first who asks. Documents are given out again and must not be changed in place.
 */
export class RecentDocuments {
  #young = new Map<string, Recent>();
  #old = new Map<string, Recent>();

  /** `undefined` where it is not known here; else what is stored under the text, if anything. */
  find(text: string): { readonly document: Document | undefined } | undefined {
    const recent = this.#young.get(text) ?? this.#revived(text);
    if (recent !== undefined && recent.json !== '') {
      recent.document = JSON.parse(recent.json) as Document;
      recent.json = '';
    }
    return recent;
  }

  /** What was just read, or that there is nothing. `length`: of its JSON. */
  read(text: string, document: Document | undefined, length: number): void {
    if (length <= LONGEST) this.#keep(text, { json: '', document });
  }

  written(text: string, json: string): void {
    if (json.length <= LONGEST) this.#keep(text, { json, document: undefined });
    else this.#forget(text);
  }

  removed(text: string): void {
    this.#keep(text, { json: '', document: undefined });
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }

  #revived(text: string): Recent | undefined {
    const recent = this.#old.get(text);
    if (recent !== undefined) this.#keep(text, recent);
    return recent;
  }

  #keep(text: string, recent: Recent): void {
    if (this.#young.size >= PER_GENERATION) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(text, recent);
  }

  #forget(text: string): void {
    this.#young.delete(text);
    this.#old.delete(text);
  }
}
