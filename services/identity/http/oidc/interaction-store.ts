import type { AdapterPayload } from 'oidc-provider';
import { cookieName } from '../cookies.js';
import type { EngineParts } from './engine-context.js';
import { Nowhere } from './nowhere.js';

const prefix = 'ledgate_i_';
/** Tabs that may be between two forms at once. */
const most = 4;
/** Browsers keep 4 KiB of a cookie (RFC 6265, section 6.1). */
const longest = 3_800;

/** Name of the cookie of one interaction. */
export function interactionCookie(uid: string, secure: boolean): string {
  return cookieName(`${prefix}${uid}`, secure);
}

/**
 * An authorization request that waits for a person lies sealed in the person's browser: whoever is
 * not authenticated stores nothing with us.
 */
export class InteractionStore extends Nowhere {
  readonly #parts: EngineParts;

  constructor(parts: EngineParts) {
    super();
    this.#parts = parts;
  }

  override upsert(uid: string, payload: AdapterPayload, ttlS: number): Promise<void> {
    const { jar, sealed, clock, secure } = this.#parts;
    const text = sealed.seal('interaction', payload, clock.wallMs() + ttlS * 1000);
    if (text.length > longest) throw new RangeError('the authorization request is too long');
    const ours = cookieName(prefix, secure);
    const older = jar.names().filter((name) => name.startsWith(ours));
    for (const name of older.slice(0, Math.max(0, older.length - most + 1))) jar.remove(name);
    jar.set(interactionCookie(uid, secure), text, ttlS);
    return Promise.resolve();
  }

  override find(uid: string): Promise<AdapterPayload | undefined> {
    const { jar, sealed, clock, secure } = this.#parts;
    const text = jar.get(interactionCookie(uid, secure));
    const payload = text && sealed.open('interaction', text, clock.wallMs());
    return Promise.resolve(payload as AdapterPayload | undefined);
  }

  override destroy(uid: string): Promise<void> {
    this.#parts.jar.remove(interactionCookie(uid, this.#parts.secure));
    return Promise.resolve();
  }
}
