import { errors, type AdapterPayload } from 'oidc-provider';
import { audienceOf } from './audience.js';
import { clientOf, engineContext, sessionOf, type EngineParts } from './engine-context.js';
import { Nowhere } from './nowhere.js';
import { words } from './scope-words.js';

/** So long a replay is told from a code that never was, ms. */
const rememberedMs = 3_600_000;

/** Authorization codes are issued in the session of the browser; used up they are elsewhere. */
export class CodeStore extends Nowhere {
  readonly #parts: EngineParts;

  constructor(parts: EngineParts) {
    super();
    this.#parts = parts;
  }

  override async upsert(code: string, payload: AdapterPayload): Promise<void> {
    const { ledger } = this.#parts;
    const session = sessionOf(this.#parts);
    const client = clientOf(this.#parts, engineContext().oidc.client);
    if (session === undefined) throw new errors.AccessDenied('the session has ended');
    await ledger.issueCode(session, client, code, {
      redirectUri: payload.redirectUri ?? '',
      pkce: payload.codeChallenge,
      nonce: payload.nonce,
      scopes: words(payload.scope),
      audience: audienceOf(firstOf(payload.resource)),
      artifact: this.#artifact(payload),
    });
  }

  /** All that is to be known of a code beside what the ledger names. */
  #artifact({ dpopJkt, exp = 0 }: AdapterPayload): string | undefined {
    if (dpopJkt === undefined) return undefined;
    return this.#parts.sealed.seal('code artifact', { dpopJkt }, exp * 1000 + rememberedMs);
  }
}

function firstOf(resource: string | readonly string[] | undefined): string {
  const [first] = typeof resource === 'string' ? [resource] : (resource ?? []);
  return first ?? '';
}
