import { describe, expect, it } from 'vitest';
import { levelOf } from '#libs/events/feature-levels.js';

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
});
