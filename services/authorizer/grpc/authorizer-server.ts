import { status, type handleUnaryCall, type MethodDefinition, type Server } from '@grpc/grpc-js';
import { addReflection } from '#libs/grpc/reflection.js';
import { createServer } from '#libs/grpc/server.js';
import type { UnaryWiring } from '#libs/grpc/unary.js';
import { AuthorizerServiceService as definition } from '#proto/ledgate/authorizer/v1/authorizer.js';
import { directUnary } from './direct-unary.js';
import { hotMethods, type AnsweredCalls } from './hot-methods.js';
import { slowMethods, type SlowParts } from './slow-methods.js';

/** Full names of the services of an authorizer. */
export const authorizerServices: readonly string[] = ['ledgate.authorizer.v1.AuthorizerService'];

/** A batch of 256 questions with a token each is the largest request. */
const maxReceiveBytes = 4 << 20;

type ByteMethod = MethodDefinition<Buffer, Buffer>;
type ByteHandler = handleUnaryCall<Buffer, Buffer>;

export interface ServerOptions {
  readonly reflection: boolean;
  readonly maxConnections: number;
  /** Counts the calls answered on the short way. */
  readonly answered: AnsweredCalls;
}

/** A server with the service of the authorizer; it does not listen yet. */
export function authorizerServer(
  parts: SlowParts,
  wiring: UnaryWiring,
  options: ServerOptions,
): Server {
  const hot = hotMethods(parts.authorizer, wiring, options.answered);
  const server = createServer({ maxReceiveBytes, maxConnections: options.maxConnections }, [
    directUnary(hot),
  ]);
  const slow = slowMethods(parts, wiring);
  const handlers: Record<keyof typeof definition, ByteHandler> = {
    authorize: unreached,
    batchAuthorize: unreached,
    authenticate: unreached,
    ...slow,
  };
  server.addService(bytesOnly(), handlers);
  if (options.reflection) {
    addReflection(server, [...authorizerServices, 'grpc.health.v1.Health']);
  }
  return server;
}

/** The service with its messages left as bytes: each method decodes by itself. */
function bytesOnly(): Record<string, ByteMethod> {
  const same = (bytes: Buffer): Buffer => bytes;
  return Object.fromEntries(
    Object.entries(definition).map(([name, { path }]) => [
      name,
      {
        path,
        requestStream: false,
        responseStream: false,
        requestSerialize: same,
        requestDeserialize: same,
        responseSerialize: same,
        responseDeserialize: same,
      },
    ]),
  );
}

/** grpc-js wants a handler for every method; those of the short way never come this far. */
const unreached: ByteHandler = (_call, callback) => {
  callback({ code: status.INTERNAL, details: 'the short way was not taken' });
};
