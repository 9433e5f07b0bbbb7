import type { Key, KeyKind } from '#libs/events/keys.js';
import type { Document } from './state-store.js';

/** What a decider may do with the state: look at single documents, by their key. */
export interface DocumentReader {
  get(key: Key): Document | undefined;
}

/** What a fold may do with the state. */
export interface DocumentWriter extends DocumentReader {
  put(key: Key, document: Document): void;
  remove(key: Key): void;
}

/** The documents of one kind of key, with their type. `tenant` is `''` for cluster-wide names. */
export class DocumentKind<T extends Document> {
  readonly kind: KeyKind;

  constructor(kind: KeyKind) {
    this.kind = kind;
  }

  key(tenant: string, id: string): Key {
    return { tenant, kind: this.kind, id };
  }

  read(from: DocumentReader, tenant: string, id: string): T | undefined {
    return from.get(this.key(tenant, id)) as T | undefined;
  }

  put(to: DocumentWriter, tenant: string, id: string, document: T): void {
    to.put(this.key(tenant, id), document);
  }

  /** Replaces a document by a changed copy; does nothing where there is none. */
  change(within: DocumentWriter, tenant: string, id: string, change: (document: T) => T): void {
    const document = this.read(within, tenant, id);
    if (document !== undefined) this.put(within, tenant, id, change(document));
  }

  remove(from: DocumentWriter, tenant: string, id: string): void {
    from.remove(this.key(tenant, id));
  }
}
