import type { IncomingMessage, ServerResponse } from 'node:http';
import { Provider } from 'oidc-provider';
import { Failure } from '#libs/errors/failure.js';
import type { MasterKeys } from '#libs/runtime/master-keys.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import { LogoutNotices } from '#services/identity/app/oauth/logout-notices.js';
import { BrowserSession } from '../browser-session.js';
import { isPassing } from '../oauth/passing.js';
import { startBackChannel } from '../oauth/start-back-channel.js';
import { TakenProofs } from '../oauth/taken-proofs.js';
import { contentSecurityPolicy } from '../security-headers.js';
import { keysFingerprint, loadKeys } from './engine-keys.js';
import type { EngineParts } from './engine-context.js';
import { LedgerOfParts } from '../oauth/ledger-of-parts.js';
import { OidcInteractions } from './oidc-interactions.js';
import { answerNoGrants } from './no-grants.js';
import { useOurModels } from './oidc-models.js';
import type { OidcServer } from './oidc-server.js';
import { providerConfig } from './provider-config.js';
import { answerQuietly } from './quiet-authorization.js';
import { RequestJar } from './request-jar.js';
import { SealedText } from '../oauth/sealed-text.js';

export interface OidcOptions {
  readonly parts: IdentityParts;
  readonly masterKeys: MasterKeys;
  readonly issuer: URL;
}

type Callback = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** The engine over the ledgers. It cannot change keys while it runs: it is made anew when they do. */
export async function startOidc(options: OidcOptions): Promise<OidcServer> {
  const { parts, masterKeys, issuer } = options;
  const secure = issuer.protocol === 'https:';
  const engine: EngineParts = {
    ledger: new LedgerOfParts(parts),
    jar: new RequestJar(secure),
    sealed: new SealedText(masterKeys, parts.random),
    browserSession: new BrowserSession(secure),
    clock: parts.clock,
    ids: parts.ids,
    log: parts.log,
    limits: parts.limits,
    proofs: new TakenProofs(),
    issuer,
    secure,
  };
  const backChannel = startBackChannel(parts, masterKeys, engine);
  const current = new CurrentEngine(options, engine);
  // Without an active key nothing can be signed; the next request looks again.
  await current.callback().catch((error: unknown) => {
    parts.log.warn({ err: error }, 'the OAuth engine is not ready');
  });
  const notices = new LogoutNotices(parts);
  notices.start();
  return {
    interactions: new OidcInteractions(engine),
    answer: async (request, response, source) => {
      const [path = ''] = (request.url ?? '').split('?', 1);
      if (backChannel.answer(path, request, response, source)) return;
      try {
        engine.ledger.requireServing();
        if (await answerQuietly(engine, request, response)) return;
        const callback = await current.callback();
        await engine.jar.run(request, response, source, () => callback(request, response));
      } catch (error) {
        const isLater = error instanceof Failure && isPassing(error);
        if (!isLater) parts.log.error({ err: error }, 'an OAuth request failed');
        if (!response.headersSent) response.statusCode = isLater ? 503 : 500;
        response.end();
      }
    },
    close: () => notices.close(),
  };
}

/** The engine that has the keys of now. */
class CurrentEngine {
  readonly #options: OidcOptions;
  readonly #engine: EngineParts;
  /** Position of L up to which the keys were looked at. */
  #lookedAt = -1;
  #made: { readonly fingerprint: string; readonly callback: Promise<Callback> } | undefined;

  constructor(options: OidcOptions, engine: EngineParts) {
    this.#options = options;
    this.#engine = engine;
  }

  async callback(): Promise<Callback> {
    const { parts } = this.#options;
    const { position } = parts.ledger.reader;
    if (this.#made !== undefined && position === this.#lookedAt) return this.#made.callback;
    this.#lookedAt = position;
    const fingerprint = keysFingerprint(parts);
    if (this.#made?.fingerprint !== fingerprint) {
      const callback = this.#make();
      this.#made = { fingerprint, callback };
      callback.catch(() => {
        this.#made = undefined;
      });
    }
    return this.#made.callback;
  }

  async #make(): Promise<Callback> {
    const { parts, masterKeys, issuer } = this.#options;
    const signing = await loadKeys(parts);
    const config = providerConfig(this.#engine, {
      ...signing,
      nonceSecret: Buffer.from(masterKeys.derive('dpop nonces')),
      cookieKey: Buffer.from(masterKeys.derive('oidc cookie signatures')),
    });
    const provider = new Provider(issuer.origin, config);
    // Scheme and host are those of the issuer: the listener has written them into the headers.
    provider.proxy = true;
    useOurModels(provider, this.#engine);
    answerNoGrants(provider);
    provider.use(nameFormOrigins);
    provider.on('server_error', (_ctx, error) => {
      parts.log.error({ err: error }, 'the OAuth engine failed');
    });
    return provider.callback();
  }
}

/** A form of the engine may end where the client is: that address was checked by then. */
const nameFormOrigins: Parameters<Provider['use']>[0] = async (ctx, next) => {
  await next();
  // Of a redirect nobody reads what a page may do.
  if (ctx.status >= 300 && ctx.status < 400) return;
  if (ctx.response.is('html') === false) return;
  const { oidc } = ctx as unknown as { oidc?: { client?: unknown; params?: object } };
  if (oidc?.client === undefined) return;
  const params = oidc.params as Record<string, unknown>;
  const ends = [params['redirect_uri'], params['post_logout_redirect_uri']];
  const origins = ends.flatMap((uri) =>
    typeof uri === 'string' && URL.canParse(uri) ? [new URL(uri).origin] : [],
  );
  if (origins.length === 0) return;
  const policy = ctx.response.get('content-security-policy');
  const named = contentSecurityPolicy(origins);
  const action = /form-action [^;]+/u.exec(named)?.[0] ?? '';
  ctx.set('content-security-policy', policy.replace(/form-action [^;]+/u, action));
};
