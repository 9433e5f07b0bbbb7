import type { DomainEvent } from '#libs/events/catalogue.js';

/** Fields that may be shown of any event: ids and plain facts, no secrets and nothing personal. */
const shown: ReadonlySet<string> = new Set([
  'principal',
  'kind',
  'origin',
  'cause',
  'credential',
  'replaces',
  'scopes',
  'permission',
  'risk',
  'role',
  'name',
  'oldName',
  'permissions',
  'parents',
  'added',
  'removed',
  'admin',
  'group',
  'grant',
  'subjectKind',
  'subject',
  'resourcePrefix',
  'expiresAtMs',
  'oldExpiresAtMs',
  'ticket',
  'untilMs',
  'overlapUntilMs',
  'kid',
  'issuer',
  'algorithm',
  'scope',
  'id',
  'slug',
  'client',
  'session',
  'family',
  'jti',
  'channel',
  'remaining',
  'provider',
  'api',
  'audience',
  'acr',
]);

type Fact = string | number | boolean | readonly string[] | undefined;

/** The facts of an event as texts, by the names of the catalogue; times in ms since the Unix epoch. */
export function factsOf(event: DomainEvent): Readonly<Record<string, string>> {
  const facts: Record<string, string> = {};
  for (const [field, value] of Object.entries(event) as [string, Fact][]) {
    if (!shown.has(field) || value === undefined) continue;
    facts[field] = typeof value === 'object' ? value.join(' ') : String(value);
  }
  return facts;
}
