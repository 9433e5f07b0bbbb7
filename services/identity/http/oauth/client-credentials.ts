import { audienceOf } from './audience.js';
import type { OauthClient } from './oauth-ledger.js';
import { openidScopes, words } from './scope-words.js';
import { clientItself, newAccessToken } from './access-token.js';
import type { FormRequest } from './form-request.js';
import { keyBinding } from './key-binding.js';
import { OauthError } from './oauth-error.js';
import type { OauthParts } from './oauth-parts.js';
import { invalidTarget, requestedResource } from './requested-target.js';
import type { GrantRequest, TokenAnswer } from './token-parts.js';

/** RFC 6749, section 4.4: a token for the client's own service account, and no append. */
export async function clientCredentials(
  parts: OauthParts,
  asked: GrantRequest,
): Promise<TokenAnswer> {
  const { client, credential } = asked.acting;
  if (!parts.ledger.isActive(client.tenant, client.principal)) {
    throw new OauthError('unauthorized_client', 'the service account of the client is suspended');
  }
  const scopes = scopesFor(client, asked.form);
  const access = await newAccessToken(parts, asked, {
    audience: audienceFor(parts, client, asked.form),
    scopes,
    verified: clientItself(parts, client, credential),
    binding: keyBinding(asked),
    outage: false,
  });
  return scopes.length === 0 ? access : { ...access, scope: scopes.join(' ') };
}

/** RFC 8707: one of the client's, the first where it names none. */
function audienceFor({ ledger }: OauthParts, client: OauthClient, form: FormRequest): string {
  const resource = requestedResource(form);
  const asked = resource === undefined ? undefined : audienceOf(resource);
  const audiences = ledger.audiencesOf(client);
  const found = asked === undefined ? audiences[0] : audiences.find(({ id }) => id === asked);
  if (found === undefined) throw invalidTarget('the client may not ask for this resource');
  return found.id;
}

/** What nobody defined is left out; what everybody knows and this client may not have is refused. */
function scopesFor({ settings }: OauthClient, { params }: FormRequest): readonly string[] {
  const scopes: string[] = [];
  for (const scope of words(params.get('scope'))) {
    if (settings.scopes.includes(scope)) scopes.push(scope);
    else if (isOpenid(scope) && settings.scopes.some(isOpenid)) {
      const members = { scope };
      throw new OauthError('invalid_scope', 'the client may not have this scope', { members });
    }
  }
  return [...new Set(scopes)];
}

function isOpenid(scope: string): boolean {
  return (openidScopes as readonly string[]).includes(scope);
}
