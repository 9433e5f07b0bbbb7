import { randomUUID } from 'node:crypto';
import {
  Metadata,
  type CallOptions,
  type Client,
  type ClientUnaryCall,
  type ServiceError,
} from '@grpc/grpc-js';
import type { ClientConstructor } from '#libs/grpc/connect.js';

export type GrpcClient = Client;

/** Makes a client that acts with one credential at one address. */
export type Connect = <C extends GrpcClient>(client: ClientConstructor<C>) => C;

type Unary<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
) => ClientUnaryCall;

export type RequestOf<Method> = Method extends (request: infer Request, ...rest: never) => unknown
  ? Request
  : never;
export type ResponseOf<Method> = Method extends (
  request: never,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: infer Callback,
) => unknown
  ? Callback extends (error: null, response: infer Response) => void
    ? Response
    : never
  : never;

export interface AskOptions {
  /** Default 10 s. */
  readonly timeoutMs?: number;
  /** Wait for a server that is not there yet, up to the deadline. */
  readonly waitForReady?: boolean;
}

/** One unary call, with a deadline. Rejects with grpc-js' ServiceError. */
export function ask<C extends Client, M extends keyof C & string>(
  client: C,
  method: M,
  request: RequestOf<C[M]>,
  { timeoutMs = 10_000, waitForReady = false }: AskOptions = {},
): Promise<ResponseOf<C[M]>> {
  return new Promise((resolve, reject) => {
    const metadata = new Metadata({ waitForReady });
    metadata.set('x-request-id', randomUUID());
    const call = client[method] as Unary<RequestOf<C[M]>, ResponseOf<C[M]>>;
    call.call(
      client,
      request,
      metadata,
      { deadline: Date.now() + timeoutMs },
      (error, response) => {
        if (error) reject(error);
        else resolve(response);
      },
    );
  });
}
