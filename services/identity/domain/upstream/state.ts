import { DocumentKind } from '#libs/decider/documents.js';
import type { DocumentReader, DocumentWriter } from '#libs/decider/documents.js';
import { presentFields } from '#libs/decider/present-fields.js';
import type {
  DomainEvent,
  LinkPolicy,
  UpstreamSecondFactor,
  VaultRef,
} from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';
import { earlierWith } from '#services/identity/domain/erasure/earlier-blobs.js';
import { factorsOf, type LinkFacts } from '#services/identity/domain/password/state.js';
import { livePrincipal } from '#services/identity/domain/principal/state.js';

/** An OpenID provider of a tenant, under the name that the tenant gave it. */
export interface UpstreamDocument {
  readonly displayName: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret?: VaultRef | undefined;
  readonly scopes: readonly string[];
  readonly enabled: boolean;
  readonly linkPolicy: LinkPolicy;
  /** What the tenant takes for two factors; absent: nothing. */
  readonly secondFactor?: UpstreamSecondFactor | undefined;
}

export const upstreams = new DocumentKind<UpstreamDocument>('upstream');
/** Blind index and issuer → whose account there it is. Stays when the principal is deleted. */
export const externalIdentities = new DocumentKind<{ readonly principal: string }>('extid');

/** Accounts at providers that a principal may have linked. */
export const mostLinks = 10;

/** base64url holds no comma. */
function externalId(blindIndex: string, issuer: string): string {
  return `${blindIndex},${issuer}`;
}

/** Whose account at a provider this is; a deleted principal holds none. */
export function linkedPrincipal(
  view: DocumentReader,
  tenant: string,
  { issuer, blindIndex }: { readonly issuer: string; readonly blindIndex: string },
): string | undefined {
  const link = externalIdentities.read(view, tenant, externalId(blindIndex, issuer));
  if (link === undefined) return undefined;
  return livePrincipal(view, tenant, link.principal) && link.principal;
}

/** The accounts at providers that log in as a principal. */
export function linksHeld(
  view: DocumentReader,
  tenant: string,
  principal: string,
): readonly LinkFacts[] {
  return factorsOf.read(view, tenant, principal)?.links ?? [];
}

/** Whether a link can be used now: its provider is there, enabled, and still the same. */
export function isUsable(view: DocumentReader, tenant: string, link: LinkFacts): boolean {
  const provider = upstreams.read(view, tenant, link.provider);
  return provider?.enabled === true && provider.issuer === link.issuer;
}

type UpstreamEvent = Extract<
  DomainEvent,
  { type: 'UpstreamProviderSet' | 'UpstreamProviderRemoved' }
>;
type LinkEvent = Extract<
  DomainEvent,
  { type: 'ExternalIdentityLinked' | 'ExternalIdentityUnlinked' }
>;

export function evolveUpstream(
  event: UpstreamEvent,
  to: DocumentWriter,
  { tenant }: EventContext,
): void {
  const { provider } = event;
  if (event.type === 'UpstreamProviderRemoved') return upstreams.remove(to, tenant, provider);
  const { displayName, issuer, clientId, clientSecret, scopes, enabled, linkPolicy } = event;
  const { secondFactor } = event;
  const client = { displayName, issuer, clientId, clientSecret, scopes };
  const document = { ...client, enabled, linkPolicy, secondFactor };
  upstreams.put(to, tenant, provider, presentFields(document));
}

export function evolveLink(
  event: LinkEvent,
  to: DocumentWriter,
  { tenant, atMs }: EventContext,
): void {
  const { principal, provider, issuer, blindIndex } = event;
  const id = externalId(blindIndex, issuer);
  const before = factorsOf.read(to, tenant, principal);
  const held = before?.links ?? [];
  const credentials = before?.credentials ?? [];
  const isIt = (link: LinkFacts): boolean =>
    link.blindIndex === blindIndex && link.issuer === issuer;
  const others = held.filter((link) => !isIt(link));
  if (event.type === 'ExternalIdentityUnlinked') {
    externalIdentities.remove(to, tenant, id);
    const earlier = earlierWith(before, held.find(isIt)?.subject.id);
    return factorsOf.put(to, tenant, principal, { credentials, links: others, ...earlier });
  }
  externalIdentities.put(to, tenant, id, { principal });
  const link = { provider, issuer, blindIndex, subject: event.externalSubject, linkedAtMs: atMs };
  const links = [...others, link];
  factorsOf.put(to, tenant, principal, { credentials, links, ...earlierWith(before) });
}
