import { Provider, type Client, type KoaContextWithOIDC } from 'oidc-provider';
import { Failure } from '#libs/errors/failure.js';
import type { Clock } from '#libs/runtime/clock.js';
import type { Ids } from '#libs/runtime/ids.js';
import type { Logger } from '#libs/runtime/log.js';
import type { AttemptLimits } from '#services/identity/ports/attempt-limits.js';
import type { BrowserSession } from '../browser-session.js';
import type { TakenProofs } from '../oauth/taken-proofs.js';
import type { OauthClient, OauthLedger, Verified } from '../oauth/oauth-ledger.js';
import type { RequestJar } from './request-jar.js';
import type { SealedText } from '../oauth/sealed-text.js';

/** What the parts of the engine's adapter share. */
export interface EngineParts {
  readonly ledger: OauthLedger;
  readonly jar: RequestJar;
  readonly sealed: SealedText;
  readonly browserSession: BrowserSession;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  readonly limits: AttemptLimits;
  readonly proofs: TakenProofs;
  readonly issuer: URL;
  /** HTTPS: cookies are bound to the host. */
  readonly secure: boolean;
}

/** The engine's view of the request that is being answered. */
export function engineContext(): KoaContextWithOIDC {
  const { ctx } = Provider;
  if (ctx === undefined) throw new Error('no request is being answered');
  return ctx;
}

/** The client that the engine has found or authenticated for this request. */
export function clientOf(parts: EngineParts, engineClient: Client | undefined): OauthClient {
  const id = engineClient?.clientId;
  const client = id === undefined ? undefined : parts.ledger.client(id);
  if (client === undefined) throw new Failure('CREDENTIALS_REJECTED', 'the client is not known');
  return client;
}

/** Looks the session of the browser up, once a request; `sessionOf` knows it from then on. */
export async function loadSession(parts: EngineParts): Promise<Verified | undefined> {
  const { jar, ledger, browserSession } = parts;
  if (!jar.noted.has('session')) {
    const token = jar.get(browserSession.name);
    jar.noted.set('session', token === undefined ? undefined : await ledger.session(token));
  }
  return sessionOf(parts);
}

/** The live session of the browser that asks, once it was loaded. */
export function sessionOf({ jar }: EngineParts): Verified | undefined {
  return jar.noted.get('session') as Verified | undefined;
}

/** A request parameter that is one text; undefined: absent, or something else. */
export function textParam(params: object | undefined, name: string): string | undefined {
  const value: unknown = (params as Readonly<Record<string, unknown>> | undefined)?.[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
