import { rememberIdentity, runAs } from '#libs/client/guard/request-identity.js';
import { HttpGuard, type HttpGuardOptions, type Judge } from '#libs/client/http/http-guard.js';
import { rawPathOfUrl } from '#libs/client/http/raw-path.js';
import { type RouteRule } from '#libs/client/http/route-table.js';
import { type Ledgate } from '#libs/client/ledgate.js';

/** The part of a hono context that is read. */
export interface HonoContext {
  readonly req: {
    readonly method: string;
    readonly url: string;
    header(name: string): string | undefined;
    param(): Record<string, string>;
  };
}

export type HonoMiddleware<Context extends HonoContext> = (
  context: Context,
  next: () => Promise<void>,
) => Promise<Response | undefined>;

export interface HonoGuard {
  /** For one route. A template takes its names from the path: `orders/{id}`. */
  readonly requirePermission: <Context extends HonoContext = HonoContext>(
    permission: string,
    resource: string | ((context: Context) => string),
  ) => HonoMiddleware<Context>;
  /** For the whole application, before its routes. An endpoint without a rule is denied. */
  readonly routes: <Context extends HonoContext = HonoContext>(
    rules: readonly RouteRule<Context>[],
  ) => HonoMiddleware<Context>;
  /**
   * The same by the rules that the API has in Ledgate (`ledgate rules push`): they are changed there,
   * for every instance at once. `prefix` stands before the paths where the rules have one.
   */
  readonly endpoints: <Context extends HonoContext = HonoContext>(
    api: string,
    prefix?: string,
  ) => HonoMiddleware<Context>;
}

function middleware<Context extends HonoContext>(judge: Judge<Context>): HonoMiddleware<Context> {
  return async (context, next) => {
    const { method, url } = context.req;
    const authorization = context.req.header('authorization');
    const verdict = await judge({ method, path: rawPathOfUrl(url), authorization }, context);
    if (verdict.allowed) {
      rememberIdentity(context, verdict.identity);
      await runAs(verdict.identity, next);
      return undefined;
    }
    const { status, headers, body } = verdict.refusal;
    return new Response(body, { status, headers });
  };
}

/** Middleware for hono 4 on Node. */
export function ledgateHono(ledgate: Ledgate, options: HttpGuardOptions = {}): HonoGuard {
  const guard = new HttpGuard(ledgate, options);
  return {
    requirePermission: (permission, resource) =>
      middleware(guard.endpoint(permission, resource, (context) => context.req.param())),
    routes: (rules) => middleware(guard.table(rules)),
    endpoints: (api, prefix) => middleware(guard.api(api, prefix)),
  };
}
