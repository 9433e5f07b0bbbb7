import { errors, type AdapterPayload } from 'oidc-provider';
import { Failure } from '#libs/errors/failure.js';
import { audienceOf, resourceOf } from '../oauth/audience.js';
import {
  clientOf,
  engineContext,
  sessionOf,
  textParam,
  type EngineParts,
} from './engine-context.js';
import { Nowhere } from './nowhere.js';
import { words } from '../oauth/scope-words.js';
import type { DeviceFacts, OauthClient } from '../oauth/oauth-ledger.js';

/** What is sealed with a device code: the person who types the short one needs the long one. */
type Artifact = AdapterPayload & { readonly deviceCode?: string };

/** Device codes (RFC 8628) in ledger S: issued to a client, then approved or denied by a person. */
export class DeviceStore extends Nowhere {
  readonly #parts: EngineParts;

  constructor(parts: EngineParts) {
    super();
    this.#parts = parts;
  }

  /** The engine saves at each step; only three of them are news for the ledger. */
  override async upsert(deviceCode: string, payload: AdapterPayload): Promise<void> {
    const { ledger } = this.#parts;
    if (engineContext().oidc.route === 'device_authorization') {
      return this.#issue(deviceCode, payload);
    }
    const { userCode = '', error, accountId, scope } = payload;
    const by = sessionOf(this.#parts);
    // What goes wrong before somebody has logged in appends nothing.
    if (by === undefined) return;
    if (error !== undefined) return ledger.denyDevice(by, userCode);
    if (accountId === undefined) return;
    await ledger.approveDevice(by, userCode, words(scope));
  }

  override async find(deviceCode: string): Promise<AdapterPayload | undefined> {
    const client = this.#client();
    const device = client && (await this.#parts.ledger.device(client, deviceCode));
    return device && this.#payload(device, deviceCode);
  }

  override async findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
    this.#brake();
    const device = await this.#parts.ledger.deviceByUserCode(userCode);
    return device && this.#payload(device, undefined);
  }

  async #issue(deviceCode: string, payload: AdapterPayload): Promise<void> {
    const { ledger, sealed, jar } = this.#parts;
    const { oidc } = engineContext();
    const [resource = ''] = Object.keys(oidc.resourceServers ?? {});
    const expiresAtMs = (payload.exp ?? 0) * 1000;
    const device = {
      deviceCode,
      userCode: payload.userCode ?? '',
      scopes: words(payload.params?.['scope'] as string | undefined),
      audience: audienceOf(resource),
      expiresAtMs,
      artifact: sealed.seal('device artifact', { ...payload, deviceCode }, expiresAtMs),
    };
    try {
      await ledger.issueDevice(clientOf(this.#parts, oidc.client), device, jar.source);
    } catch (error) {
      throw tooMany(error);
    }
  }

  /** RFC 8628, section 5.1: guesses from one source. */
  #brake(): void {
    const { limits, jar } = this.#parts;
    try {
      limits.take(jar.source, 'device codes').uncompared();
    } catch {
      throw new errors.TemporarilyUnavailable('too many requests; wait a little');
    }
  }

  /** After the login the engine comes back with a code only; its client is in the interaction. */
  #client(): OauthClient | undefined {
    const { oidc } = engineContext();
    const begun = textParam(oidc.entities.Interaction?.params, 'client_id') ?? '';
    return this.#parts.ledger.client(oidc.client?.clientId ?? begun);
  }

  #payload(device: DeviceFacts, deviceCode: string | undefined): AdapterPayload | undefined {
    const { sealed, clock } = this.#parts;
    const { status, approved, artifact = '' } = device;
    const content = sealed.open('device artifact', artifact, clock.wallMs());
    if (content === undefined) return undefined;
    const { deviceCode: own, ...payload } = content as Artifact;
    const jti = deviceCode ?? own ?? '';
    if (status === 'DENIED') {
      return { ...payload, jti, error: 'access_denied', errorDescription: 'denied by the user' };
    }
    if (approved === undefined) return { ...payload, jti };
    const resource = resourceOf(device.audience);
    return { ...payload, jti, accountId: approved.principal, resource };
  }
}

/** RFC 6585, section 4, in the words of RFC 8628: wait, then ask again. Anything else as it is. */
function tooMany(error: unknown): unknown {
  if (!(error instanceof Failure) || error.reason !== 'TOO_MANY_REQUESTS') return error;
  const waitS = Math.ceil((error.retryAfterMs ?? 1000) / 1000);
  engineContext().set('retry-after', String(waitS));
  const description = `too many devices at once; ask again in ${waitS} s`;
  const slower = new errors.CustomOIDCProviderError('slow_down', description);
  return Object.assign(slower, { status: 429, statusCode: 429 });
}
