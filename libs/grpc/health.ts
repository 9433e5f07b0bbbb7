import { status, type Server, type ServerWritableStream } from '@grpc/grpc-js';
import {
  HealthCheckResponse_ServingStatus as Serving,
  HealthService,
  type HealthCheckRequest,
  type HealthCheckResponse,
  type HealthServer,
} from '#proto/grpc/health/v1/health.js';

type Watch = ServerWritableStream<HealthCheckRequest, HealthCheckResponse>;

/** Watches are cheap but not free; balancers need one each. */
const mostWatches = 1000;

/** grpc.health.v1: Check, List and Watch. The empty name is the server as a whole. */
export class Health {
  readonly #serving = new Map<string, Serving>();
  readonly #watches = new Map<Watch, string>();
  #closed = false;

  /** Registers the service on a server. Every name starts NOT_SERVING. */
  constructor(server: Server, services: readonly string[]) {
    for (const service of ['', ...services]) this.#serving.set(service, Serving.NOT_SERVING);
    server.addService(HealthService, this.#implementation());
  }

  /** Sets one service, or all (and the whole) without a name. */
  set(serving: boolean, service?: string): void {
    if (this.#closed) return;
    const value = serving ? Serving.SERVING : Serving.NOT_SERVING;
    for (const name of service === undefined ? [...this.#serving.keys()] : [service]) {
      if (this.#serving.get(name) === value) continue;
      this.#serving.set(name, value);
      for (const [watch, watched] of this.#watches) {
        if (watched === name) watch.write({ status: value });
      }
    }
  }

  /** All NOT_SERVING for good, watches ended: `set` does nothing any more. */
  close(): void {
    this.set(false);
    this.#closed = true;
    for (const watch of this.#watches.keys()) watch.end();
    this.#watches.clear();
  }

  #implementation(): HealthServer {
    return {
      check: (call, callback) => {
        const value = this.#serving.get(call.request.service);
        if (value !== undefined) return callback(null, { status: value });
        callback({ code: status.NOT_FOUND, details: 'unknown service' });
      },
      list: (_call, callback) => {
        const entries = [...this.#serving].map(([name, value]) => [name, { status: value }]);
        callback(null, { statuses: Object.fromEntries(entries) as ListStatuses });
      },
      watch: (call) => this.#watch(call),
    };
  }

  #watch(call: Watch): void {
    if (this.#closed || this.#watches.size >= mostWatches) {
      const details = 'too many watches, or the server stops';
      call.emit('error', { code: status.RESOURCE_EXHAUSTED, details });
      return;
    }
    const { service } = call.request;
    this.#watches.set(call, service);
    call.on('cancelled', () => this.#watches.delete(call));
    call.on('close', () => this.#watches.delete(call));
    call.write({ status: this.#serving.get(service) ?? Serving.SERVICE_UNKNOWN });
  }
}

type ListStatuses = Record<string, HealthCheckResponse>;
