import { errors, type Provider } from 'oidc-provider';
import { codeModel } from './code-model.js';
import {
  clientOf,
  engineContext,
  loadSession,
  sessionOf,
  type EngineParts,
} from './engine-context.js';
import { proofKeptMs } from '../oauth/dpop.js';
import { readAccessToken } from './live-access-token.js';
import type { OauthClient } from '../oauth/oauth-ledger.js';

/** Lives in a cookie while somebody is between two forms, s. */
export const browserStateTtlS = 3_600;

/**
 * Puts our models in the place of the engine's: what it would store is in the ledgers already, or
 * lies sealed with whoever asked. Names of the classes are the engine's: it compares them.
 */
export function useOurModels(provider: Provider, parts: EngineParts): void {
  const put = (name: string, model: unknown): void => {
    Object.defineProperty(provider, name, { value: model });
  };
  put('Session', sessionModel(provider, parts));
  put('AuthorizationCode', codeModel(parts));
  put('PushedAuthorizationRequest', pushedRequestModel(provider, parts));
  put('AccessToken', accessTokenModel(provider, parts));
  put('ReplayDetection', replayModel(provider, parts));
  rememberClients(provider, parts);
  provider.Client.prototype.compareClientSecret = async function compare(secret: string) {
    const client = parts.ledger.client(this.clientId);
    const credential = client && parts.ledger.secretOf(client, secret);
    parts.jar.noted.set('client credential', credential);
    return credential !== undefined;
  };
}

/** A client is made once from a document; the engine would hash its metadata at each request. */
function rememberClients(provider: Provider, { ledger }: EngineParts): void {
  const { Client } = provider;
  const make = Client.find.bind(Client);
  const made = new WeakMap<OauthClient, ReturnType<typeof make>>();
  Client.find = (id: string) => {
    const document = ledger.client(id);
    if (document === undefined) return Promise.resolve(undefined);
    const known = made.get(document);
    if (known !== undefined) return known;
    const client = make(id);
    made.set(document, client);
    client.catch(() => made.delete(document));
    return client;
  };
}

/**
 * The browser's session is ours: whoever holds the cookie with a live session token. What the engine
 * keeps beside it (the secret of its two small forms) lies sealed in a cookie of its own.
 */
function sessionModel(provider: Provider, parts: EngineParts): unknown {
  const { jar, sealed, clock, ledger, browserSession } = parts;
  return class Session extends provider.Session {
    static override async get(ctx: Asked): Promise<Session> {
      const session = new Session();
      const cookie = jar.get(provider.cookieName('session'));
      const state = cookie && sealed.open('browser state', cookie, clock.wallMs());
      // What was used up holds no secret: nothing may be compared with that.
      if (isGuard(state)) session.state = { ...state };
      const verified = await loadSession(parts);
      if (verified !== undefined) {
        session.uid = verified.session;
        session.accountId = verified.principal;
        session.loginTs = Math.floor(verified.authTimeMs / 1000);
        session.acr = verified.acr;
        session.amr = [...verified.amr];
      }
      const { oidc } = ctx as unknown as { oidc?: { entity(name: string, it: unknown): void } };
      if (oidc instanceof provider.OIDCContext) oidc.entity('Session', session);
      return session;
    }

    static override findByUid(uid: string): Promise<Session | undefined> {
      const verified = sessionOf(parts);
      if (verified?.session !== uid) return Promise.resolve(undefined);
      return this.get(engineContext());
    }

    /** What the engine writes into its cookie. */
    get id(): string {
      const expiresAtMs = clock.wallMs() + browserStateTtlS * 1000;
      return sealed.seal('browser state', this.state ?? {}, expiresAtMs);
    }

    override save(ttl: number): Promise<string> {
      this.exp = Math.floor(clock.wallMs() / 1000) + ttl;
      Object.assign(this, { touched: false });
      return Promise.resolve('');
    }

    override persist(): Promise<string> {
      return this.save(browserStateTtlS);
    }

    override async destroy(): Promise<void> {
      const verified = sessionOf(parts);
      if (verified !== undefined) await ledger.endSession(verified);
      jar.remove(browserSession.name);
      Object.assign(this, { destroyed: true });
    }

    /** A login counts by the session that it began, whose cookie comes with the same request. */
    override loginAccount(): void {}
    override resetIdentifier(): void {}
    override ensureClientContainer(): void {}
    override authorizationFor(): object {
      return {};
    }
    override sidFor(): string {
      return this.uid;
    }
    override grantIdFor(clientId: string, value?: string): string | undefined {
      if (value !== undefined) jar.noted.set(`grant ${clientId}`, value);
      return jar.noted.get(`grant ${clientId}`) as string | undefined;
    }
  };
}

