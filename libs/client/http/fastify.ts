import { identityOf, rememberIdentity, runAs } from '#libs/client/guard/request-identity.js';
import { HttpGuard, type HttpGuardOptions, type Judge } from '#libs/client/http/http-guard.js';
import { rawPath } from '#libs/client/http/raw-path.js';
import { type RouteRule } from '#libs/client/http/route-table.js';
import { type Ledgate } from '#libs/client/ledgate.js';

/** The part of a fastify request that is read. */
export interface FastifyRequestLike {
  readonly method: string;
  readonly raw: { readonly url?: string | undefined };
  readonly headers: { readonly authorization?: string | undefined };
  readonly params: unknown;
}

/** The part of a fastify reply that is used to refuse. */
export interface FastifyReplyLike {
  code(status: number): unknown;
  headers(headers: Record<string, string>): unknown;
  send(body: string): unknown;
}

type Done = (error?: Error) => void;

export type FastifyHook<Request extends FastifyRequestLike> = (
  request: Request,
  reply: FastifyReplyLike,
  done: Done,
) => void;

/** The part of a fastify instance that the plugin uses. */
export interface FastifyInstanceLike<Request extends FastifyRequestLike> {
  addHook(name: 'onRequest' | 'preHandler', hook: FastifyHook<Request>): unknown;
}

export type FastifyPlugin<Request extends FastifyRequestLike> = (
  instance: FastifyInstanceLike<Request>,
  options: unknown,
  done: Done,
) => void;

export interface FastifyGuard {
  /** A `preHandler` for one route. A template takes its names from the path: `orders/{id}`. */
  readonly requirePermission: <Request extends FastifyRequestLike = FastifyRequestLike>(
    permission: string,
    resource: string | ((request: Request) => string),
  ) => FastifyHook<Request>;
  /**
   * A plugin for all routes of the instance it is registered on: `app.register(guard.routes(…))`.
   * Refuses before the body is read. An endpoint without a rule is denied.
   */
  readonly routes: <Request extends FastifyRequestLike = FastifyRequestLike>(
    rules: readonly RouteRule<Request>[],
  ) => FastifyPlugin<Request>;
  /**
   * The same by the rules that the API has in Ledgate (`ledgate rules push`): they are changed there,
   * for every instance at once. `prefix` stands before the paths where the rules have one.
   */
  readonly endpoints: <Request extends FastifyRequestLike = FastifyRequestLike>(
    api: string,
    prefix?: string,
  ) => FastifyPlugin<Request>;
}

function hook<Request extends FastifyRequestLike>(judge: Judge<Request>): FastifyHook<Request> {
  const run = async (...[request, reply, done]: Parameters<FastifyHook<Request>>) => {
    const { method, raw, headers } = request;
    const path = rawPath(raw.url ?? '');
    const verdict = await judge({ method, path, authorization: headers.authorization }, request);
    if (verdict.allowed) {
      rememberIdentity(request, verdict.identity);
      runAs(verdict.identity, () => done());
      return;
    }
    const { status, headers: answered, body } = verdict.refusal;
    reply.code(status);
    reply.headers({ ...answered });
    reply.send(body);
  };
  return (request, reply, done) => {
    run(request, reply, done).catch(done);
  };
}

/** Reading the body loses the asynchronous context: it is entered again before the handler. */
const enterContext: FastifyHook<FastifyRequestLike> = (request, _reply, done) => {
  runAs(identityOf(request), () => done());
};

function plugin<Request extends FastifyRequestLike>(judge: Judge<Request>): FastifyPlugin<Request> {
  const register: FastifyPlugin<Request> = (instance, _options, done) => {
    instance.addHook('onRequest', hook(judge));
    instance.addHook('preHandler', enterContext);
    done();
  };
  // Hooks are to hold where the plugin is registered, not in a scope of its own.
  return Object.assign(register, {
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: 'ledgate',
  });
}

const paramsOf = ({ params }: FastifyRequestLike): Readonly<Record<string, unknown>> =>
  typeof params === 'object' && params !== null ? (params as Record<string, unknown>) : {};

/** Hooks for fastify 4 and 5. */
export function ledgateFastify(ledgate: Ledgate, options: HttpGuardOptions = {}): FastifyGuard {
  const guard = new HttpGuard(ledgate, options);
  return {
    requirePermission: (permission, resource) =>
      hook(guard.endpoint(permission, resource, paramsOf)),
    routes: (rules) => plugin(guard.table(rules)),
    endpoints: (api, prefix) => plugin(guard.api(api, prefix)),
  };
}
