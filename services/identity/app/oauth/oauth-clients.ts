import { hash } from 'node:crypto';
import {
  findClient,
  isServed,
  verifyClientCertificate,
  verifyClientSecret,
  type Client,
} from '#services/identity/app/clients.js';
import { findConsent, scopesToAsk } from '#services/identity/app/consents.js';
import { execute, type IdentityParts } from '#services/identity/app/identity-parts.js';
import { ownCall, type Standing } from '#services/identity/app/session-standing.js';

const mostFound = 1_000;
const rememberedMs = 1_000;

interface Granted {
  readonly client: Client;
  readonly scopes: readonly string[];
  /** When the consent behind it ends, ms since the Unix epoch. */
  readonly untilMs: number;
}

/** OAuth clients as the engine asks for them, and what principals let them have. */
export class OauthClients {
  readonly #parts: IdentityParts;
  /** The engine asks for a client at every step; ledger L says all there is to know of it. */
  readonly #found = new Map<string, Client | undefined>();
  /** Secrets that were right, by SHA-256; for a moment, as they also end by time. */
  readonly #verified = new Map<string, { readonly credential: string; readonly untilMs: number }>();
  /** What principals let them have, by client and principal. */
  readonly #granted = new Map<string, Granted>();
  #foundAt = -1;
  #foundWith = 0;

  constructor(parts: IdentityParts) {
    this.#parts = parts;
  }

  /** One that may act now. */
  find(id: string): Client | undefined {
    this.#forgetIfOlder();
    if (this.#found.has(id)) return this.#found.get(id);
    const client = findClient(this.#parts, id);
    const found = client !== undefined && isServed(this.#parts, client) ? client : undefined;
    this.#found.set(id, found);
    return found;
  }

  /** Credential id of the secret, when it is one of the client's that is good now. */
  secretOf({ client }: Pick<Client, 'client'>, secret: string): string | undefined {
    this.#forgetIfOlder();
    const nowMs = this.#parts.clock.monotonicMs();
    const key = `${client} ${hash('sha256', secret, 'base64url')}`;
    const known = this.#verified.get(key);
    if (known !== undefined && known.untilMs > nowMs) return known.credential;
    const credential = verifyClientSecret(this.#parts, client, secret)?.credential;
    if (credential !== undefined) {
      this.#verified.set(key, { credential, untilMs: nowMs + rememberedMs });
    }
    return credential;
  }

  /** What ledger L says is good until it says more, or a revocation is held that it cannot say. */
  #forgetIfOlder(): void {
    const { reader, fold } = this.#parts.ledger;
    const { position } = reader;
    const { version } = fold.early;
    const size = this.#found.size + this.#verified.size + this.#granted.size;
    const same = position === this.#foundAt && version === this.#foundWith;
    if (same && size < mostFound) return;
    this.#foundAt = position;
    this.#foundWith = version;
    this.#found.clear();
    this.#verified.clear();
    this.#granted.clear();
  }

  /** Credential id of the certificate: bound by its key, or by a name that says SPIFFE. */
  certificateOf(
    { client }: Pick<Client, 'client'>,
    spkiSha256: string,
    uris: readonly string[],
  ): string | undefined {
    const byKey = { kind: 'SPKI', identity: spkiSha256 } as const;
    const byName = uris.map((identity) => ({ kind: 'SPIFFE', identity }) as const);
    for (const one of [byKey, ...byName]) {
      const found = verifyClientCertificate(this.#parts, client, one);
      if (found !== undefined) return found.credential;
    }
    return undefined;
  }

  /** Scopes that the client has of this principal without asking. */
  granted(client: Client, principal: string): readonly string[] {
    this.#forgetIfOlder();
    const key = `${client.client} ${principal}`;
    const known = this.#granted.get(key);
    if (known?.client === client && known.untilMs > this.#parts.clock.wallMs()) return known.scopes;
    const { tenant, client: id } = client;
    const question = { tenant, principal, client: id };
    const asked = new Set(scopesToAsk(this.#parts, question, client.settings.scopes));
    const scopes = client.settings.scopes.filter((scope) => !asked.has(scope));
    const untilMs = findConsent(this.#parts, question)?.expiresAtMs ?? Infinity;
    this.#granted.set(key, { client, scopes, untilMs });
    return scopes;
  }

  /** The principal says yes to these, beside what it has said yes to before. */
  async giveConsent(
    who: Pick<Standing, 'tenant' | 'principal'>,
    { client }: Pick<Client, 'client'>,
    given: readonly string[],
  ): Promise<void> {
    const { tenant, principal } = who;
    const before = findConsent(this.#parts, { tenant, principal, client })?.scopes ?? [];
    await execute(this.#parts, ownCall(who), {
      type: 'GiveConsent',
      principal,
      client,
      scopes: [...new Set([...before, ...given])],
      audience: '',
    });
  }
}
