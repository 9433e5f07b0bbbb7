import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import { inSequence } from '#libs/decider/in-sequence.js';
import { evolve } from '#services/identity/domain/evolve.js';
import type { StartSession } from '#services/identity/domain/session/commands.js';
import { decideSessionLife } from '#services/identity/domain/session/decide.js';
import type { NewFamily } from './commands.js';
import { grantRejected, startFamily } from './decide.js';

/** A session of its own for a client or a device, and the family in it: one record. */
export function startWithSession(
  session: StartSession,
  family: NewFamily,
  codeSha256: string | undefined,
  view: DocumentReader,
  facts: Facts,
): Decision {
  const same = family.session === session.session && family.principal === session.principal;
  if (!same) return grantRejected();
  const { tenant, actor, nowMs: atMs } = facts;
  const context = { tenant, actor, position: -1, atMs, reason: '' };
  return inSequence(
    [
      (documents) => decideSessionLife(session, documents, facts),
      (documents) => startFamily(family, codeSha256, documents, facts),
    ],
    view,
    evolve,
    context,
  );
}