function isGuard(state: unknown): state is { readonly secret: string } {
  return typeof state === 'object' && state !== null && 'secret' in state;
}

/** RFC 9126: the reference is the request itself, sealed; its use is noted when it gave a code. */
function pushedRequestModel(provider: Provider, parts: EngineParts): unknown {
  const { sealed, clock, ledger, ids } = parts;
  return class PushedAuthorizationRequest extends provider.PushedAuthorizationRequest {
    static override async find<T>(this: Made<T>, value: string): Promise<T | undefined> {
      const content = sealed.open('pushed request', value, clock.wallMs());
      if (typeof content !== 'object' || content === null) return undefined;
      return new this(content as never);
    }

    override save(ttl: number): Promise<string> {
      const { request, dpopJkt, trusted } = this;
      const nowS = Math.floor(clock.wallMs() / 1000);
      const times = { iat: nowS, exp: nowS + ttl, jti: ids.opaque() };
      const content = { request, dpopJkt, trusted, ...times, kind: 'PushedAuthorizationRequest' };
      // A person may take an hour to log in: the engine looks at `exp` when the request begins.
      const keptUntilMs = (nowS + ttl + browserStateTtlS) * 1000;
      return Promise.resolve(sealed.seal('pushed request', content, keptUntilMs));
    }

    override async consume(): Promise<void> {
      const client = clientOf(parts, engineContext().oidc.client);
      // The engine takes no reference that is older than its `exp`; the interaction it began is.
      const untilMs = Math.min((this.exp ?? 0) * 1000, clock.wallMs()) + browserStateTtlS * 990;
      if (await ledger.useAssertion(client, `par ${this.jti}`, untilMs)) return;
      throw new errors.InvalidRequestUri('request_uri is invalid, expired, or was already used');
    }
  };
}

/** Access tokens are JWTs and kept nowhere: what one is worth is judged on the ledgers. */
function accessTokenModel(provider: Provider, parts: EngineParts): unknown {
  return class AccessToken extends provider.AccessToken {
    static override async find<T>(this: Made<T>, value: string): Promise<T | undefined> {
      const found = await readAccessToken(parts, value);
      return found === undefined ? undefined : new this(found as never);
    }
  };
}

/**
 * A client's assertion counts once, for which the ledger is asked. A DPoP proof is worth nothing
 * without the code or token that it comes with, which count once themselves: it is remembered here.
 */
function replayModel(provider: Provider, parts: EngineParts): unknown {
  const { ledger, clock, proofs } = parts;
  return class ReplayDetection extends provider.ReplayDetection {
    static override async unique(issuer: string, jti: string, exp: number): Promise<boolean> {
      if (isAssertion(jti)) {
        const client = clientOf(parts, engineContext().oidc.client);
        return ledger.useAssertion(client, jti, exp * 1000);
      }
      const nowMs = clock.wallMs();
      return proofs.take(`${issuer} ${jti}`, nowMs, nowMs + proofKeptMs);
    }
  };

  /** The proof of a client that also shows an assertion must not pass for it. */
  function isAssertion(jti: string): boolean {
    const assertion: unknown = engineContext().oidc.params?.['client_assertion'];
    if (typeof assertion !== 'string') return false;
    const payload = Buffer.from(assertion.split('.')[1] ?? '', 'base64url').toString('utf8');
    return (JSON.parse(payload) as { jti?: unknown }).jti === jti;
  }
}

/** A request, as the engine's session takes it. */
type Asked = Parameters<Provider['Session']['get']>[0];

/** A model of the engine, as its `find` makes one. */
type Made<T> = new (...given: never[]) => T;
