import { AccessView } from '../projection/access-view.js';
import { Api } from '../projection/api.js';
import type { KeyHash } from '../projection/quarantine.js';
import { Role } from '../projection/role.js';
import { mix } from '../projection/slot-table.js';
import { Tenant } from '../projection/tenant.js';
import { ValueReader } from './value-reader.js';
import { ValueWriter } from './value-writer.js';
import type { StoredClass } from './value-tags.js';

/**
 * Raised whenever the fold makes another state of the same records (a test tells when): what an older
 * build stored is then passed over, and the ledger is read instead.
 */
const projectionVersion = 2;

interface Written {
  readonly view: Readonly<Record<string, unknown>>;
  readonly facts: object;
}

const classes: readonly StoredClass[] = [
  { type: Tenant, make: () => new Tenant(-1, '') },
  { type: Role, make: () => new Role(-1, '') },
  { type: Api, make: () => new Api('') },
];

/**
 * Writes a whole view, in slices; the view must not change meanwhile. `facts`: what else whoever folds
 * it must remember, as plain values.
 */
export class ViewWriter extends ValueWriter {
  constructor(view: AccessView, facts: object = {}) {
    super({ view: view.save(), facts }, classes);
  }
}

/** Reads, in slices, the view that a `ViewWriter` of a build with the same `projectionId` wrote. */
export class ViewReader extends ValueReader {
  readonly #keyHash: KeyHash;

  constructor(bytes: Uint8Array, keyHash: KeyHash) {
    super(bytes, classes);
    this.#keyHash = keyHash;
  }

  /** The view, once `run` said that it is there; to be asked for once. */
  get view(): AccessView {
    const view = new AccessView(this.#keyHash);
    view.load((this.result as Written).view);
    return view;
  }

  get facts(): object {
    return (this.result as Written).facts;
  }
}

/** Names the form of the stored view: its version, and all its fields. */
export function projectionId(): string {
  const empty = new AccessView(() => new Uint8Array(16));
  const parts = { Tenant: new Tenant(0, ''), Role: new Role(0, ''), Api: new Api('') };
  const names = namesIn({ ...empty.save(), ...parts });
  let hash = 0;
  for (const name of names) for (const letter of name) hash = mix(hash, letter.charCodeAt(0));
  return `access-${projectionVersion}-${(hash >>> 0).toString(16)}`;
}

function namesIn(value: object): string[] {
  return Object.entries(value).flatMap(([name, part]: [string, unknown]) => {
    const inner = typeof part === 'object' && part !== null && !ArrayBuffer.isView(part);
    return [name, ...(inner ? namesIn(part) : [])];
  });
}
