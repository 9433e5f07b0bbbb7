import { errors, type AdapterPayload } from 'oidc-provider';
import { audienceOf } from './audience.js';
import { clientOf, engineContext, sessionOf, type EngineParts } from './engine-context.js';
import { asGrantError } from './grant-error.js';
import { newFamily } from './new-family.js';
import { Nowhere } from './nowhere.js';
import type { CodeFacts } from './oidc-ledger.js';
import { words } from './scope-words.js';

/** So long a replay is told from a code that never was, ms. */
const rememberedMs = 3_600_000;

/** Authorization codes in ledger S: issued in the session of the browser, used up with their effect. */
export class CodeStore extends Nowhere {
  readonly #parts: EngineParts;

  constructor(parts: EngineParts) {
    super();
    this.#parts = parts;
  }

  override async upsert(code: string, payload: AdapterPayload): Promise<void> {
    const { ledger, sealed } = this.#parts;
    const session = sessionOf(this.#parts);
    const client = clientOf(this.#parts, engineContext().oidc.client);
    if (session === undefined) throw new errors.AccessDenied('the session has ended');
    const keptUntilMs = (payload.exp ?? 0) * 1000 + rememberedMs;
    await ledger.issueCode(session, client, code, {
      redirectUri: payload.redirectUri ?? '',
      pkce: payload.codeChallenge,
      nonce: payload.nonce,
      scopes: words(payload.scope),
      audience: audienceOf(firstOf(payload.resource)),
      artifact: sealed.seal('code artifact', payload, keptUntilMs),
    });
  }

  override async find(code: string): Promise<AdapterPayload | undefined> {
    return (await this.#read(code))?.payload;
  }

  /** The one append of a redemption: of any number of uses one gets through. */
  override async consume(code: string): Promise<void> {
    const { ledger, jar } = this.#parts;
    const client = clientOf(this.#parts, engineContext().oidc.client);
    const found = await this.#read(code);
    if (found === undefined) throw new errors.InvalidGrant('authorization code not found');
    const { scopes, audience } = found.facts;
    const facts = { scopes, audience };
    const family = await newFamily(this.#parts, 'authorization_code', found.payload, facts);
    const issued = await asGrantError(() => ledger.redeemCode(client, code, family));
    jar.noted.set('issued', issued);
    jar.noted.set('family', issued.family);
  }

  async #read(
    code: string,
  ): Promise<{ readonly payload: AdapterPayload; readonly facts: CodeFacts } | undefined> {
    const { ledger, sealed, clock } = this.#parts;
    const facts = await ledger.code(clientOf(this.#parts, engineContext().oidc.client), code);
    const payload = sealed.open('code artifact', facts?.artifact ?? '', clock.wallMs());
    if (facts === undefined || payload === undefined) return undefined;
    return { payload: payload as AdapterPayload, facts };
  }
}

function firstOf(resource: string | readonly string[] | undefined): string {
  const [first] = typeof resource === 'string' ? [resource] : (resource ?? []);
  return first ?? '';
}
