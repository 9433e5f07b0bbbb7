import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import { inSequence } from '#libs/decider/in-sequence.js';
import { systemTenant } from '#libs/events/envelope.js';
import type { EventContext } from '#libs/events/envelope.js';
import type { CreateApiKey } from './api-key/commands.js';
import { createApiKey } from './api-key/create.js';
import { reject } from './decision.js';
import { evolve } from './evolve.js';
import { grantRole } from './grant/grant-role.js';
import { decidePrincipal } from './principal/decide.js';
import type { RotateSigningKey } from './signing-key/commands.js';
import { decideSigningKey } from './signing-key/decide.js';
import { adminGrant } from './tenant/commands.js';
import type { CreateTenant } from './tenant/commands.js';
import { decideNewTenant } from './tenant/decide.js';

/** The first command of a cluster: the system tenant, its signing key and a first credential. */
export interface InitialiseSystem {
  readonly type: 'InitialiseSystem';
  /** With `admin`: the principal that the API key belongs to. */
  readonly tenant: CreateTenant;
  readonly signingKey: RotateSigningKey;
  readonly apiKey: CreateApiKey;
}

/** The first command of a restored cell: what replaces everything that was issued before. */
export interface ReopenSystem {
  readonly type: 'ReopenSystem';
  readonly signingKey: RotateSigningKey;
  /** Of an administrator of the system tenant. */
  readonly apiKey: CreateApiKey;
}

type Step = (view: DocumentReader) => Decision;

/** A tenant with its permissions, its admin role and, if given, its first admin: one record. */
export function createTenant(command: CreateTenant, view: DocumentReader, facts: Facts): Decision {
  return inSequence(tenantSteps(command, facts), view, evolve, contextOf(facts));
}

/** Done once: a second attempt finds the system tenant and is refused. */
export function initialiseSystem(
  command: InitialiseSystem,
  view: DocumentReader,
  facts: Facts,
): Decision {
  if (facts.tenant !== systemTenant || facts.actor.principal !== '') {
    return reject('PERMISSION_DENIED', 'only the system itself initialises the cluster');
  }
  const { tenant, signingKey, apiKey } = command;
  const steps: Step[] = [
    ...tenantSteps(tenant, facts),
    (it) => decideSigningKey(signingKey, it, facts),
    (it) => createApiKey(apiKey, it, facts),
  ];
  return inSequence(steps, view, evolve, contextOf(facts));
}

/** A signing key and a credential that are newer than the OPEN: those of before are dead. */
export function reopenSystem(command: ReopenSystem, view: DocumentReader, facts: Facts): Decision {
  if (facts.tenant !== systemTenant || facts.actor.principal !== '') {
    return reject('PERMISSION_DENIED', 'only the system itself opens a restored cell');
  }
  const { signingKey, apiKey } = command;
  const steps: Step[] = [
    (it) => decideSigningKey(signingKey, it, facts),
    (it) => createApiKey(apiKey, it, facts),
  ];
  return inSequence(steps, view, evolve, contextOf(facts));
}

function tenantSteps(command: CreateTenant, facts: Facts): Step[] {
  const steps: Step[] = [(it) => decideNewTenant(command, it, facts)];
  const { admin, adminRole } = command;
  if (admin === undefined) return steps;
  const grant = adminGrant(admin.grant, admin.principal.principal, adminRole);
  return [
    ...steps,
    (it) => decidePrincipal(admin.principal, it, facts),
    (it) => grantRole(grant, it, facts),
  ];
}

/** Steps are folded to decide the next one only; the real position is not known yet. */
function contextOf({ tenant, actor, nowMs }: Facts): EventContext {
  return { tenant, actor, position: 0, atMs: nowMs, reason: '' };
}
