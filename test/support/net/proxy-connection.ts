import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { FrameSplitter } from './frame-splitter.js';

export interface ProxyTarget {
  readonly host?: string;
  readonly port: number;
}

/** The first fields of a Kafka request header. */
export interface ProxiedRequest {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly bytes: number;
}

/** When, in the life of one request, both connections are cut. */
export type CutStage =
  /** The server never sees the request. */
  | 'before-request'
  /** The server receives half of it: it must not act on it. */
  | 'mid-request'
  /** The server receives all of it; nobody waits for the reply. It may or may not act. */
  | 'after-request'
  /** The server has acted and replied; the client receives nothing. */
  | 'before-reply'
  /** As before-reply, but the client receives half of the reply. */
  | 'mid-reply';

export type FaultRule = (request: ProxiedRequest) => CutStage | undefined;

interface Surroundings {
  passable(): Promise<void>;
  delayMs(): number;
  fault(request: ProxiedRequest): CutStage | undefined;
  faultDone(): void;
  closed(): void;
}

/** One client connection and its counterpart at the server. */
export class ProxyConnection {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #around: Surroundings;
  /** Replies that must not arrive whole, by correlation id. */
  readonly #doomed = new Map<number, 'before-reply' | 'mid-reply'>();

  constructor(client: Socket, target: ProxyTarget, around: Surroundings) {
    this.#client = client;
    this.#around = around;
    this.#server = connect(target.port, target.host ?? '127.0.0.1');
    for (const socket of [client, this.#server]) {
      socket.setNoDelay(true);
      socket.on('error', () => this.cut());
      socket.on('close', () => {
        this.cut();
        around.closed();
      });
    }
    void this.#pump(client, (frame) => this.#request(frame));
    void this.#pump(this.#server, (frame) => this.#reply(frame));
  }

  /** Closes both sides at once, whatever is still under way. */
  cut(): void {
    this.#client.destroy();
    this.#server.destroy();
  }

  async #pump(from: Socket, forward: (frame: Buffer) => void): Promise<void> {
    const splitter = new FrameSplitter();
    try {
      for await (const chunk of from) {
        for (const frame of splitter.push(chunk as Buffer)) {
          if (this.#around.delayMs() > 0) await sleep(this.#around.delayMs());
          await this.#around.passable();
          forward(frame);
        }
      }
    } catch {
      // The socket was closed under us; its 'close' event has cut the other side already.
    }
  }

  #request(frame: Buffer): void {
    const request: ProxiedRequest = {
      apiKey: frame.readInt16BE(4),
      apiVersion: frame.readInt16BE(6),
      correlationId: frame.readInt32BE(8),
      bytes: frame.length,
    };
    const stage = this.#around.fault(request);
    switch (stage) {
      case undefined:
        this.#server.write(frame);
        return;
      case 'before-reply':
      case 'mid-reply':
        this.#doomed.set(request.correlationId, stage);
        this.#server.write(frame);
        return;
      case 'before-request':
        this.#cutByFault();
        return;
      case 'mid-request':
        this.#server.end(frame.subarray(0, frame.length >> 1), () => this.#cutByFault());
        return;
      case 'after-request':
        this.#server.end(frame, () => this.#cutByFault());
        return;
    }
  }

  #reply(frame: Buffer): void {
    const stage = this.#doomed.get(frame.readInt32BE(4));
    if (stage === undefined) this.#client.write(frame);
    else if (stage === 'before-reply') this.#cutByFault();
    else this.#client.end(frame.subarray(0, frame.length >> 1), () => this.#cutByFault());
  }

  #cutByFault(): void {
    this.#around.faultDone();
    this.cut();
  }
}
