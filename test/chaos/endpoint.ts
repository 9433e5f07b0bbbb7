import { Client, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { connect } from '#libs/grpc/connect.js';
import type { Method } from '../support/identity/running-identity.js';

/** Answers after which the very same call may be made again. */
const passing: readonly number[] = [
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
  status.ABORTED,
  status.RESOURCE_EXHAUSTED,
  status.CANCELLED,
];

export function isPassing(error: unknown): boolean {
  return passing.includes((error as ServiceError).code);
}

/** One address of a service; survives the restarts of what listens there. */
export class Endpoint {
  readonly address: string;
  #client: Client;

  constructor(address: string) {
    this.address = address;
    this.#client = this.#connect();
  }

  /** Forgets how long it was in vain to connect: something new listens there now. */
  renew(): void {
    this.#client.close();
    this.#client = this.#connect();
  }

  close(): void {
    this.#client.close();
  }

  /** Fields that are not given are empty. Rejects with grpc-js' ServiceError. */
  call<Request extends object, Response>(
    method: Method<Request, Response>,
    request: Partial<Request>,
    bearer: string,
    timeoutMs = 5_000,
  ): Promise<Response> {
    const whole = { ...method.requestDeserialize(Buffer.alloc(0)), ...request };
    const bytes = method.requestSerialize(whole);
    const metadata = new Metadata();
    if (bearer !== '') metadata.set('authorization', `Bearer ${bearer}`);
    const same = (buffer: Buffer): Buffer => buffer;
    const deadline = Date.now() + timeoutMs;
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        method.path,
        same,
        same,
        bytes,
        metadata,
        { deadline },
        (error, answer) => {
          if (error === null && answer !== undefined) resolve(method.responseDeserialize(answer));
          else reject(error ?? new Error('no answer'));
        },
      );
    });
  }

  /** The same, again and again for `patienceMs`, while the answer is that there is none now. */
  async insist<Request extends object, Response>(
    method: Method<Request, Response>,
    request: Partial<Request>,
    bearer: string,
    patienceMs = 20_000,
  ): Promise<Response> {
    const deadlineMs = performance.now() + patienceMs;
    for (;;) {
      try {
        return await this.call(method, request, bearer);
      } catch (error) {
        if (!isPassing(error) || performance.now() > deadlineMs) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  #connect(): Client {
    const { address } = this;
    return connect(Client, { address, credentials: undefined, allowPlaintext: false });
  }
}
