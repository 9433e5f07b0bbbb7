import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import { accept } from '#services/identity/domain/decision.js';
import { noSession } from '#services/identity/domain/session/decide.js';
import { liveSession } from '#services/identity/domain/session/state.js';
import type { LinkSession } from './commands.js';
import { artifacts } from './state.js';

/** Only within a live session, and never over another principal's. */
export function decideArtifact(
  command: LinkSession,
  view: DocumentReader,
  { tenant, nowMs }: Facts,
): Decision {
  const { id, session, principal } = command;
  if (liveSession(view, tenant, session, nowMs)?.principal !== principal) return noSession();
  const before = artifacts.read(view, tenant, id);
  if (before !== undefined && before.principal !== principal) return noSession();
  return accept({ ...command, type: 'SessionLinked' });
}
