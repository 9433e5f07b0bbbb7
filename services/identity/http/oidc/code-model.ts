import { errors } from 'oidc-provider';
import type { Ids } from '#libs/runtime/ids.js';
import { audienceOf } from '../oauth/audience.js';
import { clientOf, engineContext, sessionOf, type EngineParts } from './engine-context.js';
import { words } from '../oauth/scope-words.js';

/** So long a replay is told from a code that never was, and longer than a code lives, ms. */
const rememberedMs = 3_660_000;

/** What the engine has found a code to be for. */
interface AskedCode {
  readonly redirectUri?: string | undefined;
  /** RFC 7636; its method is S256. */
  readonly codeChallenge?: string | undefined;
  readonly nonce?: string | undefined;
  readonly scope?: string | undefined;
  readonly resource?: string | readonly string[] | undefined;
  /** RFC 9449, section 10. */
  readonly dpopJkt?: string | undefined;
}

/** Authorization codes are issued in the session of the browser; used up they are elsewhere. */
export function codeModel(parts: EngineParts): unknown {
  return class AuthorizationCode {
    constructor(asked: AskedCode) {
      Object.assign(this, asked);
    }

    /** The one append of an authorization. Answers the code. */
    async save(this: AskedCode): Promise<string> {
      const { ledger } = parts;
      const session = sessionOf(parts);
      const client = clientOf(parts, engineContext().oidc.client);
      if (session === undefined) throw new errors.AccessDenied('the session has ended');
      const code = newCode(parts.ids);
      await ledger.issueCode(session, client, code, {
        redirectUri: this.redirectUri ?? '',
        pkce: this.codeChallenge,
        nonce: this.nonce,
        scopes: words(this.scope),
        audience: audienceOf(firstOf(this.resource)),
        artifact: artifactOf(parts, this.dpopJkt),
      });
      return code;
    }

    /** What a client was given ends with its session. */
    static revokeByGrantId(): Promise<void> {
      return Promise.resolve();
    }
  };
}

/** 256 random bits. */
export function newCode(ids: Ids): string {
  return ids.opaque() + ids.opaque();
}

/** All that is to be known of a code beside what the ledger names. */
function artifactOf({ sealed, clock }: EngineParts, dpopJkt: string | undefined) {
  if (dpopJkt === undefined) return undefined;
  return sealed.seal('code artifact', { dpopJkt }, clock.wallMs() + rememberedMs);
}

function firstOf(resource: string | readonly string[] | undefined): string {
  const [first] = typeof resource === 'string' ? [resource] : (resource ?? []);
  return first ?? '';
}
