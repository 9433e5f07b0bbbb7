import type { Issued } from './oauth-ledger.js';
import { newAccessToken } from './access-token.js';
import { newIdToken } from './id-token.js';
import type { KeyBinding } from './key-binding.js';
import type { OauthParts } from './oauth-parts.js';
import type { GrantRequest, TokenAnswer } from './token-parts.js';

export interface FamilyOrder {
  readonly issued: Issued;
  /** Of those of the family. */
  readonly scopes: readonly string[];
  readonly binding: KeyBinding | undefined;
  /** Only with the tokens of a code. */
  readonly nonce?: string | undefined;
}

/**
 * The tokens of a family at this generation. Scopes whose consent was withdrawn meanwhile are not in
 * them; a client gets refresh tokens when it may use them.
 */
export async function familyAnswer(
  parts: OauthParts,
  asked: GrantRequest,
  { issued, scopes, binding, nonce }: FamilyOrder,
): Promise<TokenAnswer> {
  const { family, refreshToken } = issued;
  const { client } = asked.acting;
  const granted = parts.ledger.granted(client, family.principal);
  const given = scopes.filter((scope) => granted.includes(scope));
  const access = await newAccessToken(parts, asked, {
    audience: family.audience,
    scopes: given,
    verified: family,
    family: family.family,
    binding,
    outage: family.outage,
  });
  const id = given.includes('openid')
    ? await newIdToken(parts, asked, family, given, nonce)
    : undefined;
  const mayRefresh = client.settings.grantTypes.includes('refresh_token');
  return {
    ...access,
    ...(id === undefined ? {} : { id_token: id }),
    ...(mayRefresh ? { refresh_token: refreshToken } : {}),
    scope: given.join(' '),
  };
}
