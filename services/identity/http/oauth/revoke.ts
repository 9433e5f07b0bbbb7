import { isRefreshToken } from '#libs/tokens/refresh-token.js';
import type { OauthClient } from './oauth-ledger.js';
import { actingClient } from './acting-client.js';
import { answerJson } from './answer-json.js';
import { neededParam, refuseRepeated, type FormRequest } from './form-request.js';
import type { OauthParts } from './oauth-parts.js';

/**
 * RFC 7009: ends a token of the client, and with a refresh token its whole family, also with one that
 * was followed by another: its client may never have heard of that. The token itself
 * says of which kind it is, so that `token_type_hint` changes nothing. A token that is no good, or that
 * is another client's, is answered alike (section 2.2).
 *
 * @throws OauthError of a request that is refused; Failure when it cannot be revoked now.
 */
export async function revoke(parts: OauthParts, request: FormRequest): Promise<void> {
  refuseRepeated(request);
  const { client } = await actingClient(parts, request);
  const token = neededParam(request, 'token');
  await (isRefreshToken(token)
    ? parts.ledger.revokeFamily(client, token)
    : revokeAccess(parts, client, token));
  answerJson(request, 200, undefined);
}

async function revokeAccess({ ledger }: OauthParts, client: OauthClient, text: string) {
  const live = await ledger.liveToken(text);
  if (live?.client === client.client) await ledger.revokeToken(client, live);
}
