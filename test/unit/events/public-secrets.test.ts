import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DomainEvent } from '#libs/events/catalogue.js';
import type { CommandPayload } from '#libs/events/envelope.js';
import { publicEventsOf, publicEventTypes, type PublicEvent } from '#libs/events/public-events.js';
import { publicPlaces } from '../../support/secrets/public-places.js';
import { search } from '../../support/secrets/search.js';
import { arbitraryEvent, eventTypes } from './arbitrary-events.js';

/** 100000 for the long run. */
const wanted = Number(process.env['PUBLIC_EVENTS'] ?? 4_000);
const batch = 500;
/** What stands in every field that must not get out. */
const secret = { name: 'a secret', bytes: Buffer.from('t8-secret-or-personal') };
const text = secret.bytes.toString();

/** Fields that hold something personal or secret wherever they occur. */
const never = new Set([
  'slug',
  'displayName',
  'description',
  'ticket',
  'prefix',
  'sha256',
  'blindIndex',
  'blindIndexes',
  'vaultIds',
  'params',
  'webauthnId',
  'idSha256',
  'publicKey',
  'identity',
  'redirectUris',
  'postLogoutRedirectUris',
  'jwks',
  'backchannelLogoutUri',
  'clientId',
  'tokenSha256',
  'replacedTokenSha256',
  'codeSha256',
  'deviceSha256',
  'userCodeSha256',
  'jtiSha256',
  'answerHash',
  'binding',
  'label',
  'sealed',
  'artifact',
  'confirmation',
  'redirectUri',
  'nonce',
  'pkce',
]);
/** References into the vault: also the id in them must not get out. */
const references = new Set([
  'hash',
  'profile',
  'value',
  'privateKey',
  'blindIndexKey',
  'seed',
  'address',
  'codes',
  'externalSubject',
  'clientSecret',
]);
/** Names of roles are public; other names are not. */
const rolesHaveNames = /^Role/u;

function tainted(value: unknown, field: string, type: string): unknown {
  const isName = field === 'name' && !rolesHaveNames.test(type);
  if (typeof value === 'string') return never.has(field) || isName ? text : value;
  if (Array.isArray(value))
    return never.has(field) ? [text, text] : value.map((one) => tainted(one, field, type));
  if (typeof value !== 'object' || value === null) return value;
  if (references.has(field)) return { id: text, sha256: text };
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, tainted(inner, name, type)]),
  );
}

function payloadOf(events: readonly DomainEvent[]): CommandPayload {
  return {
    tenant: 'tenant',
    actor: { tenant: 'tenant', principal: 'principal' },
    command: 'Anything',
    commandId: text,
    requestDigest: text,
    reason: text,
    traceparent: '',
    events: events.map((event) => ({ known: true, event })),
  };
}

function* batches(): Generator<PublicEvent[]> {
  for (let made = 0, round = 0; made < wanted || round < eventTypes.length; round += 1) {
    const type = eventTypes[round % eventTypes.length] ?? 'TenantCreated';
    const events = fc
      .sample(arbitraryEvent(type), { numRuns: batch / 5, seed: round })
      .map((event) => tainted(event, '', type) as DomainEvent);
    const at = { ledger: 'auth.ledger.v1', position: round, atMs: round };
    const published = publicEventsOf(payloadOf(events), at);
    made += published.length;
    yield published;
  }
}

describe('public events', () => {
  it('hold nothing personal or secret of any event', () => {
    let count = 0;
    const types = new Set<string>();
    for (const events of batches()) {
      count += events.length;
      for (const { type } of events) types.add(type);
      expect(search([secret], publicPlaces(events)).findings).toEqual([]);
    }
    expect(count).toBeGreaterThanOrEqual(wanted);
    expect(types.size).toBe(publicEventTypes().length);
  }, 600_000);

  it('would be found out: every field of the white list that is tainted is found', () => {
    const event = fc.sample(arbitraryEvent('RoleCreated'), { numRuns: 1, seed: 1 })[0];
    if (event?.type !== 'RoleCreated') throw new Error('no event');
    const leaking = { ...event, name: text };
    const events = publicEventsOf(payloadOf([leaking]), { ledger: 'l', position: 1, atMs: 1 });
    expect(search([secret], publicPlaces(events)).findings).toHaveLength(2);
  });
});
