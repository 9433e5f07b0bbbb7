import type { KeyHash } from '../projection/quarantine.js';
import { mix } from '../projection/slot-table.js';
import { SessionView } from '../sessions/session-view.js';
import { ValueReader } from './value-reader.js';
import { ValueWriter } from './value-writer.js';

/** Raised whenever the fold makes another state of the same records, or rows change their form. */
const projectionVersion = 1;

interface Written {
  readonly view: Readonly<Record<string, unknown>>;
  readonly facts: object;
}

/** Writes a whole session view, in slices; the view must not change meanwhile. */
export class SessionViewWriter extends ValueWriter {
  constructor(view: SessionView, facts: object = {}) {
    super({ view: view.save(), facts }, []);
  }
}

/** Reads, in slices, what a `SessionViewWriter` of a build with the same form wrote. */
export class SessionViewReader extends ValueReader {
  readonly #keyHash: KeyHash;

  constructor(bytes: Uint8Array, keyHash: KeyHash) {
    super(bytes, []);
    this.#keyHash = keyHash;
  }

  /** The view, once `run` said that it is there; to be asked for once. */
  get view(): SessionView {
    const view = new SessionView(this.#keyHash);
    view.load((this.result as Written).view);
    return view;
  }

  get facts(): object {
    return (this.result as Written).facts;
  }
}

/** Names the form of the stored view: its version, and its fields. */
export function sessionProjectionId(): string {
  const names = Object.keys(new SessionView(() => new Uint8Array(16)).save());
  let hash = 0;
  for (const name of names) for (const letter of name) hash = mix(hash, letter.charCodeAt(0));
  return `sessions-${projectionVersion}-${(hash >>> 0).toString(16)}`;
}
