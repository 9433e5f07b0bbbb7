import type { Context } from 'hono';

/** A scope that a client asks for. */
export interface AskedScope {
  readonly name: string;
  /** Of its definition; absent: a scope that we know by its name (`openid`, `email`, …). */
  readonly description?: string | undefined;
}

/** What a person has to do before a client gets its answer. */
export interface InteractionDetails {
  readonly uid: string;
  readonly prompt: 'login' | 'consent';
  /** Id of the client's tenant: whoever logs in is a principal of it. */
  readonly tenant: string;
  readonly client: { readonly id: string; readonly name: string; readonly firstParty: boolean };
  /** Not consented to yet. */
  readonly scopes: readonly AskedScope[];
  /** What the client believes the login name to be. */
  readonly loginHint?: string | undefined;
  /** Languages that the client asks for, best first (BCP 47). */
  readonly uiLocales: readonly string[];
  /** Least `acr` that the client needs. */
  readonly acr?: string | undefined;
  /** An authentication older than this does not do, s. */
  readonly maxAgeS?: number | undefined;
  /** A session that is there may not be used as it is: log in again, or step up. */
  readonly again: boolean;
  /** For `contentSecurityPolicy`: where the form of this page may end. */
  readonly formOrigins: readonly string[];
}

/** The session that a login gave. */
export interface FinishedLogin {
  /** `lgs_…`: goes into the browser's cookie. */
  readonly sessionToken: string;
  /** How long the browser keeps it, s; absent: until it closes. */
  readonly maxAgeS?: number | undefined;
}

/**
 * The pages' side of an authorization request, at `/interaction/:uid`. Every answer is a redirect
 * back into the authorization endpoint, which judges again: nothing that a page says is believed
 * without the session and the consent behind it.
 */
export interface Interactions {
  /** @throws Failure NOT_FOUND: it is over, or belongs to another browser. */
  details(c: Context): Promise<InteractionDetails>;
  /** Sets the session cookie and goes on. @throws Failure NOT_FOUND, CREDENTIALS_REJECTED */
  finishLogin(c: Context, login: FinishedLogin): Promise<Response>;
  /** Records the consent of whoever is logged in, and goes on. @throws Failure */
  finishConsent(c: Context, scopes: readonly string[]): Promise<Response>;
  /** The person does not want to: the client gets `access_denied`. */
  abort(c: Context): Promise<Response>;
}
