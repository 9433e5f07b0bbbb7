import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { ProxyConnection, type FaultRule, type ProxyTarget } from './proxy-connection.js';

/** A TCP proxy in front of a server that speaks length-prefixed requests and replies (Kafka). */
export interface Proxy {
  readonly port: number;
  /** `127.0.0.1:port`, what a client should be given. */
  readonly address: string;
  /** Where new connections go. Open ones stay where they are. */
  pointTo(target: ProxyTarget): void;
  /** Asked for each request; what it returns happens to that request. `undefined` lifts all. */
  setFaults(rule: FaultRule | undefined): void;
  /** How many faults have been carried out since the start. */
  faultsDone(): number;
  /** Cuts every open connection now. */
  cutAll(): void;
  /** Nothing is forwarded in either direction until `resume`; connections stay open. */
  pause(): void;
  resume(): void;
  /** New connections are cut at once while this is set. */
  refuse(refusing: boolean): void;
  /** Every frame of both directions is held back this long (milliseconds). */
  setDelay(delayMs: number): void;
  stop(): Promise<void>;
}

/** Starts a proxy on `port` (default: any free one) that forwards to `target` once it has one. */
export async function startProxy(
  options: { target?: ProxyTarget; port?: number } = {},
): Promise<Proxy> {
  const connections = new Set<ProxyConnection>();
  const state = { rule: undefined as FaultRule | undefined, delayMs: 0, done: 0 };
  let target = options.target;
  let refusing = false;
  let gate = openGate();

  const server = createServer((client: Socket) => {
    if (refusing || target === undefined) {
      client.destroy();
      return;
    }
    const connection = new ProxyConnection(client, target, {
      passable: () => gate.opened,
      delayMs: () => state.delayMs,
      fault: (request) => state.rule?.(request),
      faultDone: () => {
        state.done += 1;
      },
      closed: () => connections.delete(connection),
    });
    connections.add(connection);
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const cutAll = (): void => {
    for (const connection of connections) connection.cut();
  };
  return {
    port,
    address: `127.0.0.1:${port}`,
    pointTo: (next) => {
      target = next;
    },
    setFaults: (rule) => {
      state.rule = rule;
    },
    faultsDone: () => state.done,
    cutAll,
    pause: () => {
      if (gate.open === undefined) gate = closedGate();
    },
    resume: () => {
      gate.open?.();
      gate = openGate();
    },
    refuse: (value) => {
      refusing = value;
    },
    setDelay: (delayMs) => {
      state.delayMs = delayMs;
    },
    stop: async () => {
      gate.open?.();
      cutAll();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Gate {
  readonly opened: Promise<void>;
  /** Absent when the gate is open. */
  readonly open?: () => void;
}

function openGate(): Gate {
  return { opened: Promise.resolve() };
}

function closedGate(): Gate {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
