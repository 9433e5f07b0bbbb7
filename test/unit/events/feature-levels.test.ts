import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { levelOf, newestLevel } from '#libs/events/feature-levels.js';
import { ledgerOf } from '#libs/events/ledger-of.js';
import { arbitraryEvent, eventTypes } from './arbitrary-events.js';

const facts = { permission: 'vault:open', resourceType: '', description: '' } as const;

describe('the level that an event needs', () => {
  it('is 2 for a permission that must be recorded: an older reader would pass over that', () => {
    for (const type of ['PermissionDefined', 'PermissionChanged'] as const) {
      const event = { type, ...facts, risk: 'NORMAL' } as const;
      expect(levelOf(event)).toBe(1);
      expect(levelOf({ ...event, auditRequired: false })).toBe(1);
      expect(levelOf({ ...event, auditRequired: true })).toBe(2);
    }
  });

  it.each(eventTypes.filter((type) => ledgerOf(type) === 'S'))(
    'is 3 for %s, as for everything of ledger S',
    (type) => {
      for (const event of fc.sample(arbitraryEvent(type), 3)) expect(levelOf(event)).toBe(3);
    },
  );

  it('is 3 where something was redeemed, or a setting is new', () => {
    const registered = { type: 'PrincipalRegistered', principal: 'p', kind: 'USER' } as const;
    const rest = { profile: undefined, loginNames: [], origin: 'SIGNUP' } as const;
    expect(levelOf({ ...registered, ...rest })).toBe(1);
    expect(levelOf({ ...registered, ...rest, challenge: 'c' })).toBe(3);
    const changed = { type: 'TenantSettingsChanged' } as const;
    expect(levelOf({ ...changed, settings: { passwordMinLength: 12 } })).toBe(1);
    expect(levelOf({ ...changed, settings: { outageGraceMs: 0 } })).toBe(3);
  });

  it('is known to this build', () => {
    for (const type of eventTypes) {
      for (const event of fc.sample(arbitraryEvent(type), 1)) {
        expect(levelOf(event)).toBeLessThanOrEqual(newestLevel);
      }
    }
  });
});
