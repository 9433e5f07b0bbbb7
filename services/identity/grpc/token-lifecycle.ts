import type {
  IntrospectTokenRequest,
  IntrospectTokenResponse,
  RefreshTokenRequest,
  RefreshTokenResponse,
  RevokeTokenRequest,
  RevokeTokenResponse,
} from '#proto/ledgate/identity/v1/token.js';
import { Failure } from '#libs/errors/failure.js';
import { isRefreshToken } from '#libs/tokens/refresh-token.js';
import { introspect, type Introspection } from '#services/identity/app/introspection.js';
import { LiveTokens } from '#services/identity/app/oauth/live-tokens.js';
import { revokeFamily } from '#services/identity/app/refresh-families.js';
import { ownCall } from '#services/identity/app/session-standing.js';
import { refreshTokens } from '#services/identity/app/session-tokens.js';
import { revokeToken } from '#services/identity/app/token-revocations.js';
import type { Admission, AdmittedCall, OpenCall } from '#services/identity/grpc/admission.js';

const LONGEST_TOKEN = 8192;

/** What is done with tokens once they are given out; the token is the credential of the call. */
export class TokenLifecycle {
  readonly #live: LiveTokens;

  constructor({ parts }: Admission) {
    this.#live = new LiveTokens(parts);
  }

  async refresh(request: RefreshTokenRequest, call: OpenCall): Promise<RefreshTokenResponse> {
    const { refreshToken, scopes } = request;
    call.fields.bounded('refresh_token', refreshToken, LONGEST_TOKEN);
    if (scopes.length > 50) call.fields.add('scopes', 'more than 50');
    call.fields.check();
    const { traceparent } = call.context;
    const rotation = { refreshToken, client: '', scopes, origin: { traceparent } };
    const refreshed = await refreshTokens(call.parts, rotation);
    return {
      accessToken: refreshed.accessToken,
      expiresAtMs: BigInt(refreshed.expiresAtMs),
      refreshToken: refreshed.refreshToken,
      scopes: [...refreshed.scopes],
      outage: refreshed.outage,
    };
  }

  /** RFC 7009, 2.2: nothing is said about a token that is no good. */
  async revoke({ token }: RevokeTokenRequest, call: OpenCall): Promise<RevokeTokenResponse> {
    call.fields.bounded('token', token, LONGEST_TOKEN);
    call.fields.check();
    if (isRefreshToken(token)) await this.#revokeFamily(token, call);
    else await this.#revokeAccess(token, call);
    return {};
  }

  /** Any generation of a family will do: whoever throws one away wants the end of it. */
  async #revokeFamily(token: string, { parts, context }: OpenCall): Promise<void> {
    const facts = parts.sessionSecrets.readRefreshToken(token);
    if (facts === undefined) return;
    const own = ownCall({ tenant: facts.tenant, principal: '' }, context);
    await revokeFamily(parts, own, facts.family, 'OWNER', '');
  }

  async #revokeAccess(token: string, { parts, context }: OpenCall): Promise<void> {
    const claims = (await this.#live.find(token))?.claims;
    if (claims === undefined) return;
    const { tokenId: jti, tenant, subject: principal, clientId: client } = claims;
    const expiresAtMs = claims.expiresAtS * 1000;
    const own = ownCall({ tenant, principal }, context);
    await revokeToken(parts, own, { jti, principal, client, expiresAtMs }, 'OWNER');
  }

  async introspect(
    { token }: IntrospectTokenRequest,
    call: AdmittedCall,
  ): Promise<IntrospectTokenResponse> {
    call.fields.bounded('token', token, LONGEST_TOKEN);
    call.fields.check();
    const found = await introspect(call.parts, this.#live, token);
    if (found === undefined || !maySee(found, call)) return nothing;
    return {
      active: true,
      tokenType: found.kind,
      tenantId: found.tenant,
      principalId: found.principal,
      clientId: found.client,
      scopes: [...found.scopes],
      audience: found.audience,
      expiresAtMs: BigInt(found.expiresAtMs),
      issuedAtMs: BigInt(found.issuedAtMs),
      tokenId: found.id,
      sessionId: found.session,
      acr: found.acr,
      amr: [...found.amr],
      authTimeMs: BigInt(found.authTimeMs),
    };
  }
}

const nothing: IntrospectTokenResponse = {
  active: false,
  tokenType: '',
  tenantId: '',
  principalId: '',
  clientId: '',
  scopes: [],
  audience: '',
  expiresAtMs: 0n,
  issuedAtMs: 0n,
  tokenId: '',
  sessionId: '',
  acr: '',
  amr: [],
  authTimeMs: 0n,
};

/** RFC 7662, 2.2: of what the caller may not see, as much as of what is no good. */
function maySee({ tenant, principal }: Introspection, call: AdmittedCall): boolean {
  try {
    call.permitRead({ tenant, principal });
    return true;
  } catch (error) {
    if (error instanceof Failure && error.reason === 'PERMISSION_DENIED') return false;
    throw error;
  }
}
