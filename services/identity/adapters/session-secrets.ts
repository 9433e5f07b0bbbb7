import { SealBroken, type MasterKeys, type SealedFor } from '#libs/runtime/master-keys.js';
import {
  readRefreshToken,
  refreshToken,
  type RefreshTokenFacts,
} from '#libs/tokens/refresh-token.js';
import type {
  SessionOwner,
  SessionSecrets,
  SessionSource,
} from '#services/identity/ports/session-secrets.js';

const purpose = 'refresh tokens';
/** What is kept of an agent or address that somebody makes up, in characters. */
const longest = 256;

/** Under keys derived from the master keys. */
export class MasterKeySessionSecrets implements SessionSecrets {
  readonly #keys: MasterKeys;

  constructor(keys: MasterKeys) {
    this.#keys = keys;
  }

  refreshToken(facts: RefreshTokenFacts): string {
    return refreshToken(facts, this.#keys.version, this.#keys.derive(purpose));
  }

  readRefreshToken(text: string): RefreshTokenFacts | undefined {
    const versions = this.#keys.versions();
    return readRefreshToken(text, (version) =>
      versions.includes(version) ? this.#keys.derive(purpose, version) : undefined,
    );
  }

  sealSource({ address, agent }: SessionSource, owner: SessionOwner): string {
    if (address === '' && agent === '') return '';
    const plain = JSON.stringify([address.slice(0, longest), agent.slice(0, longest)]);
    const sealed = this.#keys.seal(Buffer.from(plain, 'utf8'), boundTo(owner));
    return Buffer.from(sealed).toString('base64url');
  }

  openSource(sealed: string, owner: SessionOwner): SessionSource | undefined {
    if (sealed === '') return undefined;
    try {
      const plain = this.#keys.open(Buffer.from(sealed, 'base64url'), boundTo(owner));
      const [address, agent] = JSON.parse(Buffer.from(plain).toString('utf8')) as string[];
      return { address: address ?? '', agent: agent ?? '' };
    } catch (error) {
      if (error instanceof SealBroken) return undefined;
      throw error;
    }
  }
}

function boundTo({ tenant, principal, session }: SessionOwner): SealedFor {
  return { vaultId: session, class: 'PROFILE', tenant, principal };
}
