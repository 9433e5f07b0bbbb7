import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  decodeCommandPayload,
  decodeEvent,
  encodeCommandPayload,
  encodeEvent,
} from '#libs/events/codec.js';
import { eventFormats } from '#libs/events/event-formats.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import type { CommandPayload } from '#libs/events/envelope.js';
import * as wireEvents from '#proto/ledgate/ledger/v1/events.js';
import * as wire from '#proto/ledgate/ledger/v1/payload.js';

import { arbitraryEvent, eventTypes } from './arbitrary-events.js';

const payload = (...events: DomainEvent[]): CommandPayload => ({
  tenant: 't1',
  actor: { tenant: 'system', principal: 'p0' },
  command: 'DoIt',
  commandId: 'c1',
  requestDigest: 'd',
  reason: 'because',
  traceparent: '',
  events: events.map((event) => ({ known: true, event })),
});

const vault = { id: 'v1', sha256: 'h1' };
const passwordSet = (over: object): Uint8Array =>
  wireEvents.PasswordSet.encode(
    wireEvents.PasswordSet.fromPartial({
      principal: 'p1',
      credential: 'c1',
      version: 1,
      hash: vault,
      params: 'm=1',
      cause: 'CHANGE',
      ...over,
    }),
  ).finish();

const problemOf = (wireType: string, data: Uint8Array): string => {
  const decoded = decodeEvent(wireType, data);
  return decoded.ok ? 'decoded' : decoded.problem;
};

describe('event codec', () => {
  it.each(eventTypes)('%s comes back as it went in', (type) => {
    fc.assert(
      fc.property(arbitraryEvent(type), (event) => {
        const decoded = decodeEvent(eventFormats[type].wireType, encodeEvent(event));
        expect(decoded).toEqual({ ok: true, value: event });
      }),
      { numRuns: 25 },
    );
  });

  it('a whole payload comes back as it went in', () => {
    const some = fc.array(fc.constantFrom(...eventTypes).chain(arbitraryEvent), { maxLength: 5 });
    fc.assert(
      fc.property(some, (events) => {
        const before = payload(...events);
        expect(decodeCommandPayload(encodeCommandPayload(before))).toEqual({
          ok: true,
          value: before,
        });
      }),
      { numRuns: 50 },
    );
  });

  it('refuses a word outside its closed set, and names the field but not the value', () => {
    const problem = problemOf('ledgate.credential.PasswordSet.v1', passwordSet({ cause: 'WHIM' }));
    expect(problem).toBe('PasswordSet.cause is missing or not allowed');
  });

  it('refuses a missing message, an empty id and a version 0', () => {
    const type = 'ledgate.credential.PasswordSet.v1';
    expect(problemOf(type, passwordSet({ hash: undefined }))).toContain('PasswordSet.hash');
    expect(problemOf(type, passwordSet({ hash: { id: 'v1', sha256: '' } }))).toContain('sha256');
    expect(problemOf(type, passwordSet({ principal: '' }))).toContain('PasswordSet.principal');
    expect(problemOf(type, passwordSet({ version: 0 }))).toContain('PasswordSet.version');
    const added = wireEvents.LoginNameAdded.encode({ principal: 'p1', loginName: undefined });
    expect(problemOf('ledgate.principal.LoginNameAdded.v1', added.finish())).toContain('loginName');
  });

  it('refuses numbers that a JS number cannot hold', () => {
    const data = wireEvents.TenantDeleted.encode({ slug: 'a', eraseAfterMs: 2n ** 53n }).finish();
    expect(problemOf('ledgate.tenant.TenantDeleted.v1', data)).toContain('eraseAfterMs');
  });

  it('refuses truncated bytes at every length, never throws', () => {
    const bytes = encodeCommandPayload(
      payload({ type: 'GroupCreated', group: 'g1', name: 'crew' }),
    );
    const whole = JSON.stringify(decodeCommandPayload(bytes));
    for (let length = 0; length < bytes.length; length += 1) {
      const decoded = decodeCommandPayload(bytes.subarray(0, length));
      expect(JSON.stringify(decoded)).not.toBe(whole);
    }
  });

  it('random bytes give a value, never an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(typeof decodeCommandPayload(bytes).ok).toBe('boolean');
      }),
    );
  });

  it('keeps an unknown event as unknown, with its critical flag', () => {
    const bytes = wire.CommandPayload.encode(
      wire.CommandPayload.fromPartial({
        tenant: 't1',
        command: 'Later',
        events: [{ type: 'ledgate.later.SomethingLater.v1', critical: true }],
      }),
    ).finish();
    const decoded = decodeCommandPayload(bytes);
    expect(decoded.ok && decoded.value.events).toEqual([
      { known: false, wireType: 'ledgate.later.SomethingLater.v1', critical: true },
    ]);
    expect(() => encodeCommandPayload(decoded.ok ? decoded.value : payload())).toThrow(
      'SomethingLater',
    );
  });

  it('marks exactly the events that an old reader may ignore', () => {
    const ignorable = eventTypes.filter((type) => !eventFormats[type].critical);
    expect(ignorable).toEqual([
      'ProfileChanged',
      'PasswordRehashed',
      'CredentialRenamed',
      'RoleRenamed',
      'SessionLinked',
    ]);
  });
});
