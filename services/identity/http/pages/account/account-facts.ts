import type { FactorKind } from '#libs/events/catalogue.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import { findClient } from '#services/identity/app/clients.js';
import { findConsent } from '#services/identity/app/consents.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import { principalDetails } from '#services/identity/app/principals.js';
import { listSessions, type Session } from '#services/identity/app/sessions.js';
import { ownLinks, type OwnLink } from '#services/identity/app/upstream/own-links.js';
import {
  apiKeysOf,
  credentialNames,
  credentials,
} from '#services/identity/domain/api-key/state.js';
import { consentsOf } from '#services/identity/domain/consent/state.js';
import { codesLeft, factorsHeld, recoveryOf } from '#services/identity/domain/factor/state.js';

/** Everything that an account page shows. */
export interface AccountFacts {
  readonly name: string;
  readonly hasPassword: boolean;
  /** Login names that are addresses which nobody has verified. */
  readonly unverified: readonly string[];
  readonly factors: readonly {
    readonly credential: string;
    readonly kind: FactorKind;
    readonly name: string;
    readonly createdAtMs: number;
    readonly blocked: boolean;
  }[];
  readonly codesLeft: number;
  /** Accounts at providers that log in as this one. */
  readonly links: readonly OwnLink[];
  /** Providers that one could be linked at. */
  readonly offered: readonly { readonly provider: string; readonly name: string }[];
  readonly sessions: readonly {
    readonly session: string;
    readonly label: string;
    readonly startedAtMs: number;
    readonly own: boolean;
  }[];
  /** Clients that it has consented to. */
  readonly apps: readonly {
    readonly client: string;
    readonly name: string;
    readonly scopes: readonly string[];
  }[];
  readonly keys: readonly {
    readonly credential: string;
    readonly name: string;
    readonly prefix: string;
    readonly expiresAtMs: number;
  }[];
}

export async function accountFacts(parts: IdentityParts, own: Session): Promise<AccountFacts> {
  const { tenant, principal } = own;
  const nowMs = parts.clock.wallMs();
  const view = documentsOf(parts.ledger.state);
  const details = await principalDetails(parts, tenant, principal, nowMs);
  const factors = factorsHeld(view, tenant, principal).map(
    ({ credential, name, status, facts: { kind, createdAtMs } }) => {
      return { credential, kind, name, createdAtMs, blocked: status !== 'ACTIVE' };
    },
  );
  const keyIds = apiKeysOf.read(view, tenant, principal)?.credentials ?? [];
  const keys = keyIds.flatMap((credential) => {
    const key = credentials.read(view, tenant, credential);
    const facts = key?.apiKey;
    if (key?.status !== 'ACTIVE' || facts === undefined) return [];
    const { prefix, expiresAtMs = 0 } = facts;
    if (expiresAtMs !== 0 && expiresAtMs <= nowMs) return [];
    const name = credentialNames.read(view, tenant, credential)?.name ?? prefix;
    return [{ credential, name, prefix, expiresAtMs }];
  });
  const sessions = listSessions(parts, tenant, principal).map(({ session, label, startedAtMs }) => {
    return { session, label, startedAtMs, own: session === own.session };
  });
  const clients = consentsOf.read(view, tenant, principal)?.clients ?? [];
  const apps = clients.flatMap((client) => {
    const consent = findConsent(parts, { tenant, principal, client });
    const found = findClient(parts, client);
    if (consent === undefined || found === undefined) return [];
    return [{ client, name: found.settings.name, scopes: consent.scopes }];
  });
  const { links, offered } = ownLinks(parts, own);
  const loginName = details?.loginNames[0]?.value ?? '';
  return {
    name: details?.profile.displayName || loginName,
    hasPassword: details?.hasPassword ?? false,
    unverified: parts.delivery.mail.available
      ? (details?.loginNames ?? [])
          .filter(({ kind, verified }) => kind === 'EMAIL' && !verified)
          .map(({ value }) => value)
      : [],
    factors,
    codesLeft: codesLeft(recoveryOf.read(view, tenant, principal)),
    links,
    offered: offered.map(({ provider, displayName: name }) => ({ provider, name })),
    sessions,
    keys,
    apps,
  };
}
