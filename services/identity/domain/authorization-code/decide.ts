import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import { accept, futureProblem, refuseFields, reject } from '#services/identity/domain/decision.js';
import {
  grantRejected,
  revocation,
  startFamily,
} from '#services/identity/domain/refresh-family/decide.js';
import { families } from '#services/identity/domain/refresh-family/state.js';
import { startWithSession } from '#services/identity/domain/refresh-family/with-session.js';
import { codeLifetimeMs } from '#services/identity/domain/session/lifetimes.js';
import { liveSession } from '#services/identity/domain/session/state.js';
import type {
  AuthorizationCodeCommand,
  IssueAuthorizationCode,
  RedeemAuthorizationCode,
} from './commands.js';
import { codes } from './state.js';

export function decideAuthorizationCode(
  command: AuthorizationCodeCommand,
  view: DocumentReader,
  facts: Facts,
): Decision {
  return command.type === 'IssueAuthorizationCode'
    ? issue(command, view, facts)
    : redeem(command, view, facts);
}

function issue(command: IssueAuthorizationCode, view: DocumentReader, facts: Facts): Decision {
  const { tenant, nowMs } = facts;
  const { session, principal, expiresAtMs } = command;
  const tooLong = expiresAtMs > nowMs + codeLifetimeMs ? 'is too far ahead' : undefined;
  const refused = refuseFields(['expires_at_ms', futureProblem(expiresAtMs, nowMs) ?? tooLong]);
  if (refused !== undefined) return refused;
  if (liveSession(view, tenant, session, nowMs)?.principal !== principal) return grantRejected();
  if (codes.read(view, tenant, command.codeSha256) !== undefined) {
    return reject('ALREADY_EXISTS', 'the code exists');
  }
  return accept({ ...command, type: 'AuthorizationCodeIssued' });
}

/** The code of another client is left alone: whoever found it learns nothing, and ends nothing. */
function redeem(command: RedeemAuthorizationCode, view: DocumentReader, facts: Facts): Decision {
  const { tenant, nowMs } = facts;
  const { codeSha256, client, family, session } = command;
  const code = codes.read(view, tenant, codeSha256);
  if (code === undefined || code.client !== client) return grantRejected();
  if (code.family !== undefined) return replayed(codeSha256, code.family, client, view, facts);
  const owner = liveSession(view, tenant, code.session, nowMs);
  const same = family.principal === code.principal && family.client === client;
  if (code.expiresAtMs <= nowMs || owner === undefined || !same) return grantRejected();
  if (session !== undefined) {
    return startWithSession(session, family, codeSha256, view, facts);
  }
  return family.session === code.session
    ? startFamily(family, codeSha256, view, facts)
    : grantRejected();
}

/** RFC 6749, 4.1.2 and RFC 9700, 4.5: what was issued for it dies too. */
function replayed(
  codeSha256: string,
  family: string,
  client: string,
  view: DocumentReader,
  { tenant, nowMs }: Facts,
): Decision {
  const document = families.read(view, tenant, family);
  if (document === undefined || document.revoked) return grantRejected();
  return accept(
    { type: 'AuthorizationCodeReplayed', codeSha256, client, family },
    revocation(family, document, 'CODE_REPLAY', nowMs),
  );
}
