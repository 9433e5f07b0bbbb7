import { hash, timingSafeEqual } from 'node:crypto';
import type { CodeFacts } from './oauth-ledger.js';
import { familyAnswer } from './family-answer.js';
import { neededParam } from './form-request.js';
import { invalidGrant, throwGrantProblem } from './grant-problem.js';
import { confirmationText, keyBinding } from './key-binding.js';
import type { OauthParts } from './oauth-parts.js';
import { requireGrantedTarget } from './requested-target.js';
import type { GrantRequest, TokenAnswer } from './token-parts.js';

/** RFC 7636, section 4.1. */
const verifierText = /^[A-Za-z0-9._~-]{43,128}$/u;

/**
 * RFC 6749, section 4.1.3. A code is looked at before it is used up: who found one, and asks wrongly,
 * has ended nothing. Its use is one append, of any number of which one gets through; a second use
 * kills what the first one gave.
 */
export async function authorizationCode(
  parts: OauthParts,
  asked: GrantRequest,
): Promise<TokenAnswer> {
  const { form, acting } = asked;
  const code = neededParam(form, 'code');
  const redirectUri = neededParam(form, 'redirect_uri');
  const facts = await parts.ledger.code(acting.client, code);
  if (facts === undefined) throw invalidGrant('there is no such code of this client');
  requireVerifier(form.params.get('code_verifier'), facts.pkce);
  const binding = keyBinding(asked);
  if (facts.redirectUri !== redirectUri) throw invalidGrant('another redirect_uri than before');
  requireCodeKey(parts, facts, asked.jkt);
  requireGrantedTarget(parts, asked, facts.audience);
  const { scopes, audience, nonce } = facts;
  const confirmation = confirmationText(binding);
  const issued = await parts.ledger
    .redeemCode(acting.client, code, { scopes, audience, confirmation })
    .catch(throwGrantProblem);
  return familyAnswer(parts, asked, { issued, scopes, binding, nonce });
}

/** RFC 7636, section 4.6; a verifier without a challenge is a downgrade (RFC 9700, section 4.8.2). */
function requireVerifier(verifier: string | undefined, challenge: string | undefined): void {
  if (verifier === undefined && challenge === undefined) return;
  if (verifier === undefined || challenge === undefined || !verifierText.test(verifier)) {
    throw invalidGrant('code_verifier and challenge do not go together');
  }
  const [shown, kept] = [hash('sha256', verifier, 'base64url'), challenge].map((it) =>
    Buffer.from(it, 'latin1'),
  );
  const isRight = shown?.length === kept?.length && shown && kept && timingSafeEqual(shown, kept);
  if (isRight !== true) throw invalidGrant('code_verifier is wrong');
}

/** A code that was asked for with `dpop_jkt` is worth nothing without that key (RFC 9449, section 10). */
function requireCodeKey(
  { sealed, clock }: OauthParts,
  { artifact = '' }: CodeFacts,
  jkt: string | undefined,
): void {
  if (artifact === '') return;
  const content = sealed.open('code artifact', artifact, clock.wallMs());
  if (typeof content !== 'object' || content === null) throw invalidGrant('an unreadable code');
  const { dpopJkt } = content as { readonly dpopJkt?: unknown };
  if (dpopJkt !== undefined && dpopJkt !== jkt) throw invalidGrant('another key than dpop_jkt');
}
