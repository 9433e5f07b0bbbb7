import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { Failure } from '#libs/errors/failure.js';
import { isLoopback } from '#libs/grpc/server.js';
import { serverTlsContext, type ServerTlsFiles } from '#libs/grpc/tls.js';
import { sleep, type Clock } from '#libs/runtime/clock.js';
import type { Logger } from '#libs/runtime/log.js';

export interface HttpServerOptions {
  /** `host:port`; port 0: any free one. */
  readonly address: string;
  /** Absent: plaintext. */
  readonly tls: ServerTlsFiles | undefined;
  /** Plaintext on an address that is not loopback. */
  readonly allowPlaintext: boolean;
  readonly clock: Clock;
  readonly log: Logger;
  readonly answer: RequestListener;
}

export interface HttpServer {
  readonly port: number;
  /** Looks at the TLS files now; true when new ones are in use. */
  reload(): Promise<boolean>;
  /** No new requests; those that run get this long, then they are cut. True when none was cut. */
  close(graceMs: number): Promise<boolean>;
}

/** Against slow and greedy callers (CWE-400). Bodies have their own limit where they are read. */
const limits = {
  maxHeaderSize: 32_768,
  headersTimeout: 10_000,
  requestTimeout: 20_000,
  keepAliveTimeout: 15_000,
  connectionsCheckingInterval: 5_000,
};
const maxConnections = 4_096;
const maxRequestsPerSocket = 10_000;
const idleLookMs = 25;

/**
 * Listens for browsers and OAuth clients.
 *
 * @throws Failure MISCONFIGURED: plaintext beyond loopback, files that cannot be used, or an
 *   address that cannot be bound.
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { address, tls, allowPlaintext } = options;
  if (tls === undefined && !allowPlaintext && !isLoopback(address)) {
    throw new Failure(
      'MISCONFIGURED',
      `refusing to serve HTTP in plaintext on ${address}: configure TLS or allow plaintext`,
    );
  }
  const made = await makeServer(options);
  const { server } = made;
  server.maxConnections = maxConnections;
  server.maxRequestsPerSocket = maxRequestsPerSocket;
  try {
    const port = await listen(server, address);
    return {
      port,
      reload: () => made.reload(),
      close: async (graceMs) => {
        made.stop();
        return closeServer(server, options.clock, graceMs);
      },
    };
  } catch (error) {
    made.stop();
    throw error;
  }
}

async function makeServer(
  options: HttpServerOptions,
): Promise<{ readonly server: Server; stop(): void; reload(): Promise<boolean> }> {
  const { tls, answer, log } = options;
  if (tls === undefined) {
    const server = createServer(limits, answer);
    return { server, stop: () => undefined, reload: () => Promise.resolve(false) };
  }
  const requestCert = tls.clientCertificates !== 'none';
  const rejectUnauthorized = tls.clientCertificates === 'required';
  const server = createTlsServer({ ...limits, requestCert, rejectUnauthorized }, answer);
  const use = (context: SecureContextOptions): void => server.setSecureContext(context);
  const watch = await serverTlsContext(tls, log, use);
  return { server, stop: () => watch.close(), reload: () => watch.reload() };
}

function listen(server: Server, address: string): Promise<number> {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/gu, '');
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const text = `cannot serve HTTP on ${address}: ${cause.message}`;
      reject(new Failure('MISCONFIGURED', text, { cause }));
    });
    server.listen(Number(address.slice(colon + 1)), host, () =>
      resolve((server.address() as AddressInfo).port),
    );
  });
}

async function closeServer(server: Server, clock: Clock, graceMs: number): Promise<boolean> {
  const closed = new Promise<boolean>((resolve) => server.close(() => resolve(true)));
  // A connection whose request has ended would stay open for the next one.
  let cancel = (): void => undefined;
  const closeIdle = (): void => {
    server.closeIdleConnections();
    cancel = clock.after(idleLookMs, closeIdle);
  };
  closeIdle();
  const clean = await Promise.race([closed, sleep(clock, graceMs).then(() => false)]);
  cancel();
  if (!clean) server.closeAllConnections();
  return clean;
}
