import { actingClient } from './acting-client.js';
import { answerJson } from './answer-json.js';
import { authorizationCode } from './authorization-code.js';
import { clientCredentials } from './client-credentials.js';
import type { CurrentSigner } from './current-signer.js';
import { deviceCode } from './device-code.js';
import { DevicePolls } from './device-polls.js';
import { proofKey } from './dpop.js';
import { neededParam, refuseRepeated, type FormRequest } from './form-request.js';
import { OauthError } from './oauth-error.js';
import type { OauthParts } from './oauth-parts.js';
import { refreshToken } from './refresh-token.js';
import { tokenExchange } from './token-exchange.js';
import type { Grant } from './token-parts.js';

/** RFC 6749, section 3.3. */
const scopeText = /^[\x21\x23-\x5B\x5D-\x7E]+(?: [\x21\x23-\x5B\x5D-\x7E]+)*$/u;

/** The token endpoint (RFC 6749, section 3.2). */
export class TokenEndpoint {
  readonly #parts: OauthParts;
  readonly #signer: CurrentSigner;
  readonly #grants: ReadonlyMap<string, Grant> = new Map<string, Grant>([
    ['authorization_code', authorizationCode],
    ['refresh_token', refreshToken],
    ['client_credentials', clientCredentials],
    ['urn:ietf:params:oauth:grant-type:device_code', deviceCode(new DevicePolls())],
    ['urn:ietf:params:oauth:grant-type:token-exchange', tokenExchange],
  ]);

  constructor(parts: OauthParts, signer: CurrentSigner) {
    this.#parts = parts;
    this.#signer = signer;
  }

  /** Rejects OauthError, or Failure where the ledger cannot be asked. */
  async answer(form: FormRequest): Promise<void> {
    const acting = await actingClient(this.#parts, form);
    refuseRepeated(form, ['resource']);
    const name = neededParam(form, 'grant_type');
    const grant = this.#grants.get(name);
    if (grant === undefined) throw new OauthError('unsupported_grant_type', 'no such grant type');
    if (!(acting.client.settings.grantTypes as readonly string[]).includes(name)) {
      throw new OauthError('unauthorized_client', 'the client may not use this grant type');
    }
    const scope = form.params.get('scope');
    if (scope !== undefined && !scopeText.test(scope)) {
      throw new OauthError('invalid_scope', 'scope holds characters that no scope has');
    }
    // For how long refresh tokens live without the ledger their tenant says.
    if (name !== 'refresh_token') this.#parts.ledger.requireFresh(acting.client.tenant);
    const signer = await this.#signer.get();
    const jkt = proofKey(this.#parts, form);
    answerJson(form, 200, await grant(this.#parts, { form, acting, jkt, signer }));
  }
}
