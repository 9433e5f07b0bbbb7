import { describe, expect, it } from 'vitest';

import {
  askAnyPermission,
  askPermission,
  explainPermission,
} from '#services/authorizer/app/callers.js';
import { accessOf, listedMethods, permissionOf } from '#services/identity/app/method-access.js';
import { builtInPermissions } from '#services/identity/domain/built-in-permissions.js';
import { permissionProblem, reservedProblem } from '#services/identity/domain/names/exact-name.js';

const names = (forSystemTenant: boolean) =>
  builtInPermissions(forSystemTenant).map((event) => event.permission);

describe('built-in permissions', () => {
  it('are those that the methods ask for, each in the tenants that may use it', () => {
    const byRole = ['PERMITTED', 'SELF'];
    const asked = listedMethods().filter((one) => byRole.includes(accessOf(one)?.who ?? ''));
    const identity = names(true).filter((name) => !name.startsWith('ledgate.authorizer:'));
    const methods = new Set(asked.map((method) => permissionOf(method)));
    expect([...methods].sort()).toEqual(identity.sort());
    const inTenants = names(false);
    for (const method of asked) {
      expect([method, inTenants.includes(permissionOf(method))]).toEqual([
        method,
        accessOf(method)?.systemOnly === false,
      ]);
    }
  });

  it('of the authorizer are those that it asks for', () => {
    const authorizer = names(false).filter((name) => name.startsWith('ledgate.authorizer:'));
    expect(authorizer).toEqual([askPermission, askAnyPermission, explainPermission]);
  });

  it('have good names that nobody else can define', () => {
    for (const name of names(true)) {
      expect(permissionProblem(name)).toBeUndefined();
      expect(reservedProblem(name)).toBeDefined();
    }
    expect(new Set(names(true)).size).toBe(names(true).length);
  });
});
