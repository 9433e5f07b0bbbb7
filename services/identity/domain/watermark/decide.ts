import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import { systemTenant } from '#libs/events/envelope.js';
import { accept, reject } from '#services/identity/domain/decision.js';
import { livePrincipal } from '#services/identity/domain/principal/state.js';
import type { RaiseWatermark } from './commands.js';

/** Watermarks only ever rise: what is dead stays dead. */
export function decideWatermark(
  { scope, id, cause }: RaiseWatermark,
  view: DocumentReader,
  { tenant }: Facts,
): Decision {
  switch (scope) {
    case 'PRINCIPAL': {
      if (livePrincipal(view, tenant, id) === undefined) {
        return reject('NOT_FOUND', 'no such principal');
      }
      break;
    }
    case 'CLIENT':
      return reject('UNSUPPORTED', 'there are no clients yet');
    case 'TENANT': {
      if (id !== tenant) return reject('PERMISSION_DENIED', 'this is another tenant');
      break;
    }
    case 'ALL': {
      if (tenant !== systemTenant || id !== '') {
        return reject('PERMISSION_DENIED', 'only the system tenant speaks for all');
      }
      break;
    }
  }
  return accept({ type: 'WatermarkRaised', scope, id, cause });
}
