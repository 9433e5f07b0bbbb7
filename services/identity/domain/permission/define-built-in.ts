import type { Decide } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import type { PermissionDefined } from '#libs/events/catalogue.js';
import { systemTenant } from '#libs/events/envelope.js';
import { builtInPermissions } from '#services/identity/domain/built-in-permissions.js';
import { accept, reject } from '#services/identity/domain/decision.js';
import { permissions } from './state.js';

/** Defines those permissions of Ledgate itself that came after the tenant was created. */
export interface DefineBuiltIn {
  readonly type: 'DefineBuiltIn';
}

/** Only the system itself does it. What somebody retired stays retired. */
export const decideBuiltIn: Decide<DefineBuiltIn> = (_, view, { tenant, actor }) => {
  if (actor.principal !== '') return reject('PERMISSION_DENIED', 'only the system itself may');
  return accept(...missingBuiltIn(view, tenant));
};

export function missingBuiltIn(view: DocumentReader, tenant: string): PermissionDefined[] {
  return builtInPermissions(tenant === systemTenant).filter(
    ({ permission }) => permissions.read(view, tenant, permission) === undefined,
  );
}
