import type { DomainEvent } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';
import { keyText } from '#libs/events/keys.js';
import { foldCommands } from '#libs/ledger/fold-commands.js';
import type { Judged } from '#libs/ledger/judge.js';
import { signLogoutToken } from '#libs/tokens/sign-logout-token.js';
import { findClient } from '#services/identity/app/clients.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import type { FamilyDocument } from '#services/identity/domain/refresh-family/state.js';
import type { PostForm } from '#services/identity/ports/delivery.js';

/** Waits between the tries to tell a client, ms. */
export const retryAfterMs: readonly number[] = [1_000, 5_000, 30_000, 120_000, 600_000];
/** What ended longer ago is not told any more: whoever catches up must not shower its clients. */
const newsForMs = 600_000;
const mostPending = 10_000;
const mostUris = 1_000;
const timeoutMs = 5_000;

/**
 * OpenID Connect Back-Channel Logout: whoever has got tokens in a session is told when it ends, however
 * it ends. Each instance tells what it reads; a client may hear it more than once, and never for want
 * of an instance not at all.
 */
export class LogoutNotices {
  readonly #parts: IdentityParts;
  readonly #post: PostForm;
  /** Clients with an address for it, by tenant and session. */
  readonly #clients = new Map<string, Set<string>>();
  /** Addresses of clients, as ledger L has them at this position. */
  readonly #uris = new Map<string, string | undefined>();
  #urisAt = -1;
  readonly #closing = new AbortController();
  readonly #timers = new Set<() => void>();
  #stop: () => void = () => undefined;

  constructor(parts: IdentityParts, post: PostForm = parts.delivery.postForm) {
    this.#parts = parts;
    this.#post = post;
  }

  /** Notices that are on their way or wait for another try. */
  get pending(): number {
    return this.#timers.size;
  }

  start(): void {
    const { ledger, sessions } = this.#parts;
    for (const { id: tenant } of ledger.fold.view.tenants) {
      const prefix = keyText({ tenant, kind: 'family', id: '' });
      for (const [, document] of sessions.state.scan(prefix)) {
        const { session, client, revoked } = document as FamilyDocument;
        if (!revoked) this.#note(tenant, session, client);
      }
    }
    this.#stop = sessions.reader.onJudged((batch) => this.#take(batch));
  }

  close(): void {
    this.#stop();
    this.#closing.abort();
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  #take(batch: readonly Judged[]): void {
    const event = (it: DomainEvent, context: EventContext): void => this.#see(it, context);
    for (const judged of batch) foldCommands(judged, { event, quarantine: () => undefined });
  }

  #see(event: DomainEvent, { tenant, atMs }: EventContext): void {
    if (event.type === 'AuthorizationCodeIssued' || event.type === 'RefreshFamilyStarted') {
      return this.#note(tenant, event.session, event.client);
    }
    if (event.type !== 'SessionEnded') return;
    const key = `${tenant} ${event.session}`;
    const clients = this.#clients.get(key) ?? [];
    this.#clients.delete(key);
    if (this.#parts.clock.wallMs() - atMs > newsForMs) return;
    for (const client of clients) {
      const { session, principal } = event;
      void this.#tell({ client, session, principal }, 0);
    }
  }

  #note(tenant: string, session: string, client: string): void {
    if (this.#uriOf(client) === undefined) return;
    const key = `${tenant} ${session}`;
    const known = this.#clients.get(key) ?? new Set();
    this.#clients.set(key, known.add(client));
  }

  async #tell(notice: Notice, tries: number): Promise<void> {
    const { log, clock } = this.#parts;
    if (await this.#delivered(notice)) return;
    const waitMs = retryAfterMs[tries];
    const { client, session } = notice;
    if (waitMs === undefined || this.#timers.size >= mostPending || this.#closing.signal.aborted) {
      return log.warn({ client, session }, 'a client could not be told that a session has ended');
    }
    const cancel = clock.after(waitMs, () => {
      this.#timers.delete(cancel);
      void this.#tell(notice, tries + 1);
    });
    this.#timers.add(cancel);
  }

  async #delivered({ client, principal, session }: Notice): Promise<boolean> {
    const { signingKeys, issuer, ids, clock, log } = this.#parts;
    const uri = this.#uriOf(client);
    if (uri === undefined) return true;
    try {
      const issuedAtS = Math.floor(clock.wallMs() / 1000);
      const facts = { issuer, client, principal, session, tokenId: ids.opaque(), issuedAtS };
      const token = await signLogoutToken(await signingKeys.active(), facts);
      const form = new URLSearchParams({ logout_token: token });
      const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(timeoutMs)]);
      const status = await this.#post(uri, form, signal);
      // Section 2.8; 400: the client knows of no such session, and asking again changes nothing.
      return status === 200 || status === 204 || status === 400;
    } catch (error) {
      log.debug({ err: error, client }, 'a client was not reached');
      return false;
    }
  }

  #uriOf(client: string): string | undefined {
    const { position } = this.#parts.ledger.reader;
    if (position !== this.#urisAt || this.#uris.size >= mostUris) this.#uris.clear();
    this.#urisAt = position;
    if (this.#uris.has(client)) return this.#uris.get(client);
    const uri = findClient(this.#parts, client)?.settings.backchannelLogoutUri;
    const told = uri !== undefined && mayBeTold(uri, this.#parts.issuer) ? uri : undefined;
    this.#uris.set(client, told);
    return told;
  }
}

interface Notice {
  readonly client: string;
  readonly principal: string;
  readonly session: string;
}

/**
 * Tenants choose the address: one without TLS would be a door to what listens on this machine alone
 * (CWE-918), so it is for issuers without TLS, which are for trying out.
 */
export function mayBeTold(uri: string, issuer: string): boolean {
  return uri.startsWith('https://') || issuer.startsWith('http://');
}
