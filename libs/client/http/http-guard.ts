import { Guard, type GuardOptions, type Verdict } from '#libs/client/guard/guard.js';
import { type RequestIdentity } from '#libs/client/guard/request-identity.js';
import { resourceTemplate } from '#libs/client/guard/resource-path.js';
import { isAmbiguous } from '#libs/client/http/raw-path.js';
import { refusalOf, type Refusal } from '#libs/client/http/refusal.js';
import { RouteTable, type RouteRule } from '#libs/client/http/route-table.js';
import { type Ledgate } from '#libs/client/ledgate.js';

export interface HttpGuardOptions extends GuardOptions {
  /** Named in `WWW-Authenticate`. Default: `api`. */
  readonly realm?: string | undefined;
}

/** What the guard needs to know of a request, whatever the framework. */
export interface HttpRequest {
  readonly method: string;
  /** As it was sent, without the query. */
  readonly path: string;
  readonly authorization: string | undefined;
}

export type HttpVerdict =
  | { readonly allowed: true; readonly identity: RequestIdentity | undefined }
  | { readonly allowed: false; readonly refusal: Refusal };

/** Judges one request of a framework, which it passes on to resource functions as `native`. */
export type Judge<Native> = (request: HttpRequest, native: Native) => Promise<HttpVerdict>;

const malformed: Verdict = { outcome: 'malformed', why: 'The path is ambiguous' };
const noRule: Verdict = { outcome: 'denied', reason: 'NO_RULE', decisionId: '' };

/** Turns requests into verdicts; the adapters only translate. */
export class HttpGuard {
  readonly #guard: Guard;
  readonly #realm: string;

  constructor(ledgate: Ledgate, options: HttpGuardOptions = {}) {
    this.#guard = new Guard(ledgate, options);
    this.#realm = options.realm ?? 'api';
  }

  /** A judge for one endpoint. `paramsOf` gives the decoded path parameters of the framework. */
  endpoint<Native>(
    permission: string,
    resource: string | ((native: Native) => string),
    paramsOf: (native: Native) => Readonly<Record<string, unknown>>,
  ): Judge<Native> {
    const name = typeof resource === 'function' ? resource : this.#fromParams(resource, paramsOf);
    return async ({ path, authorization }, native) => {
      if (isAmbiguous(path)) return this.#result(malformed);
      const judged = { authorization, permission, resource: () => name(native) };
      return this.#result(await this.#guard.judge(judged));
    };
  }

  /** A judge for all endpoints; one without a rule is denied. */
  table<Native>(rules: readonly RouteRule<Native>[]): Judge<Native> {
    const table = new RouteTable(rules);
    return async ({ method, path, authorization }, native) => {
      const match = table.match(method, path);
      if (match.found === 'public') return { allowed: true, identity: undefined };
      if (match.found !== 'rule') {
        return this.#result(match.found === 'malformed' ? malformed : noRule);
      }
      const { permission, resource } = match;
      const judged = { authorization, permission, resource: () => resource(native) };
      return this.#result(await this.#guard.judge(judged));
    };
  }

  /** A judge for all endpoints, by the rules that the API has in Ledgate. */
  api<Native>(api: string, prefix = ''): Judge<Native> {
    if (api === '') throw new TypeError('api: the name of the API is empty');
    return async ({ method, path, authorization }) => {
      const call = { httpMethod: method, path: `${prefix}${path}` };
      return this.#result(await this.#guard.judgeCall(authorization, { api, call }));
    };
  }

  #fromParams<Native>(
    text: string,
    paramsOf: (native: Native) => Readonly<Record<string, unknown>>,
  ): (native: Native) => string {
    const template = resourceTemplate(text);
    return (native) => {
      const params = paramsOf(native);
      return template((name) => (Object.hasOwn(params, name) ? params[name] : undefined));
    };
  }

  #result(verdict: Verdict): HttpVerdict {
    if (verdict.outcome === 'allowed') return { allowed: true, identity: verdict.identity };
    const options = { realm: this.#realm, basic: this.#guard.acceptsBasic };
    return { allowed: false, refusal: refusalOf(verdict, options) };
  }
}
