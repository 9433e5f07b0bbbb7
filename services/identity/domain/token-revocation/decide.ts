import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import { accept } from '#services/identity/domain/decision.js';
import type { RevokeToken } from './commands.js';
import { revokedTokens } from './state.js';

/** A leeway of the clocks of those who judge, ms: until then a token may still be taken. */
const leewayMs = 60_000;

/** Nothing for a token that is revoked already, or that is over anyway (RFC 7009, 2.2). */
export function decideTokenRevocation(
  command: RevokeToken,
  view: DocumentReader,
  { tenant, nowMs }: Facts,
): Decision {
  const { type: _, ...token } = command;
  if (token.expiresAtMs + leewayMs <= nowMs) return accept();
  if (revokedTokens.read(view, tenant, token.jti) !== undefined) return accept();
  return accept({ type: 'TokenRevoked', ...token });
}
