import { AsyncLocalStorage } from 'node:async_hooks';

/** Whom the request being served comes from. Holds no secret that could be logged by accident. */
export interface RequestIdentity {
  readonly tenantId: string;
  readonly principalId: string;
  /** The decision that let the request in, for logs. */
  readonly decisionId: string;
  /** Asks a further question with the credential of the request; rejects with LedgateError. */
  may(action: string, resource: string): Promise<boolean>;
}

const running = new AsyncLocalStorage<RequestIdentity | undefined>();
const known = new WeakMap<object, RequestIdentity>();

/** Identity of the request that is being served; undefined outside of one and on public endpoints. */
export function currentIdentity(): RequestIdentity | undefined {
  return running.getStore();
}

/**
 * Identity of a request object: of express and fastify the request, of hono the context, of grpc-js
 * `call.metadata`. Works also where the asynchronous context was lost.
 */
export function identityOf(request: object): RequestIdentity | undefined {
  return known.get(request);
}

export function rememberIdentity(request: object, identity: RequestIdentity | undefined): void {
  if (identity) known.set(request, identity);
}

/** Runs `serve` with `identity` as the current one, or with none. */
export function runAs<T>(identity: RequestIdentity | undefined, serve: () => T): T {
  return running.run(identity, serve);
}
