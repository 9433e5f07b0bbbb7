import { rememberIdentity, runAs } from '#libs/client/guard/request-identity.js';
import { HttpGuard, type HttpGuardOptions, type Judge } from '#libs/client/http/http-guard.js';
import { rawPath } from '#libs/client/http/raw-path.js';
import { type RouteRule } from '#libs/client/http/route-table.js';
import { type Ledgate } from '#libs/client/ledgate.js';

/**
 * The part of an express request that is read. `params` is left out: express infers the types of a
 * route's parameters from its middleware, and would lose those of its path.
 */
export interface ExpressRequest {
  readonly method: string;
  readonly originalUrl: string;
  readonly headers: { readonly authorization?: string | undefined };
}

/** The part of an express response that is used to refuse. */
export interface ExpressResponse {
  writeHead(status: number, headers: Record<string, string>): unknown;
  end(body: string): unknown;
}

export type ExpressMiddleware<Request extends ExpressRequest> = (
  request: Request,
  response: ExpressResponse,
  next: (error?: unknown) => void,
) => void;

export interface ExpressGuard {
  /** For one route. A template takes its names from `req.params`: `orders/{id}`. */
  readonly requirePermission: <Request extends ExpressRequest = ExpressRequest>(
    permission: string,
    resource: string | ((request: Request) => string),
  ) => ExpressMiddleware<Request>;
  /** For the whole application, before its routes. An endpoint without a rule is denied. */
  readonly routes: <Request extends ExpressRequest = ExpressRequest>(
    rules: readonly RouteRule<Request>[],
  ) => ExpressMiddleware<Request>;
  /**
   * The same by the rules that the API has in Ledgate (`ledgate rules push`): they are changed there,
   * for every instance at once. `prefix` stands before the paths where the rules have one.
   */
  readonly endpoints: <Request extends ExpressRequest = ExpressRequest>(
    api: string,
    prefix?: string,
  ) => ExpressMiddleware<Request>;
}

function middleware<Request extends ExpressRequest>(
  judge: Judge<Request>,
): ExpressMiddleware<Request> {
  const run = async (...[request, response, next]: Parameters<ExpressMiddleware<Request>>) => {
    const { method, originalUrl, headers } = request;
    const path = rawPath(originalUrl);
    const verdict = await judge({ method, path, authorization: headers.authorization }, request);
    if (verdict.allowed) {
      rememberIdentity(request, verdict.identity);
      runAs(verdict.identity, () => next());
      return;
    }
    const { status, headers: answered, body } = verdict.refusal;
    response.writeHead(status, { ...answered });
    response.end(body);
  };
  return (request, response, next) => {
    run(request, response, next).catch(next);
  };
}

function paramsOf(request: object): Readonly<Record<string, unknown>> {
  const { params } = request as { readonly params?: Readonly<Record<string, unknown>> };
  return params ?? {};
}

/** Middleware for express 4 and 5. */
export function ledgateExpress(ledgate: Ledgate, options: HttpGuardOptions = {}): ExpressGuard {
  const guard = new HttpGuard(ledgate, options);
  return {
    requirePermission: (permission, resource) =>
      middleware(guard.endpoint(permission, resource, paramsOf)),
    routes: (rules) => middleware(guard.table(rules)),
    endpoints: (api, prefix) => middleware(guard.api(api, prefix)),
  };
}
