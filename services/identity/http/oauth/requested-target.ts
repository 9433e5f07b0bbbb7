import { resourceOf } from './audience.js';
import type { FormRequest } from './form-request.js';
import { OauthError } from './oauth-error.js';
import type { OauthParts } from './oauth-parts.js';
import type { GrantRequest } from './token-parts.js';

/**
 * The resource that a token is wanted for (RFC 8707, section 2); undefined: none is named. A token is
 * for one.
 *
 * @throws OauthError invalid_target
 */
export function requestedResource({ params, repeated }: FormRequest): string | undefined {
  if (repeated.has('resource')) throw invalidTarget('a token is for one resource');
  const resource = params.get('resource');
  if (resource === undefined) return undefined;
  if (URL.canParse(resource) && !resource.includes('#')) return resource;
  throw invalidTarget('resource must be an absolute URI without a fragment');
}

/**
 * What was granted for one audience is not used for another (RFC 8707, section 2.2), nor for one that
 * the client had then and has no more.
 *
 * @throws OauthError invalid_target
 */
export function requireGrantedTarget(
  { ledger }: OauthParts,
  { form, acting }: GrantRequest,
  audience: string,
): void {
  const resource = requestedResource(form);
  if (resource !== undefined && resource !== resourceOf(audience)) {
    throw invalidTarget('the grant is for another resource');
  }
  if (ledger.audiencesOf(acting.client).some(({ id }) => id === audience)) return;
  throw invalidTarget('the client may not ask for this resource any more');
}

export function invalidTarget(description: string): OauthError {
  return new OauthError('invalid_target', description);
}
