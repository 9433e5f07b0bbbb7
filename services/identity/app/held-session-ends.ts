import type { EarlyDeny } from '#libs/access/sessions/early-denies.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import type { Clock } from '#libs/runtime/clock.js';
import { families } from '#services/identity/domain/refresh-family/state.js';
import { sessionLists, sessions } from '#services/identity/domain/session/state.js';
import type { Revocation } from '#services/identity/ports/revocation-journal.js';

/** Longest life of an access token, ms. */
const longestTokenMs = 3_600_000;

/** What is known of ledger S, for revocations that it cannot take now. */
export class HeldSessionEnds {
  readonly #documents: DocumentReader;
  readonly #clock: Pick<Clock, 'wallMs'>;

  constructor(documents: DocumentReader, clock: Pick<Clock, 'wallMs'>) {
    this.#documents = documents;
    this.#clock = clock;
  }

  /** Whether what is to end belongs to whom the caller was permitted to end it for. */
  isOfOwner(tenant: string, command: Revocation): boolean {
    const documents = this.#documents;
    const owns = (session: string, principal: string): boolean =>
      sessions.read(documents, tenant, session)?.principal === principal;
    switch (command.type) {
      case 'RevokeToken':
        return true;
      case 'RevokeRefreshFamily': {
        const known = families.read(documents, tenant, command.family);
        return command.client === undefined || known?.client === command.client;
      }
      case 'EndSession':
        return owns(command.session, command.principal);
      case 'EndSessions':
        return command.except === undefined || owns(command.except, command.principal);
    }
  }

  deniesOf(tenant: string, command: Revocation): readonly EarlyDeny[] {
    const documents = this.#documents;
    switch (command.type) {
      case 'RevokeToken':
        return [{ tenant, kind: 'TOKEN', id: command.jti, untilMs: command.expiresAtMs }];
      case 'RevokeRefreshFamily': {
        const known = families.read(documents, tenant, command.family);
        const untilMs = Math.max(known?.expiresAtMs ?? 0, this.#clock.wallMs() + longestTokenMs);
        return [{ tenant, kind: 'FAMILY', id: command.family, untilMs }];
      }
      case 'EndSession':
        return [this.#ended(tenant, command.session)];
      case 'EndSessions': {
        const listed = sessionLists.read(documents, tenant, command.principal)?.sessions ?? [];
        const others = listed.filter(({ session }) => session !== command.except);
        return others.map(({ session }) => this.#ended(tenant, session));
      }
    }
  }

  #ended(tenant: string, id: string): EarlyDeny {
    const known = sessions.read(this.#documents, tenant, id);
    const untilMs = known?.expiresAtMs ?? this.#clock.wallMs() + longestTokenMs;
    return { tenant, kind: 'SESSION', id, untilMs };
  }
}
