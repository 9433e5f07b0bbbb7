import type { Context } from 'hono';
import type { AdapterPayload } from 'oidc-provider';
import { Failure } from '#libs/errors/failure.js';
import { cookieText, parseCookies } from '../cookies.js';
import { openidScopes } from '../oauth/scope-words.js';
import { textParam, type EngineParts } from './engine-context.js';
import { interactionCookie } from './interaction-store.js';
import type { FinishedLogin, InteractionDetails, Interactions } from './interactions.js';
import { demandedAcr } from './login-policy.js';
import type { OauthClient, Verified } from '../oauth/oauth-ledger.js';

/** The pages' side of the interactions that `InteractionStore` keeps in cookies. */
export class OidcInteractions implements Interactions {
  readonly #parts: EngineParts;

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  details(c: Context): Promise<InteractionDetails> {
    const { uid, payload, client } = this.#find(c);
    const params = payload.params ?? {};
    const prompt = promptOf(payload);
    const redirectUri = textParam(params, 'redirect_uri') ?? '';
    return Promise.resolve({
      uid,
      prompt: prompt.name === 'consent' ? 'consent' : 'login',
      tenant: client.tenant,
      client: {
        id: client.client,
        name: client.settings.name,
        firstParty: client.settings.firstParty,
      },
      scopes: this.#asked(client, prompt).map((name) => ({
        name,
        description: this.#parts.ledger.describeScope(client.tenant, name),
      })),
      loginHint: textParam(params, 'login_hint'),
      uiLocales: textParam(params, 'ui_locales')?.split(' ') ?? [],
      acr: demandedAcr(params['acr_values']),
      maxAgeS: params['max_age'] === undefined ? undefined : Number(params['max_age']),
      again: payload.session !== undefined,
      formOrigins: formOriginsOf(redirectUri),
    });
  }

  async finishLogin(c: Context, login: FinishedLogin): Promise<Response> {
    const { sessionToken, maxAgeS } = login;
    const { uid, payload, client } = this.#find(c);
    const { ledger, browserSession } = this.#parts;
    const session = await ledger.session(sessionToken);
    if (session === undefined || session.tenant !== client.tenant) {
      throw new Failure(
        'CREDENTIALS_REJECTED',
        'the session is not one of the tenant of the client',
      );
    }
    browserSession.set(c, sessionToken, maxAgeS);
    const verified = {
      accountId: session.principal,
      acr: session.acr,
      amr: [...session.amr],
      ts: Math.floor(session.authTimeMs / 1000),
    };
    // Another account may have been logged in when the request began: it is not what counts now.
    const { session: _, ...rest } = payload;
    return this.#goOn(c, uid, rest, { login: verified });
  }

  async finishConsent(c: Context, scopes: readonly string[]): Promise<Response> {
    const { uid, payload, client } = this.#find(c);
    const { ledger } = this.#parts;
    const session = await this.#session(c);
    if (session === undefined || session.tenant !== client.tenant) {
      throw new Failure('CREDENTIALS_REJECTED', 'log in first');
    }
    const asked = new Set(this.#asked(client, promptOf(payload)));
    const given = scopes.filter((scope) => asked.has(scope));
    await ledger.giveConsent(session, client, given);
    return this.#goOn(c, uid, payload, { consent: {} });
  }

  abort(c: Context): Promise<Response> {
    const { uid, payload } = this.#find(c);
    const error_description = 'the user has refused';
    return this.#goOn(
      c,
      uid,
      { ...payload, lastSubmission: undefined },
      {
        error: 'access_denied',
        error_description,
      },
    );
  }

  #session(c: Context): Promise<Verified | undefined> {
    const { ledger, browserSession } = this.#parts;
    const token = browserSession.read(c);
    return token === undefined ? Promise.resolve(undefined) : ledger.session(token);
  }

  #find(c: Context): { uid: string; payload: AdapterPayload; client: OauthClient } {
    const { ledger, sealed, clock, secure } = this.#parts;
    const uid = c.req.param('uid') ?? '';
    const text = parseCookies(c.req.header('cookie')).get(interactionCookie(uid, secure)) ?? '';
    const payload = sealed.open('interaction', text, clock.wallMs()) as AdapterPayload | undefined;
    const client = payload && ledger.client(textParam(payload.params, 'client_id') ?? '');
    if (payload === undefined || client === undefined) {
      throw new Failure('NOT_FOUND', 'this login has expired: go back to the application');
    }
    return { uid, payload, client };
  }

  /** What the engine misses, in the order of the request. */
  #asked(client: OauthClient, prompt: Prompt): readonly string[] {
    const { missingOIDCScope, missingResourceScopes } = prompt.details ?? {};
    const ofResources = Object.values(missingResourceScopes ?? {}).flat();
    const missing = new Set([...(missingOIDCScope ?? []), ...ofResources]);
    const known = new Set<string>([...client.settings.scopes, ...openidScopes]);
    return [...missing].filter((scope) => known.has(scope));
  }

  #goOn(c: Context, uid: string, payload: AdapterPayload, result: object): Promise<Response> {
    const { sealed, clock, secure } = this.#parts;
    const expiresAtMs = (payload.exp ?? 0) * 1000;
    const merged = { ...payload, result: { ...payload.lastSubmission, ...result } };
    const maxAgeS = (expiresAtMs - clock.wallMs()) / 1000;
    const text = sealed.seal('interaction', merged, expiresAtMs);
    c.header('set-cookie', cookieText(interactionCookie(uid, secure), text, { secure, maxAgeS }), {
      append: true,
    });
    c.header('cache-control', 'no-store');
    return Promise.resolve(c.redirect(new URL(payload.returnTo ?? '/').pathname, 303));
  }
}

interface Prompt {
  readonly name: string;
  readonly details?: {
    readonly missingOIDCScope?: readonly string[];
    readonly missingResourceScopes?: Readonly<Record<string, readonly string[]>>;
  };
}

function promptOf(payload: AdapterPayload): Prompt {
  return payload.prompt ?? { name: 'login' };
}

/** As `form-action` names it; an app's own scheme (RFC 8252, section 7.1) has no origin. */
function formOriginsOf(redirectUri: string): readonly string[] {
  if (!URL.canParse(redirectUri)) return [];
  const { origin, protocol } = new URL(redirectUri);
  return [origin === 'null' ? protocol : origin];
}
