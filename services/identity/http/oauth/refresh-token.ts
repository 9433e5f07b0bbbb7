import type { UsedFamily } from './oauth-ledger.js';
import { words } from './scope-words.js';
import { familyAnswer } from './family-answer.js';
import { neededParam } from './form-request.js';
import { invalidGrant, throwGrantProblem } from './grant-problem.js';
import { keyBinding, requireSameKey } from './key-binding.js';
import { OauthError } from './oauth-error.js';
import type { OauthParts } from './oauth-parts.js';
import { requireGrantedTarget } from './requested-target.js';
import type { GrantRequest, TokenAnswer } from './token-parts.js';

/**
 * RFC 6749, section 6: one append. What is asked wrongly uses nothing up; a token that was used before
 * ends its family (RFC 9700, section 4.14.2), which the ledger does.
 */
export async function refreshToken(parts: OauthParts, asked: GrantRequest): Promise<TokenAnswer> {
  const { form, acting } = asked;
  const token = neededParam(form, 'refresh_token');
  const wanted = words(form.params.get('scope'));
  const issued = await parts.ledger
    .rotate(acting.client, token, (family) => requireRight(parts, family, asked, wanted))
    .catch(throwGrantProblem);
  const scopes = wanted.length === 0 ? issued.family.scopes : wanted;
  return familyAnswer(parts, asked, { issued, scopes, binding: keyBinding(asked) });
}

function requireRight(
  parts: OauthParts,
  family: UsedFamily,
  asked: GrantRequest,
  wanted: readonly string[],
): void {
  const isIts = family.client === asked.acting.client.client;
  if (!isIts || family.revoked) throw invalidGrant('no good family of this client');
  keyBinding(asked);
  requireSameKey(family.confirmation, asked);
  const beyond = wanted.filter((scope) => !family.scopes.includes(scope));
  if (beyond.length > 0) {
    const members = { scope: beyond.join(' ') };
    throw new OauthError('invalid_scope', 'goes beyond what was granted', { members });
  }
  requireGrantedTarget(parts, asked, family.audience);
}
